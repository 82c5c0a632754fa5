package survey_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/shoptest"
	"github.com/rapport-chat/rapport/texts"
)

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

// shop is a service with surveys.
type shop struct {
	*shoptest.Shop
	agenda *survey.Agenda
	skill  *survey.Skill
	raw    *sqlx.DB     // beside the program
	opened atomic.Int64 // tickets
}

// answers is a knowledge base with one article.
type answers struct{}

func (answers) Name() string { return "answers" }

func (answers) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !strings.Contains(t.In.Text, "delivery") && t.In.Text != "11" { // as an article that says "11:00–22:00" might
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
	s := &shop{Shop: shoptest.Open(t, url, start)}
	s.countTickets()
	s.DB.OnReport(survey.ReportKind, persistence.SettleInvitations)
	s.skill = &survey.Skill{Surveys: section(t, file), Texts: s.Texts, Languages: s.Languages, Stores: s.DB.Surveys(), Reward: s.reward, Question: certain}
	s.agenda = &survey.Agenda{Skill: s.skill, Zone: time.UTC, Clock: s.Clock}
	s.Start(
		commands.Stop{Voice: s.Voice, Surveys: s.skill.Name(), OnStop: s.skill.OnStop, OnLeave: s.skill.OnLeave},
		commands.Help{Voice: s.Voice, Commands: []string{"help"}},
		commands.Agent{Voice: s.Voice},
		conversation.OpenStep{},
		s.skill,
		answers{},
	)
	return s
}

// reward posts points to the real ledger.
func (s *shop) reward(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, invitation, points int64, at time.Time) error {
	g := loyalty.SurveyReward(who, invitation, points, at)
	_, err := s.DB.Loyalty().In(tx).Post(ctx, loyalty.Entry{
		Source: g.Source, SourceID: g.SourceID, Kind: loyalty.Earn, Customer: who, Points: points, Reason: g.Reason, At: at,
	})
	return err
}

// advance moves the clock through everything that falls due.
func (s *shop) advance(by time.Duration) {
	s.T.Helper()
	end := s.Clock.Now().Add(by)
	for range 10_000 {
		at, ok, err := s.agenda.Next(s.T.Context())
		if err != nil {
			s.T.Fatal(err)
		}
		if !ok || at.After(end) {
			s.Clock.MoveTo(end)
			s.Deliver()
			return
		}
		s.Clock.MoveTo(at)
		if _, err := s.agenda.RunDue(s.T.Context(), s.Clock.Now()); err != nil {
			s.T.Fatal(err)
		}
		s.Deliver()
	}
	s.T.Fatal("the agenda does not come to rest")
}

// since answers what a person was sent while the clock moved.
func (s *shop) since(who string, by time.Duration) string {
	s.T.Helper()
	before := len(s.Sent[who])
	s.advance(by)
	return s.Heard(who, before)
}

// invite has a person asked now and answers what came.
func (s *shop) invite(who, surveyID string) string {
	s.T.Helper()
	id := s.Meet(who)
	if fresh, err := s.agenda.Invite(s.T.Context(), id, surveyID, fmt.Sprint("test", s.Events)); err != nil || !fresh {
		s.T.Fatalf("Invite() = %t, %v", fresh, err)
	}
	return s.since(who, 0)
}

// happen emits an event about a person.
func (s *shop) happen(who conversation.CustomerID, kind, key string) {
	s.T.Helper()
	err := s.DB.ForCustomer(s.T.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		_, err := tx.(engagement.Emitter).Emit(ctx, engagement.Event{Kind: kind, Key: key, Customer: who, At: s.Clock.Now()})
		return err
	})
	if err != nil {
		s.T.Fatal(err)
	}
}

// invitations lists a person's, the newest first.
func (s *shop) invitations(who string) []survey.Invitation {
	s.T.Helper()
	list, err := s.DB.Surveys().Invitations(s.T.Context(), s.Customer(who), 100)
	if err != nil {
		s.T.Fatal(err)
	}
	return list
}

// points is a person's balance.
func (s *shop) points(who string) int64 {
	s.T.Helper()
	a, err := s.DB.Loyalty().ReadAccount(s.T.Context(), s.Customer(who), s.Clock.Now(), start)
	if err != nil {
		s.T.Fatal(err)
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
