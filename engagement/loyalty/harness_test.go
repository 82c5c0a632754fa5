package loyalty_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

const account = "telegram:1"

// start is when the tests' business clock begins: ten in the morning in Baku.
var start = time.Date(2026, 12, 2, 6, 0, 0, 0, time.UTC)

// file is the tests' programme.
const file = `
points:
  expire_after: 1y
  warn_before: 30d
  hold: 2d
  earn:
    purchase: {per: {AZN: 1}, points: 1, categories: {beans: {times: 2, title: Coffee beans}, cups: 1.5}}
    welcome: {on: join, points: 10}
    happy_week: {multiply: 2, from: 2026-12-20, until: 2026-12-27, title: Happy week}
tiers:
  grace: 30d
  levels:
    green: {from: 0, title: Green}
    silver: {from: 100, title: Silver, privileges: Free syrup}
    gold: {from: 900, title: Gold}
rewards:
  latte: {points: 120, title: Free latte, valid: 30d}
  card: {points: 400, kind: gift_card, value: 20, title: Gift card}
  mug: {points: 30, kind: physical, stock: 1, title: Mug, topic: delivery}
  tasting: {points: 0, kind: event, at: 2027-01-16T18:00, seats: 1, tier: silver, title: Tasting}
`

// sections decodes a programme and what is wrong with it.
func sections(t testing.TB, content string) (loyalty.Sections, *config.Report) {
	t.Helper()
	var set struct {
		Points  *loyalty.Config            `yaml:"points"`
		Tiers   *loyalty.Tiers             `yaml:"tiers"`
		Rewards config.Map[loyalty.Reward] `yaml:"rewards"`
		Sources config.Map[loyalty.Source] `yaml:"sources"`
	}
	doc, r := config.Parse("rapport.yaml", []byte(content), config.Options{})
	config.Decode(doc.Root, &set, r)
	s := loyalty.Sections{Points: set.Points, Tiers: set.Tiers, Rewards: &set.Rewards}
	s.CheckTogether("AZN", r)
	return s, r
}

// shop is a service with a business clock, a database and what was sent by chat.
type shop struct {
	*loyalty.Programme
	t       testing.TB
	db      *persistence.DB
	clock   *clock.Movable
	engine  *conversation.Engine
	lease   outbox.Lease
	settled chan struct{}
	sent    map[string][]outbox.Item // by chat
	events  int
	tickets []conversation.Handoff
	url     string
}

// exec runs a statement behind the program's back.
func (s *shop) exec(query string) {
	s.t.Helper()
	driver, source := "postgres", s.url
	if path, ok := strings.CutPrefix(s.url, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := db.ExecContext(s.t.Context(), query); err != nil {
		s.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
}

// told tells when an event is settled.
type told struct {
	conversation.Store
	settled chan struct{}
}

func (s told) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	err := s.Store.Settle(ctx, t, c)
	if err == nil {
		s.settled <- struct{}{}
	}
	return err
}

// onBoth runs a test with a shop on each database.
func onBoth(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newShop(t, migrated.SQLite(t), file))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newShop(t, migrated.Postgres(t), file))
	})
}

