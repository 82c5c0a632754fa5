package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/persistence"
)

// The files that are read when none is named.
const (
	defaultConfig = "rapport.yaml"
	exampleConfig = "config.example.yaml"
)

// configPath is the operator's file: the named one, rapport.yaml, or the example where that will do.
func (c *commandLine) configPath(exampleWillDo bool) string {
	if c.Config != "" {
		return c.Config
	}
	if _, err := os.Stat(defaultConfig); err != nil && exampleWillDo {
		if _, err := os.Stat(exampleConfig); err == nil {
			return exampleConfig
		}
	}
	return defaultConfig
}

// readSettings reads and checks the operator's file. Problems of severity Error are reported on con.err and answered
// as an error of usage; warnings are reported when tellWarnings is set.
func readSettings(path string, unset config.Severity, con terminal, tellWarnings bool) (settings, error) {
	set, report := parseSettings(path, unset)
	problems := report.Problems()
	if problems.HasErrors() {
		if err := problems.Render(con.err, false); err != nil {
			return set, err
		}
		fmt.Fprintf(con.err, "bot: %s: %s\n", path, problems.Summary())
		return set, usageError{errTold}
	}
	if tellWarnings && len(problems) > 0 {
		if err := problems.Render(con.err, false); err != nil {
			return set, err
		}
	}
	return set, nil
}

// parseSettings reads the operator's file and checks all of it.
func parseSettings(path string, unset config.Severity) (settings, *config.Report) {
	doc, report := config.Load(path, config.Options{Unset: unset})
	set := defaults()
	set.readLanguages(doc.Root, report)
	config.Decode(doc.Root, &set, report)
	set.document, set.path = doc, path
	set.checkTexts(report)
	set.checkSurveys(report)
	set.checkOffers(report)
	set.checkDesk(report)
	set.loyaltySections().CheckTogether(set.Brand.Currency, report)
	set.content, set.tests = knowledge.LoadContent(report, set.Knowledge.At, set.Knowledge.patterns(path))
	return set, report
}

// openDatabase opens the database and brings its schema up. What is wrong with the URL is an error of usage.
func openDatabase(ctx context.Context, set settings, path string, opts persistence.Options) (*persistence.DB, error) {
	opts.Dir = filepath.Dir(path)
	db, err := persistence.Open(ctx, set.Database.URL.Reveal(), opts)
	if errors.Is(err, persistence.ErrBadURL) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// onDatabase runs fn on the configured database, which a running service may have open.
func onDatabase(ctx context.Context, con terminal, cli *commandLine, fn func(settings, *persistence.DB) error) (err error) {
	path := cli.configPath(false)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return fn(set, db)
}

// newLog writes structured lines to the console.
func newLog(con terminal) *slog.Logger {
	return slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: slog.LevelInfo}))
}
