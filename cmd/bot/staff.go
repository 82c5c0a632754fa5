package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/persistence"
)

// openClerk gives the desk its commands, the directory of who may what and who is away, points, and coupons.
func (s *service) openClerk(people *bureau, programme *loyalty.Programme) {
	if people == nil {
		return
	}
	for _, c := range s.channels {
		if who, ok := c.(desk.Directory); ok && c.Name() == people.desk.Platform {
			people.desk.Directory = who
		}
	}
	if programme != nil && s.set.Points != nil {
		people.desk.Points = persistence.StaffPoints{Programme: programme}
	}
	if programme != nil {
		people.desk.Coupons = persistence.StaffCoupons{Programme: programme}
	}
	people.desk.Presence, people.desk.Eraser = s.db.DeskClerk(), persistence.StaffEraser{DB: s.db}
	people.desk.Commands = &desk.Clerk{Agenda: people.agenda, Stock: s.db.DeskClerk(), Figures: figures{s}}
}

// figures implements desk.Figures.
type figures struct{ s *service }

var _ desk.Figures = figures{}

// Score implements desk.Figures.
func (f figures) Score(ctx context.Context, kind string, since time.Time) (desk.Figure, error) {
	return scoreOf(ctx, f.s.db, survey.Kind(kind), survey.Period{From: since})
}

// scoreOf is what the surveys of a kind came to.
func scoreOf(ctx context.Context, db *persistence.DB, kind survey.Kind, period survey.Period) (desk.Figure, error) {
	r, err := survey.MakeReport(ctx, db.Surveys(), kind, period)
	if err != nil {
		return desk.Figure{}, err
	}
	return desk.Figure{
		Answers: r.Total.Answers, Delivered: r.Total.Delivered, Score: r.Total.Score, From: r.Total.From, To: r.Total.To, Needed: r.Needed,
	}, nil
}

// pausedInConfig is why an offer rests that the operator's file holds.
const pausedInConfig = "config"

// Offers implements desk.Figures.
func (f figures) Offers(ctx context.Context, now time.Time) ([]desk.OfferLine, error) {
	store, defined := f.s.db.Offers(), &f.s.set.Offers
	names := make([]string, 0, defined.Len())
	for id := range defined.All() {
		names = append(names, "offer/"+id)
	}
	kept, err := store.Schedules(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read the schedules of offers: %w", err)
	}
	runs, err := store.Progress(ctx, recentRuns)
	if err != nil {
		return nil, err
	}
	var out []desk.OfferLine
	for id, o := range defined.All() {
		line := desk.OfferLine{ID: id, Due: o.Next(f.s.set.Brand.Timezone.Location(), now)}
		switch sched := kept["offer/"+id]; {
		case sched.Paused && sched.Why == offer.PausedByFailures:
			line.Paused = offer.PausedByFailures
		case sched.Paused:
			line.Paused = offer.PausedByStaff
		case o.Paused:
			line.Paused = pausedInConfig
		}
		for _, r := range runs { // the newest first
			if r.Offer == id && line.Last.IsZero() {
				line.Last, line.Sent, line.Failed = r.Due, r.Sent, r.Failed
			}
		}
		out = append(out, line)
	}
	return out, nil
}

// recentRuns is among how many broadcasts the last one of each offer is looked for.
const recentRuns = 200

// Gaps implements desk.Figures.
func (f figures) Gaps(ctx context.Context, since time.Time, limit int) ([]desk.GapLine, error) {
	return gapLines(ctx, f.s.db, f.s.parts.articles.Library(), since, limit)
}

// gapLines groups what nobody has answered since a time, by the articles in a library.
func gapLines(ctx context.Context, db *persistence.DB, library *knowledge.Library, since time.Time, limit int) ([]desk.GapLine, error) {
	questions, err := db.Unanswered(ctx, since)
	if err != nil {
		return nil, err
	}
	if questions, err = library.StillUnanswered(ctx, questions); err != nil {
		return nil, err
	}
	var out []desk.GapLine
	for _, g := range knowledge.Gaps(questions) {
		if len(out) == limit {
			break
		}
		out = append(out, desk.GapLine{Question: g.Questions[0], Lang: g.Language, Asked: g.Asked})
	}
	return out, nil
}
