package survey_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

const account = "telegram:1"

// start is when the tests' business clock begins: ten in the morning in Baku.
var start = time.Date(2026, 12, 2, 6, 0, 0, 0, time.UTC)

// file is what the tests' operator asks.
const file = `surveys:
  nps: {kind: nps, every: month 1 10:00, recontact: 20d, window: 10d, reminder_after: 3d, reward: {points: 20}, alert: {at_most: 6, topic: complaint, ask_again_after: 7d}, review: "https://example.com/review"}
  support: {kind: csat, touchpoint: support, on: ticket.resolved, after: 10m, alert: {at_most: 2, topic: complaint}}
  purchase: {kind: csat, touchpoint: purchase, on: order, after: 1h}
  easy: {kind: ces, touchpoint: support}
  first: {on: order.first, after: 1h, questions: [bank.experience.ease, bank.experience.information, bank.product.improve], reward: {points: 5}}
`

// section decodes a file's surveys.
func section(t testing.TB, content string) *survey.Section {
	t.Helper()
	set, r := decode(t, content)
	for _, p := range r.Problems() {
		t.Fatalf("the surveys are not as they should be: %+v", p)
	}
	return set
}

// shop is a service with a business clock, a database and what was sent by chat.
type shop struct {
	t       testing.TB
	db      *persistence.DB
	clock   *clock.Movable
	agenda  *survey.Agenda
	engine  *conversation.Engine
	lease   outbox.Lease
	settled chan struct{}
	sent    map[string][]outbox.Item // by chat
	events  int
	skill   *survey.Skill
	url     string
	raw     *sqlx.DB     // beside the program
	opened  atomic.Int64 // tickets
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

// answers is a knowledge base with one article.
type answers struct{}

func (answers) Name() string { return "answers" }

func (answers) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !strings.Contains(t.In.Text, "delivery") {
		return nil, nil
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(texts.Literal("We deliver everywhere.")))
		return t.Dialogue, err
	}, nil
}

// certain says what the article answers.
func certain(_ context.Context, t conversation.Turn) (bool, error) {
	return strings.Contains(t.In.Text, "delivery"), nil
}

// onBoth runs a test with a shop on each database.
func onBoth(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newShop(t, migrated.SQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newShop(t, migrated.Postgres(t)))
	})
}

