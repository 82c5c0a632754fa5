package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/persistence"
)

type reportCmd struct {
	Support supportReportCmd `cmd:"" name:"support" help:"What the bot and your team answered, how fast, and what to do first."`

	NPS  surveyReportCmd `cmd:"" name:"nps" help:"Would they recommend you? -100 to 100, with its margin."`
	CSAT surveyReportCmd `cmd:"" name:"csat" help:"How many are satisfied, in percent, with its margin."`
	CES  surveyReportCmd `cmd:"" name:"ces" help:"How many found it easy, in percent, with its margin."`
}

// surveyReportCmd prints what the surveys of one kind came to.
type surveyReportCmd struct {
	From string `placeholder:"DATE" help:"Of the surveys delivered from this day on, such as 2027-01-01."`
	To   string `placeholder:"DATE" help:"Up to and including this day."`
	JSON bool   `help:"As JSON."`

	kind survey.Kind
}

// AfterApply learns which of the reports it is.
func (c *reportCmd) AfterApply() error {
	c.NPS.kind, c.CSAT.kind, c.CES.kind = survey.NPS, survey.CSAT, survey.CES
	return nil
}

// Run reads the database, which a running service may have open.
func (c *surveyReportCmd) Run(ctx context.Context, con terminal, cli *commandLine) (err error) {
	path := cli.configPath(false)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	period, err := c.period(set.Brand.Timezone.Location())
	if err != nil {
		return usageError{err}
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	r, err := survey.MakeReport(ctx, db.Surveys(), c.kind, period)
	if err != nil {
		return err
	}
	if !c.JSON {
		_, err = fmt.Fprint(con.out, r.Words())
		return err
	}
	out := json.NewEncoder(con.out)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// period reads the days in the brand's zone.
func (c *surveyReportCmd) period(zone *time.Location) (p survey.Period, err error) {
	if c.From != "" {
		if p.From, err = time.ParseInLocation(time.DateOnly, c.From, zone); err != nil {
			return p, fmt.Errorf("--from %q is not a date such as 2027-01-01", c.From)
		}
	}
	if c.To != "" {
		last, err := time.ParseInLocation(time.DateOnly, c.To, zone)
		if err != nil {
			return p, fmt.Errorf("--to %q is not a date such as 2027-01-31", c.To)
		}
		p.To = last.AddDate(0, 0, 1)
	}
	if !p.From.IsZero() && !p.To.IsZero() && !p.From.Before(p.To) {
		return p, fmt.Errorf("--to %s is before --from %s", c.To, c.From)
	}
	return p, nil
}
