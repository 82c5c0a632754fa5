package desk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestTheLaw has staff do whatever they like in any order, with edits, deletions, stale buttons, repeated events and a
// platform that fails, and holds the desk to its promise: no text of staff reaches a customer without an explicit act,
// and every explicit act reaches the customer once or is told to have not.
func TestTheLaw(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		underTheLaw(t, newOffice(t, migrated.SQLite(t)), 30)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		underTheLaw(t, newOffice(t, migrated.Postgres(t)), 12)
	})
}

// lawSteps is how many things happen in one run.
const lawSteps = 30

// underTheLaw makes at most so many runs: each is an office's whole day.
func underTheLaw(t *testing.T, o *office, most int) {
	t.Helper()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > most {
			return
		}
		l := &law{T: rt, o: o, who: fmt.Sprint("someone", runs), wrote: map[string]*writing{}, looked: map[string]look{}}
		o.call = l.outcome
		o.customer(l.who, "nobody can answer this "+l.who)
		for range lawSteps {
			l.see()
			l.step()
			l.check()
		}
		o.call = nil
		o.rest()
		l.checkEchoes()
	})
}

// writing is one message of staff: in a thread, or typed into the form.
type writing struct {
	author string
	key    string // of the row
	id     string // the platform's
	words  []string
	acted  bool
	agains int
	event  conversation.Inbound
}

// law is one run.
type law struct {
	*rapid.T
	o       *office
	who     string
	wrote   map[string]*writing // by key
	order   []*writing
	ready   int // presses on prepared answers
	agains  int
	counter int
	looked  map[string]look // by token
}

// look is what staff saw of a button when it came up.
type look struct {
	text   string           // above the button
	newest map[string]int64 // by member: the last message that they had written
}

// see keeps what stood where when it came up.
func (l *law) see() {
	l.Helper()
	newest := map[string]int64{}
	list, err := l.o.db.Desk().Messages(l.o.t.Context(), l.ticket().ID, 1000)
	if err != nil {
		l.Fatal(err)
	}
	for _, m := range list {
		newest[m.Author.ID] = m.ID
	}
	for _, s := range l.o.shown[staffBot] {
		for _, row := range s.rows {
			for _, b := range row {
				if _, known := l.looked[b.Token]; !known {
					l.looked[b.Token] = look{s.text, newest}
				}
			}
		}
	}
}

// meant says whether a press on the button is an act on w: the button says which words it sends, and nothing that its
// author wrote since has come between. Whatever else it sends, the presser did not mean to.
func (l *law) meant(b conversation.Button, w *writing) bool {
	l.Helper()
	list, err := l.o.db.Desk().Messages(l.o.t.Context(), l.ticket().ID, 1000)
	if err != nil {
		l.Fatal(err)
	}
	was, newest, text := l.looked[b.Token], int64(0), ""
	for _, m := range list {
		if m.Author.ID == w.author {
			newest = m.ID
		}
		if m.Key == w.key {
			text = m.Text
		}
	}
	return newest == was.newest[w.author] && strings.Contains(was.text, text)
}

// outcome is what the customer's platform does with a call.
func (l *law) outcome(i outbox.Item) outbox.Outcome {
	if i.To.Account != shopBot {
		return outbox.Sent
	}
	return rapid.SampledFrom([]outbox.Outcome{
		outbox.Sent, outbox.Sent, outbox.Sent, outbox.Sent, outbox.Failed, outbox.Lost, outbox.Retry,
	}).Draw(l.T, "outcome")
}

// ticket is the person's newest.
func (l *law) ticket() desk.Ticket {
	l.Helper()
	id, err := l.o.db.FindCustomer(l.o.t.Context(), "telegram", l.who)
	if err != nil {
		l.Fatal(err)
	}
	list, err := l.o.db.Desk().OfPerson(l.o.t.Context(), id, l.o.clock.Now())
	if err != nil || len(list) == 0 {
		l.Fatalf("%d tickets, %v", len(list), err)
	}
	return list[0]
}

func (l *law) member() string {
	return rapid.SampledFrom([]string{"nigar", "orxan"}).Draw(l.T, "member")
}

// word is a text that nobody has written before.
func (l *law) word() string {
	l.counter++
	return fmt.Sprintf("<%s.%d>", l.who, l.counter)
}

// marks are the reply mark as it may arrive, and what only looks like it.
var (
	marks   = []string{">> ", ">>", "&gt;&gt; ", "&gt; &gt; ", "> > ", " >>"}
	noMarks = []string{"", "", "> ", "&gt; ", "see >> ", "/ "}
)

