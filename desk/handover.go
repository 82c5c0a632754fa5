package desk

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Handover is the conversation.Desk: it opens tickets and tells customers the truth about when a person answers. It is
// also the skill that takes the phone number of who wants to be called; it stands before the live conversation.
type Handover struct {
	*Desk
	Clocks Clocks
	Timed  TimeStores
}

var (
	_ conversation.Desk  = (*Handover)(nil)
	_ conversation.Skill = (*Handover)(nil)
)

// Figures of the hand-over.
const (
	handoverName = "handover"
	stepPhone    = "phone"
	phoneFor     = time.Hour // how long what is typed may be the number to call
	askedWaits   = 500       // earlier tickets whose waiting times are looked at
	// DownAfter is how long a card may wait to leave before customers are told that the desk is not reached.
	DownAfter = 2 * time.Minute
)

// Reasons of a hand-over that change what is said.
const (
	reasonMore     = "more"
	reasonCallBack = "call_back"
)

// Name implements conversation.Skill.
func (*Handover) Name() string { return handoverName }

// HandOver implements conversation.Desk.
func (h *Handover) HandOver(t conversation.Turn, off conversation.Handoff) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := tx.OpenTicket(ctx, off); err != nil || off.Silent {
			return t.Dialogue, err
		}
		text, err := h.tell(ctx, tx, t, off)
		if err != nil {
			return t.Dialogue, err
		}
		d := t.Dialogue
		if off.Reason == reasonCallBack {
			text = texts.Paragraphs(text, h.Texts.Say(t.Lang, "handoff.call_back_ask", nil))
			d = d.Without(handoverName).Push(conversation.Frame{Skill: handoverName, Step: stepPhone, Until: t.Now.Add(phoneFor)})
			d.Quiet = true
		}
		_, err = tx.Send(ctx, conversation.Say(text))
		return d, err
	}
}

// tell is what the customer hears, and keeps the promise in it.
func (h *Handover) tell(ctx context.Context, tx conversation.Tx, t conversation.Turn, off conversation.Handoff) (texts.Rich, error) {
	if off.Reason == reasonMore {
		return h.Texts.Say(t.Lang, "handoff.added", nil), nil
	}
	books := h.Stores.In(tx)
	list, err := books.LockOfPerson(ctx, t.Person.Root)
	if err != nil {
		return nil, err
	}
	ticket, ok := ofTopic(list, off.Topic)
	switch {
	case !ok:
		return h.Texts.Say(t.Lang, "handoff.passed_plain", nil), nil
	case ticket.Owned():
		return h.Texts.Say(t.Lang, "handoff.already_open", nil), nil
	case !ticket.ToldUntil.IsZero():
		return h.state(t, ticket), nil
	}
	wait, err := h.wait(ctx, tx, ticket, t.Now)
	if err != nil {
		return nil, err
	}
	promise := h.Clocks.Promise(t.Now, wait)
	if h.Clocks.Hours.Open(t.Now) {
		down, err := h.down(ctx, tx, ticket, t.Now)
		if err != nil || down {
			return h.Texts.Say(t.Lang, "away.desk_down", nil), err
		}
	}
	ticket.ToldUntil = promise.Until
	if _, err := books.Save(ctx, ticket); err != nil {
		return nil, err
	}
	text := h.promised(t, promise, sayPassed)
	if !h.Clocks.Hours.Open(t.Now) {
		text = h.closed(t)
	}
	if ticket.Priority > 0 {
		text = texts.Paragraphs(text, h.Texts.Say(t.Lang, "handoff.vip", nil))
	}
	return text, nil
}

// ofTopic finds the ticket that a hand-over of that topic has opened or added to.
func ofTopic(list []Ticket, topic string) (Ticket, bool) {
	for _, t := range list {
		if t.Topic == topic {
			return t, true
		}
	}
	return Ticket{}, false
}

// wait is how long people usually take for such a ticket at this hour, or the target while that is not known.
func (h *Handover) wait(ctx context.Context, tx conversation.Tx, t Ticket, now time.Time) (time.Duration, error) {
	earlier, err := h.Timed.Timed(tx).Answered(ctx, t.Topic, now.AddDate(0, 0, -WaitDays), askedWaits)
	if err != nil {
		return 0, err
	}
	if usual, ok := h.Clocks.Usual(now, earlier); ok {
		return usual, nil
	}
	return h.Clocks.target(h.Clocks.topic(t)).First, nil
}

// down says whether cards have not left for a while, and notes that this customer is told so.
func (h *Handover) down(ctx context.Context, tx conversation.Tx, t Ticket, now time.Time) (bool, error) {
	books := h.Timed.Timed(tx)
	down, err := books.Stuck(ctx, now.Add(-DownAfter))
	if err != nil || !down {
		return false, err
	}
	_, err = books.TellDown(ctx, t.ID, now)
	return true, err
}

