package survey

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/texts"
)

// visit is a due invitation in a transaction about its person.
type visit struct {
	*Agenda
	tx    conversation.Tx
	books Books
	set   *Settings
	inv   Invitation
	chat  Chat
	state conversation.State
	now   time.Time
}

// reach opens a visit in the chat that suits. still says whether the invitation, read again under the lock, is still
// due; do changes it, and what do leaves is kept. Without a chat nowhere is called instead.
func (a *Agenda) reach(ctx context.Context, inv Invitation, now time.Time, still func(Invitation) bool, do func(ctx context.Context, v *visit) error) (found bool, err error) {
	set, ok := a.Skill.Surveys.Get(inv.Survey)
	if !ok {
		return false, nil
	}
	chats, err := a.Skill.Stores.Reach(ctx, inv.Customer)
	if err != nil {
		return false, fmt.Errorf("find a chat: %w", err)
	}
	if len(chats) == 0 {
		return false, nil
	}
	chat := chats[0]
	for _, c := range chats {
		if c.Conversation == inv.Conversation {
			chat = c // where it was asked
		}
	}
	err = a.Skill.Stores.Approach(ctx, chat.Conversation, func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error) {
		v := &visit{Agenda: a, tx: tx, books: a.Skill.Stores.In(tx), set: set, chat: chat, state: s, now: now}
		var err error
		if v.inv, err = v.books.Find(ctx, inv.ID); err != nil || !still(v.inv) {
			return s.Dialogue, err
		}
		if err := do(ctx, v); err != nil {
			return s.Dialogue, err
		}
		return s.Dialogue, v.books.Keep(ctx, v.inv)
	})
	return true, err
}

// askDue sends the invitations that are due, unless there is a reason not to.
func (a *Agenda) askDue(ctx context.Context, now time.Time) (more bool, err error) {
	list, err := a.Skill.Stores.DueToAsk(ctx, now, dueSize)
	return a.each(ctx, list, err, func(ctx context.Context, inv Invitation) error {
		still := func(i Invitation) bool { return i.State == Planned && !i.Due.After(now) }
		found, err := a.reach(ctx, inv, now, still, ask)
		if err != nil || found {
			return err
		}
		reason := ReasonUnreachable
		if _, known := a.Skill.Surveys.Get(inv.Survey); !known {
			reason = ReasonRemoved
		}
		return a.Skill.Stores.Suppress(ctx, inv.ID, reason)
	})
}

// ask sends the invitation, or says why not.
func ask(ctx context.Context, v *visit) error {
	reason, err := v.whyNot(ctx)
	if err != nil {
		return err
	}
	switch {
	case reason == ReasonTicket && !v.now.Add(ticketWait).After(v.inv.LateAfter):
		v.inv.Due = v.now.Add(ticketWait)
		return nil
	case reason != "":
		v.inv.stop(reason)
		v.inv.State, v.inv.Reason = Suppressed, reason
		if v.inv.Asks > 0 {
			v.inv.State = Declined // it did arrive once
		}
		return nil
	}
	q := v.set.questions()[0]
	v.inv.Asks++
	v.inv.State, v.inv.Step, v.inv.Conversation = Sending, q.ID, v.chat.Conversation
	v.inv.Window, v.inv.Reminder = v.set.Window.Std(), v.set.ReminderAfter.Std()
	v.inv.Closes, v.inv.RemindAt = time.Time{}, time.Time{}
	v.inv.Promised = 0
	if v.Skill.Reward != nil {
		v.inv.Promised = v.set.Reward.Points
	}
	lang := conversation.ReplyLanguage(v.state.Person, v.chat.Locale, v.Skill.Languages)
	voice := v.Skill.voice()
	text, rows := voice.question(lang, v.set, &v.inv, q, true)
	text = texts.Paragraphs(voice.invitation(lang, v.set, v.inv.Promised), text)
	return v.send(ctx, strconv.Itoa(v.inv.Asks), v.purpose(), v.inv.LateAfter, text, rows)
}