func (l *law) step() {
	switch rapid.IntRange(0, 11).Draw(l.T, "step") {
	case 0:
		l.o.customer(l.who, rapid.SampledFrom([]string{"hello", "still not solved", "what now", "opening hours"}).Draw(l.T, "said"))
	case 1:
		l.write(rapid.SampledFrom(noMarks).Draw(l.T, "no mark"), false)
	case 2:
		l.write(rapid.SampledFrom(marks).Draw(l.T, "mark"), true)
	case 3:
		l.edit()
	case 4:
		l.delete()
	case 5:
		l.form()
	case 6:
		l.repeat()
	case 7:
		l.twice()
	default:
		l.press()
	}
}

// write has a member write into the thread.
func (l *law) write(mark string, acted bool) {
	w := &writing{author: l.member(), words: []string{l.word()}}
	in := staffEvent(w.author, conversation.KindMessage)
	in.Thread, in.MessageID, in.EventID = l.ticket().Card.Thread, "w"+w.words[0], "e"+w.words[0]
	in.Text = mark + w.words[0]
	w.id, w.key, w.event = in.MessageID, "staff:"+staffBot+":"+realChat+":"+in.MessageID, in
	l.wrote[w.key], l.order = w, append(l.order, w)
	l.act(w, w.author, acted, func() { l.o.event(in) })
}

// act does something that is, or is not, an explicit act on w, and holds that an act is never lost.
func (l *law) act(w *writing, by string, explicit bool, do func()) {
	l.Helper()
	whispers := l.whispers(by)
	was := w.acted
	w.acted = w.acted || explicit
	do()
	if !explicit || was {
		return
	}
	if l.reached(w) == 0 && l.echoes(w) == 0 && l.whispers(by) == whispers {
		l.Fatalf("an explicit act by %s on %q neither reached the customer nor was reported:\n%s", by, w.words, l.o.transcript(staffBot))
	}
}

