package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

type runCmd struct{}

// Run runs the service until it is asked to stop.
func (r *runCmd) Run(ctx context.Context, con terminal, cli *commandLine) (err error) {
	path := cli.configPath(false)
	set, err := readSettings(path, config.Error, con, true)
	if err != nil {
		return err
	}
	log := newLog(con)
	channels, err := openChannels(set, log)
	if err != nil {
		return usageError{err}
	}
	if len(channels) == 0 {
		return usageError{fmt.Errorf("%s has no channel: add channels.telegram with its token, or try everything with: bot sandbox", path)}
	}
	business := clock.NewMovable(0)
	db, err := openDatabase(ctx, set, path, persistence.Options{Clock: business, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := wire(ctx, db, wiring{set: set, path: path, log: log, business: business, channels: channels})
	if err != nil {
		return err
	}
	log.Info("rapport is starting", "version", buildFacts().Version, "database", db.String(), "config", path)
	if err := s.Run(ctx); !errors.Is(err, outbox.ErrRunning) {
		return err
	}
	return fmt.Errorf("another bot runs on %s already; end that one first, or use PostgreSQL, where a second one stands by", db)
}

type migrateCmd struct{}

// Run brings the schema up and says from where to where.
func (m *migrateCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	path := cli.configPath(false)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{Log: newLog(con)})
	if err != nil {
		return err
	}
	have, _, err := db.SchemaVersion(ctx)
	if err == nil {
		fmt.Fprintf(con.out, "%s has schema version %d, which is this program's.\n", db, have)
	}
	return errors.Join(err, db.Close())
}