func newShop(t *testing.T, url, content string) *shop {
	t.Helper()
	s := &shop{t: t, url: url, clock: clock.NewMovable(time.Until(start)), settled: make(chan struct{}, 64), sent: map[string][]outbox.Item{}}
	var err error
	if s.db, err = persistence.Open(t.Context(), url, persistence.Options{Clock: s.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.db.OnTicket(func(_ context.Context, _ *persistence.Tx, ticket persistence.Ticket) error {
		s.tickets = append(s.tickets, ticket.Handoff)
		return nil
	})
	set, r := sections(t, content)
	for _, p := range r.Problems() {
		t.Fatalf("the programme is not as it should be: %+v", p)
	}
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.OnMissing(func(err error) { t.Errorf("a text is missing: %v", err) })
	s.Programme = loyalty.New(set)
	s.Currency, s.Zone, s.Languages, s.Terms = "AZN", mustLoad(t, "Asia/Baku"), []language.Code{language.English, language.Azerbaijani}, "3"
	s.Texts, s.Store = catalogue, s.db.Loyalty()
	s.startEngine(t, catalogue)
	if s.lease, err = s.db.Outbox().Acquire(t.Context(), account, "test", time.Hour); err != nil {
		t.Fatal(err)
	}
	return s
}

// startEngine runs the programme's skills among the others.
func (s *shop) startEngine(t *testing.T, catalogue *texts.Catalogue) {
	t.Helper()
	voice := commands.Voice{
		Texts: catalogue, Languages: s.Languages, Notice: func(language.Code) string { return "" },
		Desk: commands.Handover{Texts: catalogue, FirstResponse: time.Minute},
	}
	skills := []conversation.Skill{commands.Stop{Voice: voice, Surveys: "survey"}, commands.Help{Voice: voice, Commands: s.Commands()}}
	skills = append(skills, s.Skills()...)
	var err error
	s.engine, err = conversation.NewEngine(conversation.Config{
		Store: told{s.db.Conversations(), s.settled}, Skills: append(skills, conversation.OpenStep{}, commands.Media{Voice: voice}),
		Fallback: commands.Fallback{Voice: voice}, Rescue: commands.Agent{Voice: voice}.Rescue,
		Business: s.clock, Languages: s.Languages, Wait: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	})
}

func mustLoad(t testing.TB, zone string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// event hands one event over and waits until it is settled and everything has been sent.
func (s *shop) event(who string, in conversation.Inbound) {
	s.t.Helper()
	s.events++
	in.Address = conversation.Address{Channel: "telegram", Account: account, Chat: "chat-" + who}
	in.EventID, in.From, in.At = fmt.Sprint(s.events), conversation.Sender{UserID: who}, s.clock.Now()
	in.Private = !in.Mentioned
	if in.Mentioned {
		in.Chat = "chat-group"
	}
	if err := s.engine.Receive(s.t.Context(), in); err != nil {
		s.t.Fatal(err)
	}
	<-s.settled
	s.deliver()
}

// say types a text and answers what came back.
func (s *shop) say(who, text string) string {
	s.t.Helper()
	before := len(s.sent[who])
	in := conversation.Inbound{Kind: conversation.KindMessage, Text: text}
	if name, ok := strings.CutPrefix(text, "/"); ok {
		in.Command = name
	}
	s.event(who, in)
	return s.heard(who, before)
}

// button finds the newest button with that label.
func (s *shop) button(who, label string) string {
	s.t.Helper()
	for i := len(s.sent[who]) - 1; i >= 0; i-- {
		for _, row := range s.sent[who][i].Body.Rows {
			for _, b := range row {
				if b.Label == label && b.Token != "" {
					return b.Token
				}
			}
		}
	}
	s.t.Fatalf("%s has no button %q", who, label)
	return ""
}

// press presses the newest button with that label and answers what came back.
func (s *shop) press(who, label string) string {
	s.t.Helper()
	return s.pressToken(who, s.button(who, label))
}

func (s *shop) pressToken(who, token string) string {
	s.t.Helper()
	before := len(s.sent[who])
	s.event(who, conversation.Inbound{Kind: conversation.KindPress, Token: token})
	return s.heard(who, before)
}

// heard is what a person was sent from a message on; edits of earlier ones are left out.
func (s *shop) heard(who string, from int) string {
	var out []string
	for _, i := range s.sent[who][from:] {
		if i.Body.Kind != conversation.BodyNew {
			continue
		}
		line := i.Body.Text.Plain()
		for _, row := range i.Body.Rows {
			for _, b := range row {
				line += " [" + b.Label + "]"
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n--\n")
}

// deliver sends what is due until nothing is.
func (s *shop) deliver() {
	s.t.Helper()
	for {
		var ids []conversation.OutgoingID
		for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
			list, err := s.db.Outbox().Waiting(s.t.Context(), account, lane, 0, 1000)
			if err != nil {
				s.t.Fatal(err)
			}
			for _, w := range list {
				ids = append(ids, w.ID)
			}
		}
		items, err := s.db.Outbox().Claim(s.t.Context(), s.lease, ids, s.clock.Now())
		if err != nil {
			s.t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		results := make([]outbox.Result, len(items))
		for n, i := range items {
			results[n] = outbox.Result{ID: i.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: fmt.Sprint(i.ID)}}
			who := strings.TrimPrefix(i.To.Chat, "chat-")
			s.sent[who] = append(s.sent[who], i)
		}
		if err := s.db.Outbox().Settle(s.t.Context(), s.lease, results); err != nil {
			s.t.Fatal(err)
		}
	}
}

// advance moves the clock through everything that falls due and answers what a person heard meanwhile.
func (s *shop) advance(who string, by time.Duration) string {
	s.t.Helper()
	before, end := len(s.sent[who]), s.clock.Now().Add(by)
	driver := clock.NewDriver(s.clock, nil, s.Agendas()...)
	err := driver.AdvanceTo(s.t.Context(), end, func(context.Context) error {
		s.deliver()
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.deliver()
	return s.heard(who, before)
}

// meet makes a person known and answers the record.
func (s *shop) meet(who string) conversation.CustomerID {
	s.t.Helper()
	s.say(who, "/help")
	id, err := s.db.FindCustomer(s.t.Context(), "telegram", who)
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

// member is meet for a person who joins; the welcome gift of 10 points is theirs.
func (s *shop) member(who string) conversation.CustomerID {
	s.t.Helper()
	id := s.meet(who)
	s.say(who, "/join")
	if got := s.press(who, "Join"); !strings.Contains(got, "You have joined") {
		s.t.Fatalf("joining answered %q", got)
	}
	return id
}

// buy takes a purchase of somebody and answers what the person heard.
func (s *shop) buy(who, id string, total int64) string {
	s.t.Helper()
	customer, err := s.db.FindCustomer(s.t.Context(), "telegram", who)
	if err != nil {
		s.t.Fatal(err)
	}
	before := len(s.sent[who])
	s.purchase(loyalty.Order{Source: "till", ID: id, Customer: customer, Total: total, Currency: "AZN"})
	s.deliver()
	return s.heard(who, before)
}

func (s *shop) purchase(o loyalty.Order) loyalty.Receipt {
	s.t.Helper()
	rec, err := s.Purchase(s.t.Context(), o, s.clock.Now())
	if err != nil {
		s.t.Fatalf("Purchase(%s): %v", o.ID, err)
	}
	return rec
}

// account reads a person's account and proves the books.
func (s *shop) account(who conversation.CustomerID) loyalty.Account {
	s.t.Helper()
	proof, err := s.Store.Verify(s.t.Context(), 10)
	if err != nil || len(proof.Findings) > 0 {
		s.t.Errorf("Verify() = %+v, %v", proof.Findings, err)
	}
	a, err := s.ReadAccount(s.t.Context(), who, s.clock.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func wants(t testing.TB, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("it says %q, which lacks %q", got, part)
		}
	}
}

func lacks(t testing.TB, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(got, part) {
			t.Errorf("it says %q, which should not have %q", got, part)
		}
	}
}