// some is one of the messages that were written in a thread, or nil.
func (l *law) some() *writing {
	var list []*writing
	for _, w := range l.order {
		if w.id != "" {
			list = append(list, w)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return rapid.SampledFrom(list).Draw(l.T, "which")
}

func (l *law) edit() {
	w := l.some()
	if w == nil {
		return
	}
	marked := rapid.Bool().Draw(l.T, "marked")
	mark := rapid.SampledFrom(noMarks).Draw(l.T, "no mark")
	if marked {
		mark = rapid.SampledFrom(marks).Draw(l.T, "mark")
	}
	w.words = append(w.words, l.word())
	in := staffEvent(w.author, conversation.KindEdit)
	in.Thread, in.MessageID, in.Text = l.ticket().Card.Thread, w.id, mark+w.words[len(w.words)-1]
	m, err := l.o.db.Desk().Message(l.o.t.Context(), w.key)
	gone := errors.Is(err, conversation.ErrNotFound) || m.Deleted
	if gone || m.Direction == desk.Out { // nothing is left to send, or it is a correction of what was sent
		l.o.event(in)
		return
	}
	l.act(w, w.author, marked, func() { l.o.event(in) })
}

func (l *law) delete() {
	if w := l.some(); w != nil {
		in := staffEvent(w.author, conversation.KindDelete)
		in.Thread, in.MessageID = l.ticket().Card.Thread, w.id
		l.o.event(in)
	}
}

// repeat hands over again what was handed over before, under the same id, or as another event about the same message.
func (l *law) repeat() {
	w := l.some()
	if w == nil {
		return
	}
	in := w.event
	if rapid.Bool().Draw(l.T, "as another event") {
		in.EventID += "again" + l.word()
	}
	l.o.event(in)
}

// form sends the form of a card, twice with the same event now and then.
func (l *law) form() {
	b, ok := l.button("Reply", true)
	if !ok {
		return
	}
	w := &writing{author: l.member(), words: []string{l.word()}}
	in := staffEvent(w.author, conversation.KindForm)
	in.Token, in.EventID, in.Values = b.Token, "form"+w.words[0], map[string]string{"text": w.words[0]}
	w.key, w.event = "form:"+in.EventID, in
	l.wrote[w.key], l.order = w, append(l.order, w)
	l.act(w, w.author, true, func() { l.o.event(in) })
	if rapid.Bool().Draw(l.T, "twice") {
		l.o.event(in)
	}
}

// button is a button of this ticket's that was ever shown.
func (l *law) button(label string, exact bool) (conversation.Button, bool) {
	ticket := l.ticket()
	var list []conversation.Button
	for _, s := range l.o.shown[staffBot] {
		for _, row := range s.rows {
			for _, b := range row {
				var r struct {
					Ticket desk.TicketID `json:"t"`
				}
				if json.Unmarshal(b.Action.Data, &r) == nil && r.Ticket == ticket.ID && (!exact || b.Label == label) {
					list = append(list, b)
				}
			}
		}
	}
	if len(list) == 0 {
		return conversation.Button{}, false
	}
	return rapid.SampledFrom(list).Draw(l.T, "button"), true
}

// press presses any button of the ticket, also one that is long gone or another member's own.
func (l *law) press() {
	b, ok := l.button("", false)
	if !ok || b.Form != nil {
		return
	}
	l.pressed(l.member(), b)
}

// pressShown presses a button if it belongs to this ticket.
func (l *law) pressShown(by string, b conversation.Button) bool {
	var r struct {
		Ticket desk.TicketID `json:"t"`
	}
	if json.Unmarshal(b.Action.Data, &r) != nil || r.Ticket != l.ticket().ID || b.Form != nil {
		return false
	}
	l.see()
	l.pressed(by, b)
	return true
}

func (l *law) pressed(by string, b conversation.Button) {
	l.Helper()
	var r struct {
		Message int64 `json:"m"`
	}
	if err := json.Unmarshal(b.Action.Data, &r); err != nil {
		l.Fatal(err)
	}
	do := func() { l.o.pressToken(by, b.Token, "") }
	switch b.Action.Verb {
	case "suggest", "canned":
		l.ready++
	case "again":
		l.agains++
		if w := l.writingOf(r.Message); w != nil {
			w.agains++
		}
	case "send", "takesend":
		w := l.writingOf(r.Message)
		if w == nil {
			break
		}
		m, err := l.o.db.Desk().MessageByID(l.o.t.Context(), r.Message)
		if err != nil {
			l.Fatal(err)
		}
		if m.Direction == desk.Out { // sent already
			do()
			return
		}
		if by != w.author { // only the author's press is an act
			l.act(w, by, false, do)
			return
		}
		l.act(w, by, l.meant(b, w), do)
		return
	}
	do()
}

// twice presses the lowest question in the thread two times, without looking: another one may have moved to its place.
func (l *law) twice() {
	by := l.member()
	for range 2 {
		for _, s := range slices.Backward(l.o.standing(staffBot)) {
			if s.onlyFor == by && len(s.rows) > 0 && l.pressShown(by, s.rows[0][0]) {
				break
			}
		}
	}
}

// writingOf is the writing behind a row; nil for prepared answers.
func (l *law) writingOf(row int64) *writing {
	m, err := l.o.db.Desk().MessageByID(l.o.t.Context(), row)
	if err != nil {
		return nil
	}
	for _, w := range l.order {
		for _, word := range w.words {
			if w.key == m.Key || w.id == "" && strings.Contains(m.Text, word) {
				return w
			}
		}
	}
	return nil
}

// reached counts the new messages with a writing's words that reached the customer.
func (l *law) reached(w *writing) (n int) {
	for _, i := range l.o.items[shopBot] {
		if i.Body.Kind == conversation.BodyNew && w.said(i.Body.Text.Plain()) {
			n++
		}
	}
	return n
}

func (w *writing) said(text string) bool {
	for _, word := range w.words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// echoes counts what the thread was told about a writing.
func (l *law) echoes(w *writing) (n int) {
	for _, i := range l.o.items[staffBot] {
		if text := i.Body.Text.Plain(); i.Body.Kind == conversation.BodyNew && strings.Contains(text, "Sent to the customer by") && w.said(text) {
			n++
		}
	}
	return n
}

// whispers counts what a member alone was told.
func (l *law) whispers(member string) (n int) {
	for _, i := range l.o.items[staffBot] {
		if i.Body.OnlyFor == member && i.Body.Kind == conversation.BodyNew {
			n++
		}
	}
	return n
}

// check holds the first half of the law.
func (l *law) check() {
	l.Helper()
	prepared := 0
	for _, i := range l.o.items[shopBot] {
		text := i.Body.Text.Plain()
		if i.Body.Kind == conversation.BodyNew && (strings.Contains(text, "Turn it to the left.") || strings.Contains(text, "Bring it to the shop.") || strings.Contains(text, "One moment, please.")) && i.To.Chat == "chat-"+l.who {
			prepared++
		}
	}
	if prepared > l.ready+l.agains {
		l.Fatalf("%d prepared answers reached the customer after %d presses", prepared, l.ready+l.agains)
	}
	for _, w := range l.order {
		n := l.reached(w)
		if !w.acted {
			for _, i := range l.o.items[shopBot] {
				if w.said(i.Body.Text.Plain()) {
					l.Fatalf("%q reached the customer without an explicit act", w.words)
				}
			}
			continue
		}
		if n > 1+w.agains {
			l.Fatalf("%q reached the customer %d times after %d presses on Send again", w.words, n, w.agains)
		}
	}
}

// checkEchoes holds the second half: whatever reached the customer was told in the thread.
func (l *law) checkEchoes() {
	l.Helper()
	for _, w := range l.order {
		if n, told := l.reached(w), l.echoes(w); told < n {
			l.Fatalf("%q reached the customer %d times and was told %d times", w.words, n, told)
		}
	}
}
