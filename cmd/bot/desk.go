package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// bureau is where people take over; nil while there is no place in which staff work.
type bureau struct {
	desk     *desk.Desk
	handover *desk.Handover
	agenda   *desk.Agenda
	cards    *desk.Cards
	moving   atomic.Int64 // a ticket was changed in a transaction that commits before then, Unix nanoseconds of the real clock
}

// commitWithin is how long a transaction of the desk takes at most before its cards are looked at by chance only.
const commitWithin = 2 * time.Second

// stir notes, from inside a transaction, that a card will be behind.
func (b *bureau) stir() { b.moving.Store(time.Now().Add(commitWithin).UnixNano()) }

// committed says whether to look for cards now that something was committed.
func (b *bureau) committed() bool { return b != nil && time.Now().UnixNano() < b.moving.Load() }

// busy says in words that a card is to be shown.
func (b *bureau) busy(ctx context.Context) []string {
	if b == nil {
		return nil
	}
	if _, behind, err := b.cards.Next(ctx); err != nil || behind {
		return []string{"a ticket's card is to be shown"}
	}
	if held, err := b.agenda.Burst.Held(ctx, 1); err != nil || len(held) > 0 {
		return []string{"tickets are gathered for one message"}
	}
	return nil
}

// checkDesk checks what the desk names of other sections.
func (s *settings) checkDesk(r *config.Report) {
	s.Calendar.Resolve(r, s.Staff.At.Field("closed"), s.Staff.Closed)
	if s.Staff.Channel != "" && s.Channels.Slack == nil {
		r.Warnf(s.Staff.At.Field("channel"), "add channels.slack, see docs/channels.md",
			"nobody is told of customers who want a person: staff.channel is in Slack, and channels.slack is missing")
	}
}

// staffed says whether there is a place in which staff work.
func (s *settings) staffed() bool { return s.Staff.Channel != "" && s.Channels.Slack != nil }

// clocks are the desk's targets, in hours of business.
func (s *settings) clocks() desk.Clocks {
	return desk.NewClocks(s.Staff, &s.Desk, &s.Calendar, s.Brand.Timezone.Location())
}

// openDesk makes the desk over the store and has it follow what happens to tickets.
func openDesk(s *service, w wiring, db *persistence.DB, catalogue *texts.Catalogue) *bureau {
	if !w.set.staffed() {
		return nil
	}
	clocks, b := w.set.clocks(), &bureau{}
	d := &desk.Desk{
		Staff: w.set.Staff, Config: &w.set.Desk, Stores: db.Desk(), Texts: catalogue, Zone: w.set.Brand.Timezone.Location(),
		Business: w.business, Log: w.log, Times: clocks, Platform: slack.Name, Account: func() string { return s.botOf(slack.Name) },
		Limits: s.limitsOf, Wake: b.stir, Tier: w.set.tierForStaff,
	}
	b.desk = d
	b.handover = &desk.Handover{Desk: d, Clocks: clocks, Timed: db.DeskTimes()}
	b.agenda = &desk.Agenda{Desk: d, Clocks: clocks, Timed: db.DeskTimes(), Burst: db.DeskTimes(), Gone: db.DeskClerk().IsAway}
	b.cards = &desk.Cards{Desk: d, Group: b.agenda.Group}
	db.FollowDesk(d)
	db.OnReport(desk.GroupReport, persistence.GroupSent)
	return b
}

// hand is how conversations are passed to people.
func (b *bureau) hand(catalogue *texts.Catalogue) conversation.Desk {
	if b == nil {
		return commands.Handover{Texts: catalogue, FirstResponse: defaultFirstResponse}
	}
	return b.handover
}

// defaultFirstResponse is promised while there is no desk.
const defaultFirstResponse = 15 * time.Minute

// skills stand before everything that could take a customer's words while people talk. usual answers as ever while a
// ticket waits for somebody.
func (b *bureau) skills(certain conversation.Skill, usual ...conversation.Skill) []conversation.Skill {
	if b == nil {
		return nil
	}
	return []conversation.Skill{b.handover, desk.Human{Desk: b.desk, Certain: certain, Usual: usual, Hand: b.handover}}
}

// staff is the skill of what happens where staff work; nil without a desk.
func (b *bureau) staff() conversation.Skill {
	if b == nil {
		return nil
	}
	return desk.StaffSkill{Desk: b.desk}
}

// agendas are what becomes due at the desk.
func (b *bureau) agendas() []clock.Agenda {
	if b == nil {
		return nil
	}
	return []clock.Agenda{b.agenda, b.cards}
}

// botOf is our account on a channel, empty while it is not connected.
func (s *service) botOf(channel string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[channel]
}

// fetch reads a file that was sent to one of our accounts.
func (s *service) fetch(ctx context.Context, account, file string, limit int64) ([]byte, error) {
	channel, _, _ := strings.Cut(account, ":")
	for _, c := range s.channels {
		if f, ok := c.(conversation.Fetcher); ok && (c.Name() == channel || s.botOf(c.Name()) == account) {
			return f.Fetch(ctx, file, limit)
		}
	}
	return nil, errors.New("no channel has files of that account")
}

// limitsOf is what a channel's platform allows.
func (s *service) limitsOf(channel string) conversation.Limits {
	for _, c := range s.channels {
		if c.Name() == channel {
			return c.Limits()
		}
	}
	return conversation.Limits{EditsText: true}
}

// tierForStaff is a tier's name and place in the queue.
func (s *settings) tierForStaff(id string) (string, int) {
	lang := s.Staff.Language
	if lang == "" {
		lang = language.English
	}
	priority := 0
	if s.Tiers != nil {
		for n, level := range s.Tiers.Levels.Entries {
			if level.ID == id && level.Value.Priority {
				priority = n + 1
			}
		}
	}
	return s.tierTitle(lang, id), priority
}
