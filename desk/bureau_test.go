package desk_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

const (
	phones = "telegram:1" // our account among customers
	slacks = "slack:1"    // our account among staff
)

// bureau is a whole desk in virtual time: database, engine, agendas, and what was sent on both sides. Customers write in
// English; times are those of Baku.
type bureau struct {
	t       *testing.T
	db      *persistence.DB
	clock   *clock.Movable
	driver  *clock.Driver
	engine  *conversation.Engine
	agenda  *desk.Agenda
	leases  map[string]outbox.Lease
	settled chan struct{}
	sent    map[string][]outbox.Item // by chat
	events  int
	down    bool // the staff platform does not answer
}

// ended tells when an event is settled.
type ended struct {
	conversation.Store
	settled chan struct{}
}

func (s ended) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	err := s.Store.Settle(ctx, t, c)
	if err == nil {
		s.settled <- struct{}{}
	}
	return err
}

// inBureaus runs a test with a bureau on each database whose clock stands at a time of Baku.
func inBureaus(t *testing.T, at string, test func(t *testing.T, b *bureau)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newBureau(t, migrated.SQLite(t), at))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newBureau(t, migrated.Postgres(t), at))
	})
}

func newBureau(t *testing.T, url, at string) *bureau {
	t.Helper()
	b := &bureau{
		t: t, clock: clock.NewStepping(when(t, at)), settled: make(chan struct{}, 256), sent: map[string][]outbox.Item{},
		leases: map[string]outbox.Lease{},
	}
	var err error
	if b.db, err = persistence.Open(t.Context(), url, persistence.Options{Clock: b.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := b.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wire()
	for _, account := range []string{phones, slacks} {
		if b.leases[account], err = b.db.Outbox().Acquire(t.Context(), account, "test", time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	})
	return b
}

// wire makes the desk's parts as the program does.
func (b *bureau) wire() {
	b.t.Helper()
	catalogue, err := texts.Load()
	if err != nil {
		b.t.Fatal(err)
	}
	catalogue.OnMissing(func(err error) { b.t.Errorf("a text is missing: %v", err) })
	set := desk.Defaults()
	doc, r := config.Parse("rapport.yaml", []byte("topics: {complaint: {escalate_to: '#managers'}}"), config.Options{})
	config.Decode(doc.Root, &set, r)
	if p := r.Problems(); len(p) > 0 {
		b.t.Fatal(p)
	}
	c := clocks(b.t)
	c.Reopen = set.Reopen.Std()
	d := &desk.Desk{
		Staff: desk.Staff{Channel: "#support", Hours: c.Hours.Hours, Language: language.English}, Config: &set, Stores: b.db.Desk(), Texts: catalogue,
		Zone: c.Hours.Zone, Business: b.clock, Log: slog.New(slog.DiscardHandler), Times: c, Platform: "slack", Account: func() string { return slacks },
	}
	b.agenda = &desk.Agenda{Desk: d, Clocks: c, Timed: b.db.DeskTimes(), Burst: b.db.DeskTimes()}
	handover := &desk.Handover{Desk: d, Clocks: c, Timed: b.db.DeskTimes()}
	b.driver = clock.NewDriver(b.clock, d.Log, b.agenda, &desk.Cards{Desk: d, Group: b.agenda.Group}, persistence.NewHeld(b.db, b.clock.Now))
	b.db.OnTicket(func(ctx context.Context, tx *persistence.Tx, t persistence.Ticket) error {
		return d.Opened(ctx, tx, desk.TicketID(t.ID), t.Fresh)
	})
	b.db.OnReport(desk.CardReport, persistence.CardSent)
	b.db.OnReport(desk.GroupReport, persistence.GroupSent)
	voice := commands.Voice{Texts: catalogue, Languages: []language.Code{language.English}, Notice: func(language.Code) string { return "" }, Desk: handover}
	talk := commands.SmallTalk{Voice: voice}
	b.engine, err = conversation.NewEngine(conversation.Config{
		Store: ended{b.db.Conversations(), b.settled},
		Skills: []conversation.Skill{
			commands.Agent{Voice: voice}, handover, desk.Human{Desk: d, Usual: []conversation.Skill{talk}, Hand: handover}, conversation.OpenStep{}, talk,
		},
		Staff: desk.StaffSkill{Desk: d}, Fallback: commands.Fallback{Voice: voice}, Rescue: commands.Agent{Voice: voice}.Rescue,
		Business: b.clock, Languages: voice.Languages, Wait: -1,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.db.SetGate(persistence.AttentionGate(attention.Policy{PerDay: 5, PerWeek: 20, Zone: c.Hours.Zone}))
}

// event hands one event over, waits until it is settled, and has everything sent that follows.
func (b *bureau) event(in conversation.Inbound) {
	b.t.Helper()
	b.arrive(in)
	b.rest()
}

// arrive hands one event over and waits until it is settled.
func (b *bureau) arrive(in conversation.Inbound) {
	b.t.Helper()
	b.events++
	in.EventID, in.At = fmt.Sprint(b.events), b.clock.Now()
	if in.MessageID == "" {
		in.MessageID = "m" + in.EventID
	}
	if err := b.engine.Receive(b.t.Context(), in); err != nil {
		b.t.Fatal(err)
	}
	<-b.settled
}

// customer is an event of a customer's private chat.
func customer(who, text string) conversation.Inbound {
	in := conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: phones, Chat: who}, Kind: conversation.KindMessage, Private: true,
		From: conversation.Sender{UserID: who, Name: "Name " + who}, Text: text,
	}
	if name, ok := strings.CutPrefix(text, "/"); ok {
		in.Command = name
	}
	return in
}

// say has a customer write, and answers what came back.
func (b *bureau) say(who, text string) string {
	b.t.Helper()
	before := len(b.sent[who])
	b.event(customer(who, text))
	return b.heard(who, before)
}

// heard is what a chat was sent from a message on.
func (b *bureau) heard(chat string, from int) string {
	var out []string
	for _, i := range b.sent[chat][from:] {
		out = append(out, i.Body.Text.Plain())
	}
	return strings.Join(out, "\n--\n")
}

// meanwhile answers what a chat was sent while the clock moved to a time of Baku.
func (b *bureau) meanwhile(chat, until string) string {
	b.t.Helper()
	before := len(b.sent[chat])
	b.to(until)
	return b.heard(chat, before)
}

// to moves the clock through everything that falls due.
func (b *bureau) to(until string) {
	b.t.Helper()
	err := b.driver.AdvanceTo(b.t.Context(), when(b.t, until), func(context.Context) error { b.deliver(); return nil })
	if err != nil {
		b.t.Fatal(err)
	}
	b.rest()
}

// rest runs what is due now and sends it, until there is nothing.
func (b *bureau) rest() {
	b.t.Helper()
	for range 3 {
		if err := b.driver.AdvanceTo(b.t.Context(), b.clock.Now(), func(context.Context) error { b.deliver(); return nil }); err != nil {
			b.t.Fatal(err)
		}
		b.deliver()
	}
}

// deliver sends what is due until nothing is; to staff only while their platform answers.
func (b *bureau) deliver() {
	b.t.Helper()
	for _, account := range []string{phones, slacks} {
		for !b.down || account != slacks {
			var ids []conversation.OutgoingID
			for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
				list, err := b.db.Outbox().Waiting(b.t.Context(), account, lane, 0, 1000)
				if err != nil {
					b.t.Fatal(err)
				}
				for _, w := range list {
					if !w.NotBefore.After(b.clock.Now()) {
						ids = append(ids, w.ID)
					}
				}
			}
			items, err := b.db.Outbox().Claim(b.t.Context(), b.leases[account], ids, b.clock.Now())
			if err != nil {
				b.t.Fatal(err)
			}
			if len(items) == 0 {
				break
			}
			results := make([]outbox.Result, len(items))
			for n, i := range items {
				results[n] = outbox.Result{ID: i.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: fmt.Sprint("ts", i.ID)}}
				b.sent[i.To.Chat] = append(b.sent[i.To.Chat], i)
			}
			if err := b.db.Outbox().Settle(b.t.Context(), b.leases[account], results); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// press has a member of staff press the newest button whose label begins so, in the staff channel.
func (b *bureau) press(who, label string) {
	b.t.Helper()
	items := b.sent["#support"]
	for n := len(items) - 1; n >= 0; n-- {
		for _, row := range items[n].Body.Rows {
			for _, button := range row {
				if strings.HasPrefix(button.Label, label) && button.Token != "" {
					b.event(conversation.Inbound{
						Address: conversation.Address{Channel: "slack", Account: slacks, Chat: "#support"}, Kind: conversation.KindPress, Staff: true,
						From: conversation.Sender{UserID: who, Name: "Name " + who}, Token: button.Token,
					})
					return
				}
			}
		}
	}
	b.t.Fatalf("there is no button %q", label)
}

// reply has a member of staff answer a customer with the reply mark.
func (b *bureau) reply(who, customer, text string) {
	b.t.Helper()
	t := b.ticket(customer)
	b.event(conversation.Inbound{
		Address: conversation.Address{Channel: "slack", Account: slacks, Chat: "#support", Thread: t.Card.Thread}, Kind: conversation.KindMessage, Staff: true,
		From: conversation.Sender{UserID: who, Name: "Name " + who}, Text: ">> " + text,
	})
}

// ticket is a customer's newest one.
func (b *bureau) ticket(who string) desk.Ticket {
	b.t.Helper()
	id, err := b.db.FindCustomer(b.t.Context(), "telegram", who)
	if err != nil {
		b.t.Fatal(err)
	}
	list, err := b.db.Tickets(b.t.Context(), id, 1)
	if err != nil || len(list) == 0 {
		b.t.Fatalf("the ticket of %s: %v, %v", who, list, err)
	}
	t, err := b.db.Desk().Ticket(b.t.Context(), desk.TicketID(list[0].ID))
	if err != nil {
		b.t.Fatal(err)
	}
	return t
}

// want fails unless text holds all parts, in their order.
func want(t testing.TB, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Errorf("%q is missing in\n%s", p, text)
			return
		}
		rest = after
	}
}

// silent fails if anything was said.
func silent(t testing.TB, text string) {
	t.Helper()
	if text != "" {
		t.Errorf("unexpected:\n%s", text)
	}
}