// whyNot is why the person is not asked now; empty for no reason.
func (v *visit) whyNot(ctx context.Context) (string, error) {
	switch {
	case v.inv.LateAfter.Before(v.now):
		return ReasonLate, nil
	case v.state.Person.Stopped:
		return ReasonStopped, nil
	case v.state.HumanOwns || v.state.HumanWaits:
		return ReasonTicket, nil
	}
	if v.inv.Asks == 0 && !strings.HasPrefix(v.inv.Trigger, byHand) {
		last, err := v.books.LastAsked(ctx, v.inv.Survey, v.inv.ID)
		if err != nil {
			return "", fmt.Errorf("look when it was asked last: %w", err)
		}
		if !last.IsZero() && v.now.Before(last.Add(v.set.Recontact.Std())) {
			return ReasonRecontact, nil
		}
	}
	if v.inv.Subject == "" {
		return "", nil
	}
	taken, err := v.books.SubjectTaken(ctx, v.inv.Subject, v.inv.ID)
	if err != nil {
		return "", fmt.Errorf("look what else asks about the event: %w", err)
	}
	if taken {
		return ReasonSameEvent, nil
	}
	return "", nil
}

// purpose is what the gate is told.
func (v *visit) purpose() string {
	if v.set.Kind == CSAT && v.set.On == engagement.EventTicketResolved && v.now.Sub(v.inv.EventAt) <= ticketWindow {
		return PurposeTicket
	}
	return PurposeSurvey
}

// send puts a message for the person into the outbox, as what we start ourselves.
func (v *visit) send(ctx context.Context, what, purpose string, late time.Time, text texts.Rich, rows [][]conversation.Button) error {
	o := v.message(what, text, rows)
	o.Lane, o.AfterCrash, o.NotAfter, o.Proactive.Purpose = conversation.LaneBulk, conversation.Unknown, late, purpose
	if what != againMessage {
		o.Report = conversation.Ref{Kind: ReportKind, ID: v.inv.ID}
	}
	_, err := v.tx.Send(ctx, o)
	return err
}

// message is a service message about the invitation. what makes its key.
func (v *visit) message(what string, text texts.Rich, rows [][]conversation.Button) conversation.Outgoing {
	o := conversation.Say(text, rows...)
	o.Key, o.To, o.Customer = fmt.Sprintf("invitation:%d:%s", v.inv.ID, what), v.chat.To, v.chat.Customer
	o.Lane = conversation.LaneNotice
	return o
}

// What messages about an invitation are called in their keys, besides the number of the ask.
const (
	reminderMessage = "reminder"
	lowMessage      = "low"
	againMessage    = "again"
)

// remindDue reminds once of what is open.
func (a *Agenda) remindDue(ctx context.Context, now time.Time) (more bool, err error) {
	list, err := a.Skill.Stores.DueToRemind(ctx, now, dueSize)
	return a.each(ctx, list, err, func(ctx context.Context, inv Invitation) error {
		still := func(i Invitation) bool { return !i.RemindAt.IsZero() && !i.RemindAt.After(now) }
		found, err := a.reach(ctx, inv, now, still, func(ctx context.Context, v *visit) error {
			v.inv.RemindAt = time.Time{}
			at := position(v.set, v.inv.Step)
			if v.inv.State != Open || at < 0 || v.state.Person.Stopped || v.state.HumanOwns || v.state.HumanWaits {
				return nil
			}
			lang := conversation.ReplyLanguage(v.state.Person, v.chat.Locale, v.Skill.Languages)
			text, rows := v.Skill.voice().question(lang, v.set, &v.inv, v.set.questions()[at], at == 0)
			text = texts.Paragraphs(v.Skill.Texts.Say(lang, "survey.reminder", nil), text)
			return v.send(ctx, reminderMessage, PurposeSurvey, v.inv.Closes, text, rows)
		})
		if err == nil && !found {
			err = a.forgetTimes(ctx, inv)
		}
		return err
	})
}

