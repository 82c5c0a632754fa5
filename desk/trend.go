package desk

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// TrendWeeks is how many weeks a trend shows.
const TrendWeeks = 12

// trendNeeds is how many weeks with a figure a line needs: of two nobody can say where they go.
const trendNeeds = 3

// Week is what surveys of a kind came to in one week.
type Week struct {
	Begins time.Time // in the brand's zone
	Figure Figure
}

// Trend is how scores moved from week to week, the oldest first.
type Trend struct {
	NPS  []Week
	CSAT []Week
}

// TrendPeriods are the weeks that end at a time, the oldest first.
func TrendPeriods(end time.Time) (begins []time.Time) {
	for n := TrendWeeks; n > 0; n-- {
		begins = append(begins, end.AddDate(0, 0, -7*n))
	}
	return begins
}

// graph is one line of a trend's picture.
type graph struct {
	name     string // short, in Latin letters: it is drawn
	low, top int    // the ends of the score's scale
	weeks    []Week
}

// graphs are the lines that there is enough data for, each from its first week with a figure on.
func (t Trend) graphs() []graph {
	var out []graph
	for _, g := range []graph{{"NPS", -100, 100, t.NPS}, {"CSAT %", 0, 100, t.CSAT}} {
		first, n := -1, 0
		for i, w := range g.weeks {
			if w.Figure.Score == nil {
				continue
			}
			if n++; first < 0 {
				first = i
			}
		}
		if n >= trendNeeds {
			g.weeks = g.weeks[first:]
			out = append(out, g)
		}
	}
	return out
}

// Picture draws the trend; nil when there is too little data for any line.
func (t Trend) Picture() (*conversation.Image, error) {
	lines := t.graphs()
	if len(lines) == 0 {
		return nil, nil
	}
	data, err := drawTrend(lines)
	if err != nil {
		return nil, fmt.Errorf("draw the trend of scores: %w", err)
	}
	return &conversation.Image{Data: data, Name: "trend.png"}, nil
}

// TrendText is the picture in words, for who cannot see it.
func (d *Desk) TrendText(t Trend) texts.Rich {
	graphs := t.graphs()
	lines := make([]texts.Rich, len(graphs))
	for i, g := range graphs {
		figures := make([]string, len(g.weeks))
		for n, w := range g.weeks {
			figures[n] = "–" // too few answers
			if w.Figure.Score != nil {
				figures[n] = strconv.Itoa(*w.Figure.Score)
			}
		}
		last := g.weeks[len(g.weeks)-1].Begins
		lines[i] = d.say("desk_trend.line", texts.Vars{
			"figure": g.name, "date": texts.DateOf(g.weeks[0].Begins.In(d.zone()), last.In(d.zone())), "list": strings.Join(figures, ", "),
		})
	}
	return texts.Lines(lines...)
}