func newShop(t *testing.T, url string) *shop {
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
	s.countTickets()
	s.db.OnReport(survey.ReportKind, persistence.SettleInvitations)
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.OnMissing(func(err error) { t.Errorf("a text is missing: %v", err) })
	s.skill = &survey.Skill{Surveys: section(t, file), Texts: catalogue, Languages: []language.Code{language.English, language.Azerbaijani}, Stores: s.db.Surveys(), Reward: s.reward, Question: certain}
	s.agenda = &survey.Agenda{Skill: s.skill, Zone: time.UTC, Clock: s.clock}
	voice := commands.Voice{Texts: catalogue, Languages: s.skill.Languages, Notice: func(language.Code) string { return "" }, Desk: commands.Handover{Texts: catalogue, FirstResponse: time.Minute}}
	s.engine, err = conversation.NewEngine(conversation.Config{
		Store: told{s.db.Conversations(), s.settled},
		Skills: []conversation.Skill{
			commands.Stop{Voice: voice, Surveys: s.skill.Name(), OnStop: s.skill.OnStop, OnLeave: s.skill.OnLeave},
			commands.Help{Voice: voice, Commands: []string{"help"}},
			conversation.OpenStep{},
			s.skill,
			answers{},
		},
		Fallback: commands.Fallback{Voice: voice}, Rescue: commands.Agent{Voice: voice}.Rescue,
		Business: s.clock, Languages: s.skill.Languages, Wait: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.lease, err = s.db.Outbox().Acquire(t.Context(), account, "test", time.Hour); err != nil {
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
	return s
}

// reward posts points to the real ledger.
func (s *shop) reward(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, invitation, points int64, at time.Time) error {
	g := loyalty.SurveyReward(who, invitation, points, at)
	_, err := s.db.Loyalty().In(tx).Post(ctx, loyalty.Entry{
		Source: g.Source, SourceID: g.SourceID, Kind: loyalty.Earn, Customer: who, Points: points, Reason: g.Reason, At: at,
	})
	return err
}

// event hands one event over and waits until it is settled and everything has been sent.
func (s *shop) event(who string, in conversation.Inbound) {
	s.t.Helper()
	s.events++
	in.Address = conversation.Address{Channel: "telegram", Account: account, Chat: "chat-" + who}
	in.EventID, in.From, in.Private, in.At = fmt.Sprint(s.events), conversation.Sender{UserID: who}, true, s.clock.Now()
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

// press presses the newest button with that label and answers what came back.
func (s *shop) press(who, label string) string {
	s.t.Helper()
	before := len(s.sent[who])
	for i := before - 1; i >= 0; i-- {
		for _, row := range s.sent[who][i].Body.Rows {
			for _, b := range row {
				if b.Label == label && b.Token != "" {
					s.event(who, conversation.Inbound{Kind: conversation.KindPress, Token: b.Token})
					return s.heard(who, before)
				}
			}
		}
	}
	s.t.Fatalf("%s has no button %q", who, label)
	return ""
}

// heard is what a person was sent from a message on.
func (s *shop) heard(who string, from int) string {
	var out []string
	for _, i := range s.sent[who][from:] {
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

// advance moves the clock through everything that falls due.
func (s *shop) advance(by time.Duration) {
	s.t.Helper()
	end := s.clock.Now().Add(by)
	for range 10_000 {
		at, ok, err := s.agenda.Next(s.t.Context())
		if err != nil {
			s.t.Fatal(err)
		}
		if !ok || at.After(end) {
			s.clock.MoveTo(end)
			s.deliver()
			return
		}
		s.clock.MoveTo(at)
		if _, err := s.agenda.RunDue(s.t.Context(), s.clock.Now()); err != nil {
			s.t.Fatal(err)
		}
		s.deliver()
	}
	s.t.Fatal("the agenda does not come to rest")
}

// since answers what a person was sent while the clock moved.
func (s *shop) since(who string, by time.Duration) string {
	s.t.Helper()
	before := len(s.sent[who])
	s.advance(by)
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

// invite has a person asked now and answers what came.
func (s *shop) invite(who, surveyID string) string {
	s.t.Helper()
	id := s.meet(who)
	if fresh, err := s.agenda.Invite(s.t.Context(), id, surveyID, fmt.Sprint("test", s.events)); err != nil || !fresh {
		s.t.Fatalf("Invite() = %t, %v", fresh, err)
	}
	return s.since(who, 0)
}

// happen emits an event about a person.
func (s *shop) happen(who conversation.CustomerID, kind, key string) {
	s.t.Helper()
	err := s.db.ForCustomer(s.t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		_, err := tx.(engagement.Emitter).Emit(ctx, engagement.Event{Kind: kind, Key: key, Customer: who, At: s.clock.Now()})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// invitations lists a person's, the newest first.
func (s *shop) invitations(who string) []survey.Invitation {
	s.t.Helper()
	id, err := s.db.FindCustomer(s.t.Context(), "telegram", who)
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := s.db.Surveys().Invitations(s.t.Context(), id, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// points is a person's balance.
func (s *shop) points(who string) int64 {
	s.t.Helper()
	id, err := s.db.FindCustomer(s.t.Context(), "telegram", who)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := s.db.Loyalty().ReadAccount(s.t.Context(), id, s.clock.Now(), start)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Spendable
}

// want fails unless text holds all parts.
func want(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in\n%s", p, text)
		}
	}
}

// decode reads a file's surveys with what is wrong with them.
func decode(t testing.TB, content string) (*survey.Section, *config.Report) {
	t.Helper()
	return read(t, content, survey.Known{Points: true})
}