// closed says that nobody is there, why, and when somebody will be.
func (h *Handover) closed(t conversation.Turn) texts.Rich {
	next := h.Clocks.Hours.NextOpen(t.Now)
	if next.IsZero() {
		return h.Texts.Say(t.Lang, "away.outside_plain", nil)
	}
	vars := h.Clocks.moment(t.Now, next)
	why := h.Clocks.Hours.Reason(t.Now)
	switch {
	case why.ClosedDay && why.Holiday != "" && h.Texts.Has(t.Lang, "holiday."+why.Holiday):
		vars["holiday"] = h.Texts.Label(t.Lang, "holiday."+why.Holiday, nil)
		return h.Texts.Say(t.Lang, "away.closed", vars)
	case why.ClosedDay:
		return h.Texts.Say(t.Lang, "away.closed_plain", vars)
	}
	return h.Texts.Say(t.Lang, "away.outside", vars)
}

// promised says a waiting time.
func (h *Handover) promised(t conversation.Turn, p Promise, w wording) texts.Rich {
	return h.promise(h.Clocks, t.Lang, t.Now, p, w)
}

// state is what somebody hears who asks about a ticket that nobody has claimed.
func (h *Handover) state(t conversation.Turn, ticket Ticket) texts.Rich {
	switch {
	case !h.Clocks.Hours.Open(t.Now):
		return h.closed(t)
	case ticket.ToldUntil.After(t.Now):
		p := Promise{Until: ticket.ToldUntil}
		if left := h.Clocks.Hours.Between(t.Now, ticket.ToldUntil); ticket.ToldUntil.Equal(t.Now.Add(left)) && left < time.Hour {
			p.Within = left
		}
		return h.promised(t, p, sayWaiting)
	}
	return h.Texts.Say(t.Lang, sayWaiting.plain, nil)
}

// Waiting implements conversation.Desk.
func (h *Handover) Waiting(ctx context.Context, t conversation.Turn) (texts.Rich, error) {
	list, err := h.Stores.OfPerson(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	for _, ticket := range list {
		switch {
		case !ticket.Live() || ticket.Silent && ticket.State == Open:
			continue
		case ticket.State == Claimed:
			return h.Texts.Say(t.Lang, "talk.alo_taken", texts.Vars{"staff": callOf(ticket.Owner)}), nil
		case ticket.State == Waiting:
			return h.Texts.Say(t.Lang, "handoff.waiting_answered", texts.Vars{"staff": callOf(ticket.Owner)}), nil
		}
		unheard, err := h.Timed.Unheard(ctx, ticket.ID)
		if err != nil {
			return nil, err
		}
		if unheard {
			return h.Texts.Say(t.Lang, "away.desk_down", nil), nil
		}
		return h.state(t, ticket), nil
	}
	return h.Texts.Say(t.Lang, "talk.alo", nil), nil
}

// again is the data of a step in which something was typed that is no number.
type again struct {
	Bad bool `json:"bad,omitempty"`
}

// Decide implements conversation.Skill: it takes the number to call, typed or shared. What is no number is somebody
// else's, unless it looks like an attempt at one.
func (h *Handover) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	f, open := t.Dialogue.Open(handoverName)
	if !open || t.In.Kind != conversation.KindMessage || t.In.Command != "" || t.Intent != "" {
		return nil, nil
	}
	phone, attempt := PhoneIn(t.In)
	var was again
	if len(f.Data) > 0 {
		if err := json.Unmarshal(f.Data, &was); err != nil {
			return nil, err
		}
	}
	switch {
	case phone != "":
		return h.callBack(t, phone), nil
	case attempt && !was.Bad:
		data, err := json.Marshal(again{Bad: true})
		if err != nil {
			return nil, err
		}
		f.Data = data
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			_, err := tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.call_back_bad", nil)))
			d := t.Dialogue.Replace(f)
			d.Quiet = true
			return d, err
		}, nil
	}
	return nil, nil
}

// callBack adds the number, with what was typed around it, to the ticket.
func (h *Handover) callBack(t conversation.Turn, phone string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		words := t.In.Text
		if words == "" {
			words = phone
		}
		if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: reasonMore, Words: words, Lang: t.Lang}); err != nil {
			return t.Dialogue, err
		}
		_, err := tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.call_back_noted", texts.Vars{"phone": phone})))
		return t.Dialogue.Pop(), err
	}
}

// Digits of a phone number, country code included: ITU-T E.164 allows 15; local ones have 7 and more.
const minPhone, maxPhone = 7, 15

// PhoneIn finds the phone number in a message: a shared contact, or the first run of digits of the right length with
// the usual signs between. attempt is set when there is none but the message is little else than digits.
func PhoneIn(in conversation.Inbound) (phone string, attempt bool) {
	for _, a := range in.Attachments {
		if a.Kind == "contact" && a.Text != "" {
			return a.Text, true
		}
	}
	digits, letters := 0, 0
	for _, r := range in.Text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	for _, run := range strings.FieldsFunc(in.Text, func(r rune) bool { return !strings.ContainsRune("+0123456789 -()\u00a0", r) }) {
		if n := countDigits(run); n >= minPhone && n <= maxPhone {
			return strings.Trim(run, " -\u00a0"), true
		}
	}
	return "", digits > 2 && letters <= digits
}

func countDigits(s string) (n int) {
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}
