package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// daysAhead is up to how many days ahead a weekday says which one is meant.
const daysAhead = 6

// moment is a time as people read it: a weekday when that is plain enough, else a date.
func (c Clocks) moment(now, at time.Time) texts.Vars {
	at, now = c.Hours.Local(at), c.Hours.Local(now)
	vars := texts.Vars{"day": texts.Day(at.Weekday()), "time": texts.ClockOf(at)}
	if at.Sub(now).Abs() > daysAhead*24*time.Hour {
		vars["day"] = texts.DateOf(at, now)
	}
	return vars
}

// wording is the four ways of saying one waiting time: in minutes, in hours, until a time, and without any.
type wording struct{ minutes, hours, by, plain string }

var (
	sayPassed  = wording{"handoff.passed", "handoff.passed_hours", "handoff.passed_by", "handoff.passed_plain"}
	sayLate    = wording{"handoff.late", "handoff.late_hours", "handoff.late_by", "handoff.waiting_plain"}
	sayWaiting = wording{"talk.alo_waiting", "talk.alo_waiting_hours", "handoff.waiting_by", "handoff.waiting_plain"}
)

// promise says a waiting time to a customer.
func (d *Desk) promise(c Clocks, lang language.Code, now time.Time, p Promise, w wording) texts.Rich {
	switch {
	case p.Until.IsZero():
		return d.Texts.Say(lang, w.plain, nil)
	case p.Within == 0:
		return d.Texts.Say(lang, w.by, c.moment(now, p.Until))
	case p.Within < time.Hour:
		return d.Texts.Say(lang, w.minutes, texts.Vars{"n": int((p.Within + time.Minute - 1) / time.Minute)})
	}
	return d.Texts.Say(lang, w.hours, texts.Vars{"n": int((p.Within + time.Hour - 1) / time.Hour)})
}

// Figures of lists of tickets.
const (
	listed    = 10 // tickets with a button each in one message
	lineRunes = 80 // of what the customer said
)

// line is one ticket in a list for staff.
func (a *Agenda) line(t Ticket, now time.Time) texts.Rich {
	words := t.Words
	if at := strings.LastIndexByte(words, '\n'); at >= 0 {
		words = words[at+1:]
	}
	vars := a.Clocks.moment(now, t.WaitsSince())
	vars["ticket"], vars["words"] = t.ID.String(), shortened(words, lineRunes)
	if strings.TrimSpace(words) == "" {
		vars["words"] = t.Reason
	}
	if t.State != Open {
		return a.say("desk_times.line_"+string(t.State), texts.Vars{"ticket": t.ID.String(), "staff": callOf(t.Owner)})
	}
	if t.DueAt.IsZero() {
		return a.say("desk_times.line", vars)
	}
	due := a.Clocks.moment(now, t.DueAt)
	vars["due_day"], vars["due_time"] = due["day"], due["time"]
	if !t.DueAt.After(now) {
		return a.say("desk_times.line_overdue", vars)
	}
	return a.say("desk_times.line_due", vars)
}

// urgentFirst puts tickets into the order in which they should be answered: what is urgent, then members of the higher
// tiers, then the longest wait.
func urgentFirst(list []Ticket) {
	slices.SortStableFunc(list, func(a, b Ticket) int {
		switch {
		case a.Urgent != b.Urgent && a.Urgent:
			return -1
		case a.Urgent != b.Urgent:
			return 1
		}
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.WaitsSince().Compare(b.WaitsSince()), cmp.Compare(a.ID, b.ID))
	})
}

// list is a message for staff about several tickets, each with a button to claim it. At most listed tickets have one;
// more says how many there are beyond those given.
func (a *Agenda) list(heading texts.Rich, tickets []Ticket, more int, now time.Time) conversation.Body {
	lines := make([]texts.Rich, 0, len(tickets))
	var rows [][]conversation.Button
	for _, t := range tickets {
		lines = append(lines, a.line(t, now))
		if t.State != Open || len(lines) > listed {
			continue
		}
		b := a.claimButton(t)
		if n := len(rows); n > 0 && len(rows[n-1]) < buttonsInRow {
			rows[n-1] = append(rows[n-1], b)
		} else {
			rows = append(rows, []conversation.Button{b})
		}
	}
	text := texts.Paragraphs(heading, texts.List(lines...))
	if more > 0 {
		text = texts.Paragraphs(text, a.say("desk_times.more", texts.Vars{"n": more}))
	}
	return conversation.Body{Text: text, Rows: rows}
}

// buttonsInRow is how many buttons stand beside each other: https://docs.slack.dev/reference/block-kit/blocks/actions-block
// allows 25, five are readable.
const buttonsInRow = 5

// claimButton claims the ticket that it names.
func (a *Agenda) claimButton(t Ticket) conversation.Button {
	return conversation.Act(a.label("desk_times.claim", texts.Vars{"ticket": t.ID.String()}), skillName, verbClaim, ref{Ticket: t.ID})
}

// timeKey is the key of what is sent because of a time.
func timeKey(what string, id TicketID, now time.Time) string {
	return fmt.Sprintf("desk:time:%s:%d:%d", what, id, now.UnixMilli())
}
