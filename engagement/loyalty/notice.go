package loyalty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// noticeGood is how long a credit notice is worth sending.
const noticeGood = day

// creditNotice tells a member what a purchase brought. It is a service, so it costs no attention; the key lets at most
// one a day through. Who said stop, or turned the notices off, hears nothing. tier is the one before the purchase.
func (p *Programme) creditNotice(ctx context.Context, tx conversation.Tx, person conversation.Person, points int64, reason Reason, tier string, now time.Time) error {
	if !p.Points.Notices || person.Stopped {
		return nil
	}
	b := p.Store.In(tx)
	a, err := b.Account(ctx, now, p.Tiers.Since(now, p.Zone))
	if err != nil || !a.Joined() || !a.Member.Notices {
		return err
	}
	chat, ok, err := b.Chat(ctx)
	if err != nil || !ok {
		return err
	}
	lang := conversation.ReplyLanguage(person, string(chat.Locale), p.Languages)
	_, err = tx.Send(ctx, conversation.Outgoing{
		Key: fmt.Sprintf("credit:%d:%s", person.Root, now.In(p.Zone).Format(time.DateOnly)),
		To:  chat.To, Customer: person.ID, Lane: conversation.LaneNotice, NotAfter: now.Add(noticeGood),
		Body: conversation.Body{
			Text: texts.Lines(p.creditText(lang, a, points, reason, now), p.tierRose(lang, tier, a.Member.Tier)),
			Rows: [][]conversation.Button{{conversation.Act(p.Texts.Label(lang, "balance.notices_off_button", nil), balanceName, verbNoticesOff, nil)}},
		},
	})
	return err
}

// tierRose tells of a higher tier; empty when it is not higher.
func (p *Programme) tierRose(lang language.Code, was, is string) texts.Rich {
	if was == "" || p.Tiers.rank(is) <= p.Tiers.rank(was) {
		return nil
	}
	text := p.Texts.Say(lang, "balance.tier_up", texts.Vars{"tier": p.tierTitle(lang, is)})
	if level, ok := p.Tiers.Levels.Get(is); ok && !level.Privileges.IsZero() {
		text = texts.Lines(text, p.Texts.Say(lang, "balance.tier_privileges", texts.Vars{"privileges": p.local(lang, level.Privileges)}))
	}
	return text
}

// creditText is what came, the balance, and how far the nearest reward is.
func (p *Programme) creditText(lang language.Code, a Account, points int64, reason Reason, now time.Time) texts.Rich {
	vars := texts.Vars{"n": points, "reason": p.reasonText(lang, reason), "balance": a.Spendable}
	key := "balance.credit"
	if then := p.buysThen(lang, a, now); then != "" { // what comes is more than how far the next reward is
		return texts.Lines(p.Texts.Say(lang, key, vars), p.pendingLine(lang, a, now), p.Texts.Say(lang, "balance.buys_then", texts.Vars{"rewards": then}))
	}
	if reward, rest, ok := p.nearest(a.Spendable+a.Pending, now); ok {
		key = "balance.credit_nearest"
		vars["reward"], vars["rest"] = p.rewardTitle(lang, reward), rest
	}
	return texts.Lines(p.Texts.Say(lang, key, vars), p.pendingLine(lang, a, now))
}

// buysThen are the rewards that the points buy once the pending ones are there, and do not yet.
func (p *Programme) buysThen(lang language.Code, a Account, now time.Time) string {
	var titles []string
	for _, e := range p.choices(now) {
		if e.Value.Points > a.Spendable && e.Value.Points <= a.Spendable+a.Pending && p.tierAllows(a, &e.Value) {
			titles = append(titles, p.local(lang, e.Value.Title))
		}
	}
	return strings.Join(titles, ", ")
}

// nearest is the cheapest reward that points do not buy yet, and how many are missing.
func (p *Programme) nearest(points int64, now time.Time) (reward string, rest int64, ok bool) {
	for _, e := range p.choices(now) {
		if missing := e.Value.Points - points; missing > 0 && (!ok || missing < rest) {
			reward, rest, ok = e.ID, missing, true
		}
	}
	return reward, rest, ok
}

// pendingLine is empty when nothing is pending.
func (p *Programme) pendingLine(lang language.Code, a Account, now time.Time) texts.Rich {
	if a.Pending == 0 {
		return nil
	}
	return p.Texts.Say(lang, "balance.pending", texts.Vars{"n": a.Pending, "date": p.date(a.PendingUntil, now)})
}
