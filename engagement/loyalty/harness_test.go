package loyalty_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/shoptest"
)

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

// shop is a service with the programme.
type shop struct {
	*shoptest.Shop
	*loyalty.Programme
	tickets []conversation.Handoff
}

// exec runs a statement behind the program's back.
func (s *shop) exec(query string) {
	s.T.Helper()
	driver, source := "postgres", s.URL
	if path, ok := strings.CutPrefix(s.URL, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.T.Fatal(err)
	}
	if _, err := db.ExecContext(s.T.Context(), query); err != nil {
		s.T.Fatal(err)
	}
	if err := db.Close(); err != nil {
		s.T.Fatal(err)
	}
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
	s := &shop{Shop: shoptest.Open(t, url, start)}
	s.DB.OnTicket(func(_ context.Context, _ *persistence.Tx, ticket persistence.Ticket) error {
		s.tickets = append(s.tickets, ticket.Handoff)
		return nil
	})
	set, r := sections(t, content)
	for _, p := range r.Problems() {
		t.Fatalf("the programme is not as it should be: %+v", p)
	}
	s.Programme = loyalty.New(set)
	p := s.Programme
	p.Currency, p.Zone, p.Languages, p.Terms = "AZN", mustLoad(t, "Asia/Baku"), s.Shop.Languages, "3"
	p.Texts, p.Store = s.Shop.Texts, s.DB.Loyalty()
	skills := []conversation.Skill{commands.Stop{Voice: s.Voice, Surveys: "survey"}, commands.Help{Voice: s.Voice, Commands: s.Commands()}}
	skills = append(skills, s.Skills()...)
	s.Start(append(skills, conversation.OpenStep{}, commands.Media{Voice: s.Voice})...)
	return s
}

func mustLoad(t testing.TB, zone string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// advance moves the clock through everything that falls due and answers what a person heard meanwhile.
func (s *shop) advance(who string, by time.Duration) string {
	s.T.Helper()
	before, end := len(s.Sent[who]), s.Clock.Now().Add(by)
	driver := clock.NewDriver(s.Clock, nil, s.Agendas()...)
	err := driver.AdvanceTo(s.T.Context(), end, func(context.Context) error {
		s.Deliver()
		return nil
	})
	if err != nil {
		s.T.Fatal(err)
	}
	s.Deliver()
	return s.Heard(who, before)
}

// member is meet for a person who joins; the welcome gift of 10 points is theirs.
func (s *shop) member(who string) conversation.CustomerID {
	s.T.Helper()
	id := s.Meet(who)
	s.Say(who, "/join")
	if got := s.Press(who, "Join"); !strings.Contains(got, "You have joined") {
		s.T.Fatalf("joining answered %q", got)
	}
	return id
}

// buy takes a purchase of somebody and answers what the person heard.
func (s *shop) buy(who, id string, total int64) string {
	s.T.Helper()
	before := len(s.Sent[who])
	s.purchase(loyalty.Order{Source: "till", ID: id, Customer: s.Customer(who), Total: total, Currency: "AZN"})
	s.Deliver()
	return s.Heard(who, before)
}

func (s *shop) purchase(o loyalty.Order) loyalty.Receipt {
	s.T.Helper()
	rec, err := s.Purchase(s.T.Context(), o, s.Clock.Now())
	if err != nil {
		s.T.Fatalf("Purchase(%s): %v", o.ID, err)
	}
	return rec
}

// account reads a person's account and proves the books.
func (s *shop) account(who conversation.CustomerID) loyalty.Account {
	s.T.Helper()
	proof, err := s.Store.Verify(s.T.Context(), 10)
	if err != nil || len(proof.Findings) > 0 {
		s.T.Errorf("Verify() = %+v, %v", proof.Findings, err)
	}
	a, err := s.ReadAccount(s.T.Context(), who, s.Clock.Now())
	if err != nil {
		s.T.Fatal(err)
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