// alertDue calls a person for low scores that got no words.
func (a *Agenda) alertDue(ctx context.Context, now time.Time) (more bool, err error) {
	list, err := a.Skill.Stores.DueToAlert(ctx, now, dueSize)
	return a.each(ctx, list, err, func(ctx context.Context, inv Invitation) error {
		still := func(i Invitation) bool { return !i.AlertAt.IsZero() && !i.AlertAt.After(now) }
		found, err := a.reach(ctx, inv, now, still, alert)
		if err == nil && !found {
			err = a.forgetTimes(ctx, inv)
		}
		return err
	})
}

// alert opens the ticket and tells the customer.
func alert(ctx context.Context, v *visit) error {
	v.inv.AlertAt = time.Time{}
	r := v.inv.Response
	if r.Score == nil || !v.set.low(*r.Score) || !v.inv.Alerted.IsZero() {
		return nil
	}
	v.inv.Alerted = v.now
	if v.set.Alert.AskAgainAfter > 0 {
		v.inv.AgainAt = v.now.Add(v.set.Alert.AskAgainAfter.Std())
	}
	lang := conversation.ReplyLanguage(v.state.Person, v.chat.Locale, v.Skill.Languages)
	if err := v.tx.OpenTicket(ctx, v.set.handoff(&v.inv, lang)); err != nil {
		return err
	}
	if v.state.Person.Stopped {
		return nil
	}
	text, row := v.Skill.voice().lowFollow(lang, &v.inv)
	_, err := v.tx.Send(ctx, v.message(lowMessage, text, [][]conversation.Button{row}))
	return err
}

// againDue asks who was not satisfied whether it is better now.
func (a *Agenda) againDue(ctx context.Context, now time.Time) (more bool, err error) {
	list, err := a.Skill.Stores.DueAgain(ctx, now, dueSize)
	return a.each(ctx, list, err, func(ctx context.Context, inv Invitation) error {
		still := func(i Invitation) bool { return !i.AgainAt.IsZero() && !i.AgainAt.After(now) }
		found, err := a.reach(ctx, inv, now, still, func(ctx context.Context, v *visit) error {
			v.inv.AgainAt = time.Time{}
			switch {
			case v.state.Person.Stopped || v.inv.Again != "":
				return nil
			case v.state.HumanOwns || v.state.HumanWaits: // not while somebody still works on it
				v.inv.AgainAt = now.Add(againWait)
				return nil
			}
			lang := conversation.ReplyLanguage(v.state.Person, v.chat.Locale, v.Skill.Languages)
			text, row := v.Skill.voice().againQuestion(lang, &v.inv)
			return v.send(ctx, againMessage, PurposeSurvey, now.Add(eventLate), text, [][]conversation.Button{row})
		})
		if err == nil && !found {
			err = a.forgetTimes(ctx, inv)
		}
		return err
	})
}

// againWait is when an open ticket is looked at again before "is it better now?".
const againWait = 24 * time.Hour

// forgetTimes ends the due times of an invitation whose person can no longer be reached, or whose survey is gone. A low
// score's ticket needs no chat.
func (a *Agenda) forgetTimes(ctx context.Context, inv Invitation) error {
	return a.Skill.Stores.ForCustomer(ctx, inv.Customer, func(ctx context.Context, tx conversation.Tx, p conversation.Person) error {
		books := a.Skill.Stores.In(tx)
		now, err := books.Find(ctx, inv.ID)
		if err != nil {
			return err
		}
		set, known := a.Skill.Surveys.Get(now.Survey)
		if known && !now.AlertAt.IsZero() && now.Alerted.IsZero() && now.Response.Score != nil && set.low(*now.Response.Score) {
			now.Alerted = a.Clock.Now()
			lang := conversation.ReplyLanguage(p, "", a.Skill.Languages)
			if err := tx.OpenTicket(ctx, set.handoff(&now, lang)); err != nil {
				return err
			}
		}
		now.RemindAt, now.AlertAt, now.AgainAt = time.Time{}, time.Time{}, time.Time{}
		return books.Keep(ctx, now)
	})
}
