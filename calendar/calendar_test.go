package calendar_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
)

// shop is the part of a file that has days in it.
type shop struct {
	Calendar calendar.Calendar `yaml:"calendar"`
	Hours    config.Hours      `yaml:"hours"`
	Closed   []string          `yaml:"closed"`
	Zone     config.Zone       `yaml:"zone"`
}

// read reads a file that must be without problems.
func read(t *testing.T, yaml string) shop {
	t.Helper()
	var s shop
	doc, r := config.Parse("rapport.yaml", []byte(yaml), config.Options{})
	config.Decode(doc.Root, &s, r)
	if problems := r.Problems(); len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

func (s shop) schedule(t *testing.T) calendar.Schedule {
	t.Helper()
	return calendar.Schedule{Hours: s.Hours, Closed: s.Calendar.Resolve(nil, config.At{}, s.Closed), Zone: s.Zone.Location()}
}

func TestResolveKnowsDaysByNameAndDatesByTheirName(t *testing.T) {
	t.Parallel()
	s := read(t, `
calendar: {use: [AZ], days: {ramazan: [2027-03-09..2027-03-10], inventory: [3 Feb]}}
closed: [1 Jan, novruz, ramazan, inventory, 5 Apr, 20 Mar..24 Mar, 2027-05-28]
`)
	var got []string
	for _, d := range s.Calendar.Resolve(nil, config.At{}, s.Closed) {
		got = append(got, d.Name+" "+d.Range.String())
	}
	want := []string{
		"new_year 1 Jan", "novruz 20 Mar..24 Mar", "ramazan 2027-03-09..2027-03-10", "inventory 3 Feb", " 5 Apr", "novruz 20 Mar..24 Mar",
		" 2027-05-28",
	}
	if !slices.Equal(got, want) {
		t.Errorf("days %q, want %q", got, want)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ yaml, message string }{
		"unknown day":     {`closed: [novrus]`, "no day"},
		"unknown country": {`calendar: {use: [XX]}`, "not known"},
		"impossible date": {`calendar: {mourning: [30 Feb]}`, "does not exist"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s shop
			doc, r := config.Parse("rapport.yaml", []byte(tt.yaml), config.Options{})
			config.Decode(doc.Root, &s, r)
			s.Calendar.Resolve(r, config.At{}, s.Closed)
			if p := r.Problems(); len(p) != 1 || !strings.Contains(p[0].Message, tt.message) || p[0].Hint == "" {
				t.Errorf("problems %v, want %q with a hint", p, tt.message)
			}
		})
	}
}
