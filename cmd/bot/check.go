package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/knowledge"
)

type checkCmd struct {
	JSON bool `help:"Problems as JSON."`
}

// Run reports everything that is wrong with the config.
func (c *checkCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	path := cli.configPath(true)
	set, report := parseSettings(path, config.Warning)
	if len(set.document.Root.Entries()) == 0 && !report.HasErrors() {
		report.Add(config.Problem{
			Severity: config.Error, File: path, Line: 1, Column: 1, Message: "the file has no settings in it",
			Hint: "run “bot init”, which asks a few questions and writes one; the least is: brand: {name: Nar Coffee}",
		})
	}
	if err := set.checkArticles(ctx, report); err != nil {
		return err
	}
	problems := report.Problems()
	if c.JSON {
		raw, err := problems.JSON()
		if err != nil {
			return err
		}
		fmt.Fprintln(con.out, string(raw))
	} else if err := problems.Render(con.out, false); err != nil {
		return err
	}
	if problems.HasErrors() {
		fmt.Fprintf(con.err, "bot: %s: %s\n", path, problems.Summary())
		return usageError{errTold}
	}
	if !c.JSON {
		set.readBack(con, path)
	}
	return nil
}

// checkArticles adds what is wrong among the articles: questions that two of them claim, articles that can never win,
// reviews that are due. Languages that are missing were reported when the files were read.
func (s settings) checkArticles(ctx context.Context, r *config.Report) error {
	found, err := knowledge.BuildLibrary(s.content).Check(ctx, s.Brand.Languages, time.Now())
	if err != nil {
		return fmt.Errorf("check the articles: %w", err)
	}
	for _, f := range found {
		if f.Kind == knowledge.MissingLanguage {
			continue
		}
		severity := config.Warning
		if f.Error {
			severity = config.Error
		}
		r.Add(config.Problem{
			Severity: severity, File: f.Source.File, Line: f.Source.Line, Column: f.Source.Column, Message: f.Message, Hint: f.Hint,
		})
	}
	return nil
}

// readBack tells in plain words what the file says.
func (s settings) readBack(con terminal, path string) {
	zone, now := s.Brand.Timezone.Location(), time.Now()
	languages := make([]string, len(s.Brand.Languages))
	for i, code := range s.Brand.Languages {
		languages[i] = string(code)
	}
	fmt.Fprintf(con.out, "%s is fine. %s answers in %s from %d articles.\n",
		path, s.Brand.Name, strings.Join(languages, ", "), len(s.content.Articles))
	for id, survey := range s.Surveys.All() {
		fmt.Fprintf(con.out, "  survey %s: %s\n", id, survey.Kind)
	}
	for id, o := range s.Offers.All() {
		fmt.Fprintf(con.out, "  offer %s: %s\n", id, o.Preview(zone, now, -1))
	}
	if paces := offer.Paces(s.rates()); paces != "" && s.Offers.Len() > 0 {
		fmt.Fprintf(con.out, "  to send an offer takes at least, on %s\n", paces)
	}
	for id, reward := range s.Rewards.All() {
		fmt.Fprintf(con.out, "  reward %s: %d points\n", id, reward.Points)
	}
}
