package attention_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/attention"
)

var baku = time.FixedZone("+04", 4*3600)

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", text, baku)
	if err != nil {
		panic(err)
	}
	return t
}

func policy() attention.Policy {
	return attention.Policy{
		PerDay: 1, PerWeek: 2, Zone: baku, First: []string{"birthday", "survey", "offer"},
		Quiet: config.NewHours(config.EveryDay, config.TimeRange{From: 21 * 60, To: 10 * 60}),
		Rest:  []config.DateRange{{From: config.Date{Month: time.January, Day: 20}, To: config.Date{Month: time.January, Day: 20}}},
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	noon := "2026-12-02 12:00"
	yes := attention.Facts{Agreed: true}
	offer, survey := attention.Message{Purpose: "offer"}, attention.Message{Purpose: "survey"}
	tests := map[string]struct {
		now     string
		facts   attention.Facts
		message attention.Message
		want    string // send, a reason, or the time until which it waits
	}{
		"may go":                         {noon, yes, offer, "send"},
		"stopped":                        {noon, attention.Facts{Agreed: true, Stopped: true}, survey, "stopped"},
		"no yes":                         {noon, attention.Facts{}, offer, "no_consent"},
		"greetings need the yes too":     {noon, attention.Facts{}, attention.Message{Purpose: "birthday"}, "no_consent"},
		"surveys need none":              {noon, attention.Facts{}, survey, "send"},
		"muted":                          {noon, attention.Facts{Agreed: true, Muted: true}, offer, "topic_muted"},
		"gone":                           {noon, attention.Facts{Agreed: true, Unreachable: true}, offer, "unreachable"},
		"a ticket":                       {noon, attention.Facts{Agreed: true, TicketOpen: true}, offer, "2026-12-02 12:30"},
		"the ticket's own question":      {noon, attention.Facts{TicketOpen: true}, attention.Message{Purpose: "csat_ticket"}, "send"},
		"at night":                       {"2026-12-02 23:00", yes, offer, "2026-12-03 10:00"},
		"before ten":                     {"2026-12-02 09:59", yes, offer, "2026-12-02 10:00"},
		"at ten":                         {"2026-12-02 10:00", yes, offer, "send"},
		"the person's own night":         {noon, attention.Facts{Agreed: true, Zone: time.FixedZone("-5", -5*3600)}, offer, "2026-12-02 19:00"},
		"mourning":                       {"2027-01-20 12:00", yes, offer, "2027-01-21 10:00"},
		"the night before mourning":      {"2027-01-19 22:00", yes, offer, "2027-01-21 10:00"},
		"silence into the night":         {noon, attention.Facts{Agreed: true, SilentUntil: at("2026-12-02 22:00")}, offer, "2026-12-03 10:00"},
		"not true any more then":         {"2026-12-02 23:00", yes, attention.Message{Purpose: "offer", NotAfter: at("2026-12-03 09:00")}, "quiet_hours"},
		"still true then":                {"2026-12-02 23:00", yes, attention.Message{Purpose: "offer", NotAfter: at("2026-12-03 11:00")}, "2026-12-03 10:00"},
		"one a day":                      {noon, attention.Facts{Agreed: true, Taken: []time.Time{at("2026-12-02 10:00")}}, offer, "2026-12-03 10:00"},
		"yesterday is another day":       {noon, attention.Facts{Agreed: true, Taken: []time.Time{at("2026-12-01 20:59")}}, offer, "send"},
		"two in seven days":              {noon, attention.Facts{Agreed: true, Taken: []time.Time{at("2026-11-27 10:00"), at("2026-12-01 10:00")}}, offer, "2026-12-04 10:00"},
		"eight days ago does not count":  {noon, attention.Facts{Agreed: true, Taken: []time.Time{at("2026-11-25 10:00"), at("2026-12-01 10:00")}}, offer, "send"},
		"no place, and only true today":  {noon, attention.Facts{Agreed: true, Taken: []time.Time{at("2026-12-02 10:00")}}, attention.Message{Purpose: "offer", NotAfter: at("2026-12-02 20:00")}, "budget"},
		"a survey waits and is worthier": {noon, attention.Facts{Agreed: true, Waiting: []string{"survey"}}, offer, "2026-12-03 10:00"},
		"an offer waits and is not":      {noon, attention.Facts{Waiting: []string{"offer"}}, survey, "send"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := attention.Decide(policy(), tt.facts, tt.message, at(tt.now))
			got := v.Suppress
			switch {
			case v.Send():
				got = "send"
			case got == "":
				got = v.Defer.In(baku).Format("2006-01-02 15:04")
			}
			if got != tt.want {
				t.Errorf("%s (%s), want %s", got, v.Reason, tt.want)
			}
		})
	}
}

