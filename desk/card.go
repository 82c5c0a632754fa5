package desk

import (
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Verbs of staff's buttons.
const (
	verbClaim     = "claim"
	verbReply     = "reply"
	verbResolve   = "resolve"
	verbSnooze    = "snooze"
	verbSnoozeFor = "snooze.for"
	verbCustomer  = "customer"
	verbTakeOver  = "takeover"
	verbReplies   = "replies"
	verbCanned    = "canned"
	verbSuggest   = "suggest"
	verbReopen    = "reopen"
	verbSend      = "send"     // the note: send to the customer
	verbKeep      = "keep"     // the note: keep inside
	verbTakeSend  = "takesend" // take the ticket over and send
	verbAgain     = "again"    // send again what failed
	verbErase     = "erase"    // take the customer out of everything that is kept
	verbTeach     = "teach."   // what the Teacher's verbs begin with
	verbStaff     = "staff."   // what the Commands' verbs begin with
)

// ref is what a button of the desk carries.
type ref struct {
	Ticket  TicketID `json:"t,omitempty"`
	Message int64    `json:"m,omitempty"`
	Attempt int      `json:"n,omitempty"`
	Article string   `json:"a,omitempty"`
	Lang    string   `json:"l,omitempty"`
	Name    string   `json:"c,omitempty"` // of a prepared reply or a coupon; back: the verb that comes then
	Until   int64    `json:"u,omitempty"` // minutes of a snooze; 0: until the next opening
	Newest  int64    `json:"f,omitempty"` // send: the last message that its author had written when it was shown
	Words   string   `json:"w,omitempty"` // send: a digest of the words that are sent
}

// CardText is the ticket as staff see it, with its buttons.
func (d *Desk) card(t Ticket, v view) (texts.Rich, [][]conversation.Button) {
	parts := []texts.Rich{
		d.heading(t, v.customer).In(texts.Bold),
		texts.Lines(d.about(t), d.timing(t), d.who(v.customer)),
		texts.Lines(d.askedLine(t, v.talk), d.talkLines(v.talk)),
	}
	if t.Live() {
		parts = append(parts, d.answerLines(v.answers))
	}
	return texts.Paragraphs(parts...), d.buttons(t, v)
}

// heading is number, masked name and tier.
func (d *Desk) heading(t Ticket, c Customer) texts.Rich {
	words := []string{t.ID.String(), d.masked(c)}
	if c.Tier != "" {
		words = append(words, c.Tier)
	}
	if t.Urgent {
		words = append(words, d.label("desk.urgent", nil))
	}
	if t.Reopened > 0 {
		words = append(words, d.label("desk.reopened", nil))
	}
	return texts.Literal(strings.Join(words, " · "))
}

// masked is how a card names the customer.
func (d *Desk) masked(c Customer) string {
	name := c.Name
	if name == "" {
		name = c.Display
	}
	return Mask(name, d.label("desk.customer", nil))
}

// about says why the ticket was opened, and who has it.
func (d *Desk) about(t Ticket) texts.Rich {
	reason := d.say("desk.reason.other", nil)
	if key := "desk.reason." + t.Reason; d.Texts.Has(d.lang(), key) {
		reason = d.say(key, nil)
	}
	if topic := t.Topic; topic != "" {
		reason = reason.Append(texts.Literal(" · " + topic))
	}
	state := d.say("desk.state."+string(t.State), texts.Vars{"staff": callOf(t.Owner)})
	if t.State == Resolved {
		switch t.ResolvedBy {
		case "customer", "answer", "time", "forgotten":
			state = d.say("desk.resolved_by."+t.ResolvedBy, nil)
		}
	}
	return texts.Lines(state, reason)
}

// timing says since when the customer waits, and until when.
func (d *Desk) timing(t Ticket) texts.Rich {
	if !t.Live() {
		return nil
	}
	var lines []texts.Rich
	switch {
	case !t.SnoozedUntil.IsZero():
		lines = append(lines, d.say("desk.snoozed", d.when(t.SnoozedUntil)))
	case !t.AskedAt.IsZero() && !t.DueAt.IsZero():
		vars := d.when(t.DueAt)
		vars["since"] = texts.ClockOf(t.AskedAt.In(d.zone()))
		lines = append(lines, d.say("desk.waits_due", vars))
	case !t.DueAt.IsZero():
		lines = append(lines, d.say("desk.due", d.when(t.DueAt)))
	case !t.AskedAt.IsZero():
		lines = append(lines, d.say("desk.waits", texts.Vars{"since": texts.ClockOf(t.AskedAt.In(d.zone()))}))
	}
	return texts.Lines(lines...)
}

// when is an instant as day and time.
func (d *Desk) when(at time.Time) texts.Vars {
	local := at.In(d.zone())
	return texts.Vars{"day": texts.DateOf(local, d.Business.Now()), "time": texts.ClockOf(local)}
}

func (d *Desk) zone() *time.Location {
	if d.Zone == nil {
		return time.UTC
	}
	return d.Zone
}

// who tells what is known of the customer, without naming them.
func (d *Desk) who(c Customer) texts.Rich {
	if c.ID == 0 {
		return d.say("desk.nobody", nil)
	}
	if c.Erased {
		return d.say("desk_erase.nobody", nil)
	}
	since := d.say("desk.since", texts.Vars{"date": texts.DateOf(c.Since.In(d.zone()), d.Business.Now()), "channel": c.Channel, "lang": strings.ToUpper(string(c.Lang))})
	var lines []texts.Rich
	lines = append(lines, since)
	if c.Member {
		lines = append(lines, d.say("desk.points", texts.Vars{"n": c.Points}))
	}
	if len(c.Scores) > 0 {
		lines = append(lines, d.say("desk.scores", texts.Vars{"list": scoreList(c.Scores)}))
	}
	if len(c.Orders) > 0 {
		lines = append(lines, d.say("desk.orders", texts.Vars{"list": d.orderList(c.Orders)}))
	}
	if c.AtRisk != "" {
		lines = append(lines, d.say("desk.at_risk", texts.Vars{"reason": c.AtRisk}))
	}
	return texts.Lines(lines...)
}

func scoreList(scores []Score) string {
	out := make([]string, len(scores))
	for i, s := range scores {
		out[i] = fmt.Sprintf("%s %d", strings.ToUpper(s.Kind), s.Score)
	}
	return strings.Join(out, ", ")
}

func (d *Desk) orderList(orders []Order) string {
	out := make([]string, len(orders))
	for i, o := range orders {
		sum, _ := texts.Format(d.lang(), texts.Money{Minor: o.Total, Currency: o.Currency})
		day, _ := texts.Format(d.lang(), texts.DateOf(o.At.In(d.zone()), d.Business.Now()))
		out[i] = sum + " (" + day + ")"
		if o.Returned {
			out[i] += " " + d.label("desk.order_returned", nil)
		}
	}
	return strings.Join(out, ", ")
}

// attachment names a kind of attachment for staff.
func (d *Desk) attachment(a conversation.Attachment) string {
	kind := d.label("desk.file.file", nil)
	if key := "desk.file." + a.Kind; d.Texts.Has(d.lang(), key) {
		kind = d.label(key, nil)
	}
	switch {
	case a.Text != "":
		return kind + ": " + a.Text
	case a.Name != "":
		return kind + ": " + a.Name
	}
	return kind
}

// answerLines are the bot's suggestions.
func (d *Desk) answerLines(answers []Suggestion) texts.Rich {
	if len(answers) == 0 {
		return nil
	}
	lines := []texts.Rich{d.say("desk.answers", nil)}
	for i, a := range answers {
		text := fmt.Sprintf("%d. %s: %s", i+1, a.Title, shortened(tidy(a.Answer.Plain()), cardRunes/2))
		lines = append(lines, texts.Literal(text))
	}
	return texts.Lines(lines...)
}

// maxLabel is how long a button's label may be, in runes; Slack allows 75.
const maxLabel = 70

// buttons are what can be done with the ticket as it stands.
func (d *Desk) buttons(t Ticket, v view) [][]conversation.Button {
	r := ref{Ticket: t.ID}
	customer := d.button("desk.button.customer", verbCustomer, r)
	if v.customer.Erased {
		return nil
	}
	if !t.Live() {
		return [][]conversation.Button{{d.button("desk.button.reopen", verbReopen, r), customer}}
	}
	resolve := d.button("desk.button.resolve", verbResolve, r)
	first := []conversation.Button{d.replyButton(t), resolve, d.button("desk.button.snooze", verbSnooze, r)}
	if t.Owned() {
		first = append(first, d.button("desk.button.takeover", verbTakeOver, r))
	} else {
		claim := d.button("desk.button.claim", verbClaim, r)
		claim.Style = "primary"
		first = append([]conversation.Button{claim}, first...)
	}
	if t.Customer != 0 {
		first = append(first, customer)
		if d.givesPoints() {
			first = append(first, d.pointsButton(ref{Ticket: t.ID}))
		}
		if d.givesCoupons() {
			first = append(first, d.button("desk_coupon.button", verbCoupon, r))
		}
	}
	if d.erases(t) {
		first = append(first, d.eraseButton(t))
	}
	if len(d.Config.Replies.Entries) > 0 {
		first = append(first, d.button("desk.button.replies", verbReplies, r))
	}
	rows := [][]conversation.Button{first}
	var send []conversation.Button
	for i, a := range v.answers {
		label := shortened(d.label("desk.button.suggest", texts.Vars{"n": i + 1, "title": a.Title}), maxLabel)
		send = append(send, conversation.Act(label, skillName, verbSuggest, ref{Ticket: t.ID, Article: a.ArticleID, Lang: string(a.Lang)}))
	}
	if len(send) > 0 {
		rows = append(rows, send)
	}
	return rows
}

func (d *Desk) button(key, verb string, r ref) conversation.Button {
	return conversation.Act(d.label(key, nil), skillName, verb, r)
}

// maxReply is the longest reply of the form, in runes; Slack's inputs take 3,000.
const maxReply = 3000

// replyButton opens the form whose text goes to the customer.
func (d *Desk) replyButton(t Ticket) conversation.Button {
	b := d.button("desk.button.reply", verbReply, ref{Ticket: t.ID})
	b.Form = &conversation.Form{
		Title: shortened(d.label("desk.form.title", texts.Vars{"ticket": t.ID.String()}), 24), // Slack: 24
		Fields: []conversation.FormField{{
			Name: "text", Label: d.label("desk.form.text", nil), Hint: d.label("desk.form.hint", nil), Multiline: true, MaxRunes: maxReply,
		}},
	}
	return b
}
