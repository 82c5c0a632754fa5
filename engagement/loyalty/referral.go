package loyalty

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Errors of invitations.
var (
	// ErrOwnInvite: the code is the person's own, by this or a linked record.
	ErrOwnInvite = errors.New("the invitation is the person's own")
	// ErrInvited: the person was invited before.
	ErrInvited = errors.New("the person was invited before")
	// ErrHasOrders: the person has bought before.
	ErrHasOrders = errors.New("the person has bought before")
)

// Invitation is somebody who was brought by a member and has bought.
type Invitation struct {
	ID      int64
	Friend  conversation.CustomerID
	Inviter conversation.CustomerID
	Order   string // the friend's first: its source and id
}

// Inviting gives a member the code that brings friends, and takes such a code from a friend.
type Inviting struct{ *Programme }

// Name implements conversation.Skill.
func (Inviting) Name() string { return inviteName }

// inviteForm is what a code looks like when it is all that somebody writes.
var inviteForm = regexp.MustCompile(`^[0-9A-Za-z]{4}[- ]?[0-9A-Za-z]{4}$`)

// Decide implements conversation.Skill.
func (s Inviting) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if code, ok := invitation(t); ok && t.In.Private && s.Points.Referral != nil {
		return s.take(ctx, t, code)
	}
	if !asked(t, texts.IntentReferral) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	if s.Points.Referral == nil {
		return s.say(t, conversation.Say(s.Texts.Say(t.Lang, "referral.off", nil))), nil
	}
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	if !a.Joined() {
		ask := Joining(s).question(t, "")
		ask.Body.Text = texts.Paragraphs(s.Texts.Say(t.Lang, "join.needed", nil), ask.Body.Text)
		return s.say(t, ask), nil
	}
	return s.say(t, conversation.Say(s.Texts.Say(t.Lang, "referral.text", texts.Vars{
		"n": s.Points.Referral.Inviter, "friend": s.Points.Referral.Friend, "code": shown(a.Member.Invite),
	}))), nil
}

// invitation is the code in a turn: behind /start, as a link brings it, or as the whole text.
func invitation(t conversation.Turn) (string, bool) {
	text := strings.TrimSpace(t.In.Text)
	if t.In.Command == "start" {
		text = strings.TrimSpace(t.In.Args)
	} else if t.In.Kind != conversation.KindMessage || t.In.Command != "" {
		return "", false
	}
	return NormalCode(text), inviteForm.MatchString(text)
}

// take records who invited the person. A text that only looks like a code is left to others.
func (s Inviting) take(ctx context.Context, t conversation.Turn, code string) (conversation.Commit, error) {
	inviter, err := s.Store.FindByInvite(ctx, code)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find whose invitation it is: %w", err)
	}
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := s.Store.In(tx).Invite(ctx, inviter, t.Now)
		for why, key := range map[error]string{ErrOwnInvite: "referral.self", ErrInvited: "referral.used", ErrHasOrders: "referral.late"} {
			if errors.Is(err, why) {
				return t.Dialogue, send(ctx, tx, conversation.Say(s.Texts.Say(t.Lang, key, nil)))
			}
		}
		if err != nil {
			return t.Dialogue, err
		}
		welcome := s.Texts.Say(t.Lang, "referral.welcome", texts.Vars{"n": s.Points.Referral.Friend})
		if a.Joined() {
			return t.Dialogue, send(ctx, tx, conversation.Say(welcome))
		}
		ask := Joining(s).question(t, "")
		ask.Body.Text = texts.Paragraphs(welcome, ask.Body.Text)
		return t.Dialogue, send(ctx, tx, ask)
	}, nil
}

// ReferralPay pays both sides once the friend's first order can no longer be returned.
type ReferralPay struct{ p *Programme }

// Name implements clock.Agenda.
func (ReferralPay) Name() string { return "points/referrals" }

// Next implements clock.Agenda.
func (a ReferralPay) Next(ctx context.Context) (time.Time, bool, error) {
	return a.p.Store.NextReferral(ctx)
}

// RunDue implements clock.Agenda.
func (a ReferralPay) RunDue(ctx context.Context, now time.Time) (bool, error) {
	due, err := a.p.Store.ReferralsDue(ctx, now, agendaPage)
	if err != nil {
		return false, err
	}
	for _, i := range due {
		if err := a.p.payReferral(ctx, i, now); err != nil {
			return false, fmt.Errorf("pay invitation %d: %w", i.ID, err)
		}
	}
	return len(due) == agendaPage, nil
}

// payReferral gives the friend and then the inviter what was promised, each in a transaction of their own; the keys make
// a repeat after a crash harmless.
func (p *Programme) payReferral(ctx context.Context, i Invitation, now time.Time) error {
	source, id, _ := strings.Cut(i.Order, "/")
	order, err := p.Store.FindOrder(ctx, source, id)
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return err
	}
	refused := ""
	switch {
	case err != nil || order.Returned:
		refused = "returned"
	case p.Points.Referral == nil:
		refused = "off"
	}
	var friend conversation.CustomerID
	err = p.Store.ForCustomer(ctx, i.Friend, func(ctx context.Context, tx conversation.Tx, person conversation.Person) error {
		friend = person.Root
		if refused != "" {
			return p.Store.In(tx).EndReferral(ctx, i.ID, false, refused, now)
		}
		_, err := p.Give(ctx, tx, Grant{
			Customer: i.Friend, Source: SourceReferral, SourceID: "invited", Points: p.Points.Referral.Friend, Reason: Reason{Code: "invited"}, At: now,
		})
		return err
	})
	if err != nil || refused != "" {
		return err
	}
	return p.Store.ForCustomer(ctx, i.Inviter, func(ctx context.Context, tx conversation.Tx, person conversation.Person) error {
		return p.payInviter(ctx, tx, person, i, friend, now)
	})
}

// payInviter pays one invitation unless the month's number is reached, or both have turned out to be one person.
func (p *Programme) payInviter(ctx context.Context, tx conversation.Tx, person conversation.Person, i Invitation, friend conversation.CustomerID, now time.Time) error {
	b := p.Store.In(tx)
	y, m, _ := now.In(p.Zone).Date()
	paid, err := b.PaidReferrals(ctx, time.Date(y, m, 1, 0, 0, 0, 0, p.Zone))
	if err != nil {
		return err
	}
	switch {
	case person.Root == friend:
		return b.EndReferral(ctx, i.ID, false, "self", now)
	case paid >= p.Points.Referral.PerMonth:
		return b.EndReferral(ctx, i.ID, false, "limit", now)
	}
	if err := b.EndReferral(ctx, i.ID, true, "", now); err != nil {
		return err
	}
	reason := Reason{Code: "referral"}
	posted, err := p.Give(ctx, tx, Grant{
		Customer: i.Inviter, Source: SourceReferral, SourceID: fmt.Sprintf("friend:%d", i.Friend), Points: p.Points.Referral.Inviter, Reason: reason, At: now,
	})
	if err != nil || !posted.Fresh {
		return err
	}
	return p.creditNotice(ctx, tx, person, posted.Points, reason, "", now)
}
