// Package shoptest is a service in miniature for the tests of features: a database, a business clock, an engine, and one
// messenger that keeps what people are sent. Which skills there are, and what falls due, is the feature's own.
package shoptest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// Account is the bot that people write to.
const Account = "telegram:1"

// Shop is the service. Its methods fail the test where something goes wrong; they are for one goroutine.
type Shop struct {
	T         testing.TB
	URL       string
	DB        *persistence.DB
	Clock     *clock.Movable
	Texts     *texts.Catalogue
	Languages []language.Code
	// Voice is what the built-in skills speak with.
	Voice commands.Voice
	// Sent holds all that was sent, by person; what went to the group is under "group".
	Sent map[string][]outbox.Item
	// Events counts what people have done.
	Events int

	engine  *conversation.Engine
	lease   outbox.Lease
	settled chan struct{}
}

// Open opens the shop on the database at url, which gets the schema if it has none. The business clock begins at start.
func Open(t testing.TB, url string, start time.Time) *Shop {
	t.Helper()
	s := &Shop{
		T: t, URL: url, Clock: clock.NewStepping(start), Languages: []language.Code{language.English, language.Azerbaijani},
		Sent: map[string][]outbox.Item{}, settled: make(chan struct{}, 64),
	}
	var err error
	if s.DB, err = persistence.Open(t.Context(), url, persistence.Options{Clock: s.Clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.DB.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := s.DB.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.Texts, err = texts.Load(); err != nil {
		t.Fatal(err)
	}
	s.Texts.OnMissing(func(err error) { t.Errorf("a text is missing: %v", err) })
	s.Voice = commands.Voice{
		Texts: s.Texts, Languages: s.Languages, Notice: func(language.Code) string { return "" },
		Desk: commands.Handover{Texts: s.Texts, FirstResponse: time.Minute},
	}
	return s
}

// Start lets the engine run with these skills until the test ends.
func (s *Shop) Start(skills ...conversation.Skill) {
	s.T.Helper()
	var err error
	s.engine, err = conversation.NewEngine(conversation.Config{
		Store: told{s.DB.Conversations(), s.settled}, Skills: skills,
		Fallback: commands.Fallback{Voice: s.Voice}, Rescue: commands.Agent{Voice: s.Voice}.Rescue,
		Business: s.Clock, Languages: s.Languages, Wait: -1,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	if s.lease, err = s.DB.Outbox().Acquire(s.T.Context(), Account, "test", time.Hour); err != nil {
		s.T.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.T.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.engine.Run(ctx) }()
	s.T.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.T.Errorf("the engine ended with %v", err)
		}
	})
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

// Event hands one event over and waits until it is settled and everything has been sent. One that mentions the bot
// comes from the group.
func (s *Shop) Event(who string, in conversation.Inbound) {
	s.T.Helper()
	s.Events++
	in.Address = conversation.Address{Channel: "telegram", Account: Account, Chat: "chat-" + who}
	in.EventID, in.From, in.At = fmt.Sprint(s.Events), conversation.Sender{UserID: who}, s.Clock.Now()
	in.Private = !in.Mentioned
	if in.Mentioned {
		in.Chat = "chat-group"
	}
	if err := s.engine.Receive(s.T.Context(), in); err != nil {
		s.T.Fatal(err)
	}
	<-s.settled
	s.Deliver()
}

// Say types a text and answers what came back.
func (s *Shop) Say(who, text string) string {
	s.T.Helper()
	before := len(s.Sent[who])
	in := conversation.Inbound{Kind: conversation.KindMessage, Text: text}
	if name, ok := strings.CutPrefix(text, "/"); ok {
		in.Command = name
	}
	s.Event(who, in)
	return s.Heard(who, before)
}

// Button finds the token of the newest button with that label.
func (s *Shop) Button(who, label string) string {
	s.T.Helper()
	for i := len(s.Sent[who]) - 1; i >= 0; i-- {
		for _, row := range s.Sent[who][i].Body.Rows {
			for _, b := range row {
				if b.Label == label && b.Token != "" {
					return b.Token
				}
			}
		}
	}
	s.T.Fatalf("%s has no button %q", who, label)
	return ""
}

// Press presses the newest button with that label and answers what came back.
func (s *Shop) Press(who, label string) string {
	s.T.Helper()
	return s.PressToken(who, s.Button(who, label))
}

// PressToken presses a button by its token.
func (s *Shop) PressToken(who, token string) string {
	s.T.Helper()
	before := len(s.Sent[who])
	s.Event(who, conversation.Inbound{Kind: conversation.KindPress, Token: token})
	return s.Heard(who, before)
}

// Heard is what a person was sent from a message on, with its buttons in brackets; edits of earlier ones are left out.
func (s *Shop) Heard(who string, from int) string {
	var out []string
	for _, i := range s.Sent[who][from:] {
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

// Deliver sends what is due until nothing is.
func (s *Shop) Deliver() {
	s.T.Helper()
	for {
		var ids []conversation.OutgoingID
		for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
			list, err := s.DB.Outbox().Waiting(s.T.Context(), Account, lane, 0, 1000)
			if err != nil {
				s.T.Fatal(err)
			}
			for _, w := range list {
				ids = append(ids, w.ID)
			}
		}
		items, err := s.DB.Outbox().Claim(s.T.Context(), s.lease, ids, s.Clock.Now())
		if err != nil {
			s.T.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		results := make([]outbox.Result, len(items))
		for n, i := range items {
			results[n] = outbox.Result{ID: i.ID, Outcome: outbox.Sent, Receipt: conversation.Receipt{MessageID: fmt.Sprint(i.ID)}}
			who := strings.TrimPrefix(i.To.Chat, "chat-")
			s.Sent[who] = append(s.Sent[who], i)
		}
		if err := s.DB.Outbox().Settle(s.T.Context(), s.lease, results); err != nil {
			s.T.Fatal(err)
		}
	}
}

// Customer is the record of a person who has written.
func (s *Shop) Customer(who string) conversation.CustomerID {
	s.T.Helper()
	id, err := s.DB.FindCustomer(s.T.Context(), "telegram", who)
	if err != nil {
		s.T.Fatal(err)
	}
	return id
}

// Meet makes a person known and answers the record.
func (s *Shop) Meet(who string) conversation.CustomerID {
	s.T.Helper()
	s.Say(who, "/help")
	return s.Customer(who)
}
