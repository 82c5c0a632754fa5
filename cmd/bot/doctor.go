package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
)

type doctorCmd struct {
	JSON bool `help:"As JSON."`
}

// diagnoseWithin is how long the doctor waits for one channel.
const diagnoseWithin = 20 * time.Second

// symptom is one line of what the doctor says.
type symptom struct {
	About string `json:"about"` // config, clock, database, or a channel
	State string `json:"state"` // fine, doubt, trouble
	Found string `json:"found"`
	Cure  string `json:"cure,omitempty"`
}

// Run tries everything that the service will need and says the cure for what is amiss. It exits with 1 when something
// would keep the service from its work. It changes nothing.
func (c *doctorCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	path := cli.configPath(false)
	set, report := parseSettings(path, config.Error)
	problems := report.Problems()
	var all []symptom
	add := func(about string, findings ...conversation.Finding) {
		for _, f := range findings {
			all = append(all, symptom{about, stateOf(f.Severity), f.What, f.Cure})
		}
	}
	if problems.HasErrors() {
		add("config", conversation.Finding{Severity: conversation.Trouble, What: path + ": " + problems.Summary(), Cure: "run: bot check -c " + path})
	} else {
		add("config", conversation.Finding{What: path + " has no errors"})
	}
	add("database", examineDatabase(ctx, set, path)...)
	add("clock", examineClock(set, time.Now()))
	for _, kind := range channelKinds {
		add(kind.name, diagnose(ctx, con, kind, set)...)
	}
	return c.tell(con, all)
}

func stateOf(s conversation.Severity) string {
	switch s {
	case conversation.Fine:
		return "fine"
	case conversation.Doubt:
		return "doubt"
	case conversation.Trouble:
	}
	return "trouble"
}

// tell prints what was found.
func (c *doctorCmd) tell(con terminal, all []symptom) error {
	bad := false
	for _, s := range all {
		bad = bad || s.State == "trouble"
	}
	if c.JSON {
		out := json.NewEncoder(con.out)
		out.SetIndent("", "  ")
		if err := out.Encode(all); err != nil {
			return err
		}
	} else {
		for _, s := range all {
			fmt.Fprintf(con.out, "%-8s %-9s %s\n", s.State, s.About, s.Found)
			if s.Cure != "" {
				fmt.Fprintf(con.out, "%-8s %-9s → %s\n", "", "", s.Cure)
			}
		}
	}
	if bad {
		return errTold
	}
	return nil
}

// diagnose has one channel look at itself.
func diagnose(ctx context.Context, con terminal, kind channelKind, set settings) []conversation.Finding {
	channel, err := kind.open(set, newLog(con))
	if err != nil {
		return []conversation.Finding{{Severity: conversation.Trouble, What: err.Error(), Cure: "see docs/channels.md for where to find it"}}
	}
	if channel == nil {
		return nil
	}
	d, ok := channel.(conversation.Diagnoser)
	if !ok {
		return []conversation.Finding{{Severity: conversation.Doubt, What: "this channel cannot be examined", Cure: "start the service and look at GET /readyz"}}
	}
	ctx, cancel := context.WithTimeout(ctx, diagnoseWithin)
	defer cancel()
	return d.Diagnose(ctx)
}

// Limits of the doctor's patience with clocks.
const (
	clockDoubt   = 2 * time.Second // leases of 8 s still work, times of messages look odd
	clockTrouble = time.Minute
)

// examineDatabase opens the database without touching its schema.
func examineDatabase(ctx context.Context, set settings, path string) []conversation.Finding {
	db, err := persistence.Open(ctx, set.Database.URL.Reveal(), persistence.Options{Dir: filepath.Dir(path)})
	if err != nil {
		return []conversation.Finding{{Severity: conversation.Trouble, What: err.Error(), Cure: "look at database.url, whether the server runs, and who may read and write there"}}
	}
	findings, err := examineOpen(ctx, db)
	if err = errors.Join(err, db.Close()); err != nil {
		findings = append(findings, conversation.Finding{Severity: conversation.Trouble, What: err.Error(), Cure: "look at the database server's own log"})
	}
	return findings
}

func examineOpen(ctx context.Context, db *persistence.DB) ([]conversation.Finding, error) {
	have, want, err := db.SchemaVersion(ctx)
	if err != nil {
		return nil, err
	}
	if have < want {
		return []conversation.Finding{{
			Severity: conversation.Doubt, What: fmt.Sprintf("%s answers; its schema is number %d, this program's is %d", db, have, want),
			Cure: "run: bot migrate (bot run does it by itself)",
		}}, nil
	}
	c, err := db.Examine(ctx)
	if err != nil {
		return nil, err
	}
	found := []conversation.Finding{{What: fmt.Sprintf("%s answers; %d messages wait to be sent", db, c.Waiting)}}
	switch off := c.Ahead.Abs(); {
	case off > clockTrouble:
		found = append(found, conversation.Finding{Severity: conversation.Trouble, What: fmt.Sprintf("its clock is %s from this machine's", off), Cure: "set both clocks by a time server"})
	case off > clockDoubt:
		found = append(found, conversation.Finding{Severity: conversation.Doubt, What: fmt.Sprintf("its clock is %s from this machine's", off), Cure: "set both clocks by a time server"})
	}
	if c.Newest.After(time.Now().Add(clockTrouble)) {
		found = append(found, conversation.Finding{
			Severity: conversation.Trouble, What: "it holds events from the future, up to " + c.Newest.Format(time.RFC3339),
			Cure: "this machine's clock is behind, or the database belongs to a sandbox whose clock was moved",
		})
	}
	if c.Parked > 0 {
		found = append(found, conversation.Finding{Severity: conversation.Doubt, What: fmt.Sprintf("%d events were parked after failing too often", c.Parked), Cure: "look in the log for the word parked; the people were told that a colleague will look at it"})
	}
	if c.Unknown > 0 {
		found = append(found, conversation.Finding{Severity: conversation.Doubt, What: fmt.Sprintf("of %d messages nobody knows whether they arrived", c.Unknown), Cure: "see docs/outbox.md for what that means; they are never sent twice by themselves"})
	}
	return found, nil
}

// examineClock looks at the machine's clock and the brand's zone.
func examineClock(set settings, now time.Time) conversation.Finding {
	zone := set.Brand.Timezone.Location()
	if built, err := time.Parse(time.RFC3339, buildFacts().Time); err == nil && now.Before(built) {
		return conversation.Finding{Severity: conversation.Trouble, What: "this machine's clock says " + now.Format(time.RFC3339) + ", before this program was built", Cure: "set the clock by a time server"}
	}
	return conversation.Finding{What: "it is " + now.In(zone).Format("Monday 2006-01-02 15:04") + " in " + zone.String()}
}
