package offer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/language"
)

type file struct {
	Offers    offer.Config     `yaml:"offers"`
	Audiences audience.Config  `yaml:"audiences"`
	Proactive attention.Config `yaml:"proactive"`
}

func read(yaml string) (*file, config.Problems) {
	f := &file{Proactive: attention.Defaults()}
	doc, r := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	r.SetLanguages([]language.Code{language.English, language.Russian})
	config.Decode(doc.Root, f, r)
	f.Offers.CheckReferences(r, &f.Audiences, &f.Proactive, func(key string) bool { return key == "greeting.birthday" })
	return f, r.Problems()
}

func TestWhatIsWrongWithAnOffer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		offer   string
		message string
		line    int
	}{
		"never due":            {"text: hi", "never due", 2},
		"two schedules":        {"every: Friday 10:00\n    on: birthday\n    text: hi", "more than one schedule", 2},
		"no text":              {"every: Friday 10:00", "no text", 2},
		"bad cron":             {"cron: 0 25 * * FRI\n    text: hi", "", 3},
		"never-coming cron":    {"cron: 0 10 31 2 *\n    text: hi", "never comes", 3},
		"impossible date":      {"at: 2026-02-30T10:00\n    text: hi", "does not exist", 3},
		"unknown event":        {"on: brithday\n    text: hi", "not possible", 3},
		"unknown audience":     {"every: Friday 10:00\n    to: reglars\n    text: hi", "no audience", 4},
		"a type error":         {"every: Friday 10:00\n    to: points > \"many\"\n    text: hi", "mismatched types", 4},
		"unknown topic":        {"every: Friday 10:00\n    topic: discunts\n    text: hi", "no topic", 4},
		"unknown text":         {"every: Friday 10:00\n    text: texts/greeting.brithday", "no text texts/", 4},
		"missing language":     {"every: Friday 10:00\n    text: {en: hi}", "missing in ru", 4},
		"missing picture":      {"every: Friday 10:00\n    text: hi\n    image: nowhere.jpg", "no picture", 5},
		"steps out of order":   {"steps: [{after: 5d, text: a}, {after: 2d, text: b}]", "does not come after", 3},
		"stages out of order":  {"at: 2027-01-01T10:00\n    text: hi\n    stages: [{to: member, after: 2d}, {to: everyone, after: 1d}]", "does not come after", 5},
		"a misspelt key":       {"evry: Friday 10:00\n    every: Friday 10:00\n    text: hi", "unknown key", 3},
		"after on a birthday":  {"on: birthday\n    after: 2d\n    text: hi", "no after", 4},
		"far too late allowed": {"every: Friday 10:00\n    text: hi\n    not_after: 1y", "", 5},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := read("offers:\n  beans:\n    " + tt.offer + "\naudiences: {regulars: {who: member}}\nproactive: {topics: {discounts: Discounts}}\n")
			if len(problems) != 1 {
				t.Fatalf("%d problems: %v", len(problems), problems)
			}
			if p := problems[0]; !strings.Contains(p.Message, tt.message) || p.Line != tt.line || p.Hint == "" {
				t.Errorf("%s: %s (%s); want line %d, %q", p.Place(), p.Message, p.Hint, tt.line, tt.message)
			}
		})
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		offer  string
		people int
		want   string
	}{
		"weekly":   {"every: Friday 10:00", 412, "Fridays at 10:00, 412 people today, next 27 Nov, 4 Dec"},
		"cron":     {"cron: 0 10 * * FRI", -1, "By cron 0 10 * * FRI, next 27 Nov, 4 Dec"},
		"once":     {"at: 2026-12-18T10:00", 1, "Once at 18 Dec 2026 10:00, 1 person today, next 18 Dec"},
		"over":     {"at: 2026-01-18T10:00", -1, "Once at 18 Jan 2026 10:00, in the past: not sent any more"},
		"birthday": {"on: birthday", 3, "On birthdays at 10:00, 3 people today"},
		"event":    {"on: order.first\n    after: 2d", -1, "2d after order.first"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, problems := read("offers:\n  one:\n    text: hi\n    " + tt.offer + "\n")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			one, _ := f.Offers.Get("one")
			if got := one.Preview(time.UTC, now, tt.people); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
