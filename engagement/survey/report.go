package survey

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Period bounds a report by when people were asked: from From on and before To. A zero time bounds nothing.
type Period struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// Report is what the surveys of a kind came to, together and each for itself.
type Report struct {
	Kind    Kind              `json:"kind"`
	Period  Period            `json:"period,omitzero"`
	Needed  int               `json:"answers_needed"` // for a figure to be shown
	Total   Result            `json:"total"`
	Surveys map[string]Result `json:"surveys"`
}

// MakeReport reads the figures of all surveys of a kind: of the invitations delivered in the period, the answers as they
// stand now. A person who changes an answer counts once.
func MakeReport(ctx context.Context, counts Counts, kind Kind, p Period) (Report, error) {
	if _, _, ok := kind.Scale(); !ok {
		return Report{}, fmt.Errorf("a survey of kind %q has no score", kind)
	}
	bySurvey, err := counts.CountScores(ctx, kind, p.From, p.To)
	if err != nil {
		return Report{}, fmt.Errorf("count the answers of kind %s: %w", kind, err)
	}
	r := Report{Kind: kind, Period: p, Needed: MinAnswers, Surveys: map[string]Result{}}
	all := Count{Scores: map[int]int{}}
	for id, c := range bySurvey {
		r.Surveys[id] = Evaluate(kind, c, MinAnswers)
		all.Delivered += c.Delivered
		for score, n := range c.Scores {
			all.Scores[score] += n
		}
	}
	r.Total = Evaluate(kind, all, MinAnswers)
	return r, nil
}

// Words is the report in plain lines.
func (r Report) Words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", strings.ToUpper(string(r.Kind)), r.Total.Words())
	if r.Total.Answers > 0 {
		fmt.Fprintf(&b, "  %s\n", r.Total.bands())
	}
	if r.Total.TooFew {
		fmt.Fprintf(&b, "  A figure is shown from %d answers on.\n", r.Needed)
	}
	if len(r.Surveys) < 2 {
		return b.String()
	}
	ids := make([]string, 0, len(r.Surveys))
	for id := range r.Surveys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "  %s: %s\n", id, r.Surveys[id].Words())
	}
	return b.String()
}

// bands is how many gave what.
func (r Result) bands() string {
	switch r.Kind {
	case NPS:
		return fmt.Sprintf("promoters (9-10) %d, passives (7-8) %d, detractors (0-6) %d", r.Top, r.Middle, r.Bottom)
	case CES:
		return fmt.Sprintf("easy (5-7) %d, neither (4) %d, hard (1-3) %d", r.Top, r.Middle, r.Bottom)
	}
	return fmt.Sprintf("satisfied (4-5) %d, neither (3) %d, not satisfied (1-2) %d", r.Top, r.Middle, r.Bottom)
}
