package survey

import (
	"fmt"
	"math"
	"strings"
)

// Figures of results.
const (
	// MinAnswers is how many answers a figure needs to be shown.
	MinAnswers = 30
	// smallSample is below how many answers the margin is the adjusted Wald one. Source:
	// measuringu.com/nps-confidence-intervals, after Rocks, The American Statistician, 2016.
	smallSample = 100
	// z95 is how many standard errors hold 95 of 100 cases.
	z95 = 1.96
)

// Count is how often each mark was given to how many delivered invitations.
type Count struct {
	Scores    map[int]int // by mark
	Delivered int         // invitations that arrived, answered or not
}

// Result is what a number of answers comes to.
type Result struct {
	Kind      Kind    `json:"kind"`
	Answers   int     `json:"answers"`
	Delivered int     `json:"delivered"`
	Top       int     `json:"top"`    // promoters; 4 and 5; 5 to 7
	Middle    int     `json:"middle"` // passives; 3; 4
	Bottom    int     `json:"bottom"` // detractors; 1 and 2; 1 to 3
	Score     *int    `json:"score"`  // NPS -100 to 100; else the share of Top in percent; null: no data, or too little
	From      *int    `json:"likely_from"`
	To        *int    `json:"likely_to"` // with From the 95 % interval
	Mean      float64 `json:"mean,omitempty"`
	TooFew    bool    `json:"too_few,omitempty"` // fewer answers than MinAnswers
}

// Evaluate sums up the marks of a kind. needed is how many answers a figure needs.
func Evaluate(kind Kind, c Count, needed int) Result {
	r := Result{Kind: kind, Delivered: c.Delivered}
	sum := 0
	for score, n := range c.Scores {
		r.Answers += n
		sum += score * n
		switch kind.BandOf(score) {
		case Promoter, High:
			r.Top += n
		case Passive, Middle:
			r.Middle += n
		default:
			r.Bottom += n
		}
	}
	if r.Answers == 0 {
		return r
	}
	if r.Answers < needed {
		r.TooFew = true
		return r
	}
	if kind != NPS {
		r.Mean = math.Round(float64(sum)/float64(r.Answers)*100) / 100
	}
	score, from, to := r.figures()
	r.Score, r.From, r.To = &score, &from, &to
	return r
}

// figures is the result with its 95 % interval, each rounded once at the end, half away from zero.
func (r Result) figures() (score, from, to int) {
	n, top, bottom := float64(r.Answers), float64(r.Top), float64(r.Bottom)
	if r.Kind != NPS {
		bottom = 0
	}
	exact := 100 * (top - bottom) / n
	middle, margin := exact, 0.0
	switch {
	case r.Answers >= smallSample:
		margin = spread(top/n, bottom/n, n)
	case r.Kind == NPS: // adjusted Wald: three answers more, one of each band weighed as 3/4, 3/2, 3/4
		n, top, bottom = n+3, top+0.75, bottom+0.75
		middle, margin = 100*(top-bottom)/n, spread(top/n, bottom/n, n)
	default: // Agresti and Coull: two of each more
		n, top = n+4, top+2
		middle, margin = 100*top/n, spread(top/n, 0, n)
	}
	low := -100.0
	if r.Kind != NPS {
		low = 0
	}
	return round(exact), round(max(low, middle-margin)), round(min(100, middle+margin))
}

// spread is half of the 95 % interval of p - d, in hundredths: the variance of one answer is p + d - (p-d)^2.
func spread(p, d, n float64) float64 {
	return 100 * z95 * math.Sqrt(max(0, p+d-(p-d)*(p-d))/n)
}

// round is half away from zero.
func round(x float64) int { return int(math.Round(x)) }

// Words is the result as one plain line.
func (r Result) Words() string {
	of := fmt.Sprintf("%s, of %d delivered", plural(r.Answers, "answer"), r.Delivered)
	switch {
	case r.Answers == 0:
		return "no data: " + of
	case r.TooFew:
		return "too few answers for a figure: " + of
	}
	sign := ""
	if r.Kind != NPS {
		sign = " %"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d%s, likely %d to %d%s, %s", *r.Score, sign, *r.From, *r.To, sign, of)
	if r.Kind != NPS {
		fmt.Fprintf(&b, ", mean %.2f", r.Mean)
	}
	return b.String()
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