// TestDecideNeverOverBudget holds every grant against the rules, and every deferral against the next decision.
func TestDecideNeverOverBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policy()
		p.PerDay, p.PerWeek = rapid.IntRange(1, 3).Draw(t, "day"), rapid.IntRange(1, 5).Draw(t, "week")
		now := at("2027-01-15 00:00")
		var taken []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "minutes")) * time.Minute)
			f := attention.Facts{Agreed: true, Taken: slices.Clone(taken)}
			v := attention.Decide(p, f, attention.Message{Purpose: "offer"}, now)
			if !v.Send() {
				if !v.Defer.After(now) {
					t.Fatalf("put off from %s to %s", now, v.Defer)
				}
				if again := attention.Decide(p, f, attention.Message{Purpose: "offer"}, v.Defer); !again.Send() {
					t.Fatalf("put off to %s, and then to %s (%s)", v.Defer, again.Defer, again.Reason)
				}
				continue
			}
			if p.Quiet.Contains(now, baku) {
				t.Fatalf("sent in quiet hours: %s", now)
			}
			taken = append(taken, now)
			day, week := 0, 0
			for _, one := range taken {
				if one.Format(time.DateOnly) == now.Format(time.DateOnly) {
					day++
				}
				if !one.Before(at(now.AddDate(0, 0, -6).Format(time.DateOnly) + " 00:00")) {
					week++
				}
			}
			if day > p.PerDay || week > p.PerWeek {
				t.Fatalf("%d on %s, %d in seven days", day, now, week)
			}
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ yaml, message string }{
		"overlapping quiet hours": {`proactive: {quiet: {mon: 22:00-10:00, tue: 09:00-11:00}}`, "overlaps"},
		"quiet all week":          {`proactive: {quiet: 00:00-00:00}`, "nothing could ever be sent"},
		"twice in the order":      {`proactive: {first: [offer, offer]}`, "stands twice"},
		"unknown purpose":         {`proactive: {first: [ofer]}`, "not possible"},
		"unknown day":             {`proactive: {not_on: [novrus]}`, "no day"},
		"unknown country":         {`calendar: {use: [XX]}`, "not known"},
		"impossible date":         {`calendar: {mourning: [30 Feb]}`, "does not exist"},
		"fine":                    {"calendar: {use: [AZ], days: {ramazan: [2027-03-09..2027-03-10]}}\nproactive: {not_on: [ramazan, victory_day, 2026-12-31]}", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c struct {
				Proactive attention.Config  `yaml:"proactive"`
				Calendar  calendar.Calendar `yaml:"calendar"`
			}
			c.Proactive = attention.Defaults()
			doc, r := config.Parse("rapport.yaml", []byte(tt.yaml), config.Options{})
			config.Decode(doc.Root, &c, r)
			c.Proactive.CheckDays(r, &c.Calendar)
			problems := r.Problems()
			if tt.message == "" {
				if len(problems) > 0 {
					t.Errorf("%v", problems)
				}
				if rest := c.Proactive.Policy(&c.Calendar, baku).Rest; len(rest) != 3 {
					t.Errorf("days of rest: %v", rest)
				}
				return
			}
			if len(problems) != 1 || !strings.Contains(problems[0].Message, tt.message) || problems[0].Hint == "" {
				t.Errorf("problems: %v, want %q with a hint", problems, tt.message)
			}
		})
	}
}
