package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/persistence"
)

// gatherSupport reads what the support report of a period tells.
func gatherSupport(ctx context.Context, db *persistence.DB, library *knowledge.Library, from, to, now time.Time) (desk.Support, error) {
	s, err := db.SupportReport().Read(ctx, from, to, now)
	if err != nil {
		return s, err
	}
	period := survey.Period{From: from, To: to}
	if s.NPS, err = scoreOf(ctx, db, survey.NPS, period); err != nil {
		return s, err
	}
	if s.CSAT, err = scoreOf(ctx, db, survey.CSAT, period); err != nil {
		return s, err
	}
	if s.Gaps, err = gapLines(ctx, db, library, from, reportedGaps); err != nil {
		return s, err
	}
	served, err := db.ServedBy(ctx, from)
	if err != nil {
		return s, err
	}
	s.Stale = wornArticles(library, served, now)
	return s, nil
}

// Figures of the report.
const (
	reportedGaps = 10
	wornFailed   = 2 // an article that did not help so often should be looked over
)

// wornArticles are those whose review is due or that did not help, the worst first.
func wornArticles(library *knowledge.Library, served []persistence.Served, now time.Time) []desk.Worn {
	by := map[string]*desk.Worn{}
	for _, one := range served {
		w := by[one.Article]
		if w == nil {
			w = &desk.Worn{ID: one.Article}
			by[one.Article] = w
		}
		w.Uses, w.Failed = w.Uses+one.Uses, w.Failed+one.Failed
	}
	var out []desk.Worn
	for _, a := range library.Articles() {
		w := desk.Worn{ID: a.ID}
		if used := by[a.ID]; used != nil {
			w = *used
		}
		w.Outdated = a.ReviewEvery > 0 && !a.Reviewed.IsZero() && now.After(a.Reviewed.Add(a.ReviewEvery))
		if !w.Outdated && w.Failed < wornFailed {
			continue
		}
		text, _ := a.In("")
		w.Title = text.Label()
		out = append(out, w)
	}
	slices.SortStableFunc(out, func(a, b desk.Worn) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Uses, a.Uses), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// digest is the agenda of the weekly report; nil without a desk.
func (s *service) digest() []clock.Agenda {
	people := s.parts.desk
	if people == nil {
		return nil
	}
	return []clock.Agenda{&desk.Digest{
		Desk: people.desk, Weeks: s.db.SupportReport(), Between: s.set.clocks().Hours.Between,
		Gather: func(ctx context.Context, from, to time.Time) (desk.Support, error) {
			return gatherSupport(ctx, s.db, s.parts.articles.Library(), from, to, s.business.Now())
		},
		Trend: func(ctx context.Context, end time.Time) (desk.Trend, error) { return gatherTrend(ctx, s.db, end) },
	}}
}

// gatherTrend reads how the scores moved in the weeks that end at a time.
func gatherTrend(ctx context.Context, db *persistence.DB, end time.Time) (t desk.Trend, err error) {
	for kind, weeks := range map[survey.Kind]*[]desk.Week{survey.NPS: &t.NPS, survey.CSAT: &t.CSAT} {
		for _, begins := range desk.TrendPeriods(end) {
			w := desk.Week{Begins: begins}
			if w.Figure, err = scoreOf(ctx, db, kind, survey.Period{From: begins, To: begins.AddDate(0, 0, 7)}); err != nil {
				return t, fmt.Errorf("read the scores of the week of %s: %w", begins.Format(time.DateOnly), err)
			}
			*weeks = append(*weeks, w)
		}
	}
	return t, nil
}

type supportReportCmd struct {
	Since string `default:"7d" help:"How far back, such as 14d or 3 months, or the first day, such as 2026-11-01."`
	JSON  bool   `help:"As JSON."`
	PNG   string `name:"png" placeholder:"FILE" help:"Also draw how the scores moved from week to week into this file."`
}

// supportDocument is the report as JSON.
type supportDocument struct {
	desk.Support
	HandedOver int             `json:"handed_over"`
	Reopened   int             `json:"reopened"`
	Responses  []desk.Response `json:"responses"`
}

// Run prints what the desk and the bot did, from the database of a running or stopped service.
func (c *supportReportCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return withDatabase(ctx, con, cli, func(db *persistence.DB, set settings) error {
		now, zone := time.Now(), set.Brand.Timezone.Location()
		from, err := (&gapsCmd{Since: c.Since}).since(now, zone)
		if err != nil {
			return err
		}
		library, err := taughtLibrary(ctx, db, set)
		if err != nil {
			return err
		}
		report, err := gatherSupport(ctx, db, library, from, now, now)
		if err != nil {
			return err
		}
		if c.PNG != "" {
			if err := c.draw(ctx, db, now.In(zone)); err != nil {
				return err
			}
		}
		return c.print(con, set, report)
	})
}

// draw writes the picture of the last weeks.
func (c *supportReportCmd) draw(ctx context.Context, db *persistence.DB, now time.Time) error {
	trend, err := gatherTrend(ctx, db, now)
	if err != nil {
		return err
	}
	picture, err := trend.Picture()
	if err != nil {
		return err
	}
	if picture == nil {
		return errors.New("there is nothing to draw yet: a line needs three weeks with enough answers each")
	}
	if err := os.WriteFile(c.PNG, picture.Data, pictureMode); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// pictureMode is for files that hold no secrets and no names.
const pictureMode = 0o644

func (c *supportReportCmd) print(con terminal, set settings, report desk.Support) error {
	between, zone := set.clocks().Hours.Between, set.Brand.Timezone.Location()
	if c.JSON {
		doc := supportDocument{Support: report, HandedOver: len(report.Tickets)}
		doc.Responses, _ = report.Responses(between, zone)
		for _, t := range report.Tickets {
			if t.Reopened {
				doc.Reopened++
			}
		}
		out := json.NewEncoder(con.out)
		out.SetIndent("", "  ")
		return out.Encode(doc)
	}
	catalogue, _, err := set.catalogue()
	if err != nil {
		return err
	}
	d := &desk.Desk{Staff: set.Staff, Config: &set.Desk, Texts: catalogue, Zone: zone}
	_, err = fmt.Fprintln(con.out, d.SupportText(report, between).Plain())
	return err
}
