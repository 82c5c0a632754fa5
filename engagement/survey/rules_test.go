package survey_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/survey"
)

// read decodes a file's surveys and checks them against what other sections have.
func read(t testing.TB, content string, known survey.Known) (*survey.Section, *config.Report) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, r := config.Load(path, config.Options{})
	var set struct {
		Surveys survey.Section `yaml:"surveys"`
	}
	config.Decode(doc.Root, &set, r)
	survey.CheckAll(&set.Surveys, r, known)
	return &set.Surveys, r
}

func TestBands(t *testing.T) {
	t.Parallel()
	tests := map[survey.Kind]string{ // by mark, from the lowest
		survey.NPS:  "d d d d d d d p p P P",
		survey.CSAT: "l l m h h",
		survey.CES:  "l l l m h h h",
	}
	short := map[survey.Band]string{
		survey.Promoter: "P", survey.Passive: "p", survey.Detractor: "d", survey.High: "h", survey.Middle: "m", survey.Low: "l",
	}
	for kind, want := range tests {
		lo, hi, _ := kind.Scale()
		var got []string
		for n := lo; n <= hi; n++ {
			got = append(got, short[kind.BandOf(n)])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", kind, got, want)
		}
	}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind  survey.Kind
		count survey.Count
		min   int
		want  string
	}{
		"nothing is no data":       {survey.NPS, survey.Count{Delivered: 3}, 30, "no data: 0 answers, of 3 delivered"},
		"too few are not a figure": {survey.NPS, survey.Count{Scores: map[int]int{10: 29}, Delivered: 40}, 30, "too few answers for a figure: 29 answers, of 40 delivered"},
		// p = .5, d = .2: standard error .0781, so 15.3 points either way.
		"a hundred":           {survey.NPS, survey.Count{Scores: map[int]int{9: 50, 7: 30, 0: 20}, Delivered: 240}, 30, "30, likely 15 to 45, 100 answers, of 240 delivered"},
		"minus":               {survey.NPS, survey.Count{Scores: map[int]int{6: 100, 9: 60, 8: 40}, Delivered: 200}, 30, "-20, likely -32 to -8, 200 answers, of 200 delivered"},
		"half away from zero": {survey.NPS, survey.Count{Scores: map[int]int{9: 1, 8: 199}, Delivered: 200}, 30, "1, likely 0 to 1, 200 answers, of 200 delivered"},
		"and below zero":      {survey.NPS, survey.Count{Scores: map[int]int{6: 1, 8: 199}, Delivered: 200}, 30, "-1, likely -1 to 0, 200 answers, of 200 delivered"},
		// n 30 + 3, promoters 30.75, detractors .75: .909 +- .122
		"few, all promoters":     {survey.NPS, survey.Count{Scores: map[int]int{10: 30}, Delivered: 30}, 30, "100, likely 79 to 100, 30 answers, of 30 delivered"},
		"satisfied":              {survey.CSAT, survey.Count{Scores: map[int]int{5: 60, 4: 20, 3: 10, 1: 10}, Delivered: 150}, 30, "80 %, likely 72 to 88 %, 100 answers, of 150 delivered, mean 4.20"},
		"easy, a few":            {survey.CES, survey.Count{Scores: map[int]int{7: 20, 4: 10}, Delivered: 31}, 30, "67 %, likely 49 to 81 %, 30 answers, of 31 delivered, mean 6.00"},
		"one answer is singular": {survey.CSAT, survey.Count{Scores: map[int]int{5: 1}, Delivered: 1}, 30, "too few answers for a figure: 1 answer, of 1 delivered"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := survey.Evaluate(test.kind, test.count, test.min).Words(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestWhatIsWrongWithSurveys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ survey, want string }{
		"no kind":                  {"{every: 3 months}", "does not say what it asks"},
		"unknown kind":             {"{kind: npx}", `"npx" is not possible here`},
		"custom without questions": {"{kind: custom}", "needs questions"},
		"questions of a kind":      {"{kind: nps, questions: [bank.experience.ease]}", "asks its own questions"},
		"unknown question":         {"{questions: [bank.experience.eaze]}", `there is no question "bank.experience.eaze"`},
		"product not named":        {"{questions: [bank.product.satisfaction]}", "names a product"},
		"two schedules":            {`{kind: nps, every: 3 months, cron: "0 10 * * FRI"}`, "two schedules"},
		"schedule and event":       {"{kind: nps, every: 3 months, on: order}", "a schedule and an event"},
		"unknown event":            {"{kind: nps, on: orders}", `"orders" is not possible here`},
		"after without event":      {"{kind: nps, after: 2d}", "needs an event"},
		"spread of an event":       {"{kind: nps, on: order, spread: 2d}", "belongs to a schedule"},
		"late reminder":            {"{kind: nps, window: 2d, reminder_after: 3d}", "after the window has closed"},
		"alert outside the scale":  {"{kind: csat, alert: {at_most: 6}}", "outside the scale"},
		"alert on all of it":       {"{kind: csat, alert: {at_most: 5}}", "all of it"},
		"alert of questions":       {"{questions: [bank.experience.ease], alert: {at_most: 2}}", "no score"},
		"no points":                {"{kind: nps, reward: {points: 5}}", "no points to give"},
		"unknown topic":            {"{kind: nps, alert: {at_most: 6, topic: complain}}", `there is no topic "complain"`},
		"unknown audience":         {"{kind: nps, every: 3 months, to: regulers}", "no audience regulers"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, r := read(t, "surveys:\n  one: "+test.survey+"\n", survey.Known{
				Topics:   []string{"complaint"},
				Audience: func(r *config.Report, at config.At, who string) { r.Errorf(at, "", "there is no audience %s", who) },
			})
			var all []string
			for _, p := range r.Problems() {
				all = append(all, p.Message)
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheSketchIsRight(t *testing.T) {
	t.Parallel()
	_, r := read(t, `surveys:
  relationship: {kind: nps, touchpoint: shop, every: 3 months, spread: 14d, to: regulars, recontact: 90d, window: 10d, reminder_after: 3d, reward: {points: 20}, alert: {at_most: 6, topic: complaint, ask_again_after: 7d}}
  support: {kind: csat, touchpoint: support, on: ticket.resolved, after: 10m, recontact: 14d, alert: {at_most: 2, topic: complaint}}
  first_visit: {on: order.first, after: 2d, questions: [bank.experience.ease, bank.product.improve]}
`, survey.Known{Points: true, Topics: []string{"complaint"}})
	for _, p := range r.Problems() {
		t.Errorf("%+v", p)
	}
}
