package loyalty

import (
	"context"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Balance shows what a person has, the tier, what lapses next and what it buys.
type Balance struct{ *Programme }

var _ conversation.Presser = Balance{}

// Name implements conversation.Skill.
func (Balance) Name() string { return balanceName }

// Decide implements conversation.Skill.
func (s Balance) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !asked(t, texts.IntentBalance) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	return s.show(ctx, t)
}

// show reads the account and answers with it.
func (s Balance) show(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	if !a.Joined() {
		ask := Joining(s).question(t, "")
		if a.Spendable+a.Pending > 0 {
			ask.Body.Text = texts.Paragraphs(s.balanceText(t, a), ask.Body.Text)
		}
		return s.say(t, ask), nil
	}
	o := conversation.Say(s.balanceText(t, a))
	row := []conversation.Button{conversation.Act(s.commandLabel(t.Lang, historyName), historyName, verbShow, nil)}
	if s.Rewards.Len() > 0 {
		row = append(row, conversation.Act(s.commandLabel(t.Lang, rewardsName), rewardsName, verbShow, nil))
	}
	o.Body.Rows = append(o.Body.Rows, row)
	if !a.Member.Notices && s.Points.Notices {
		o.Body.Rows = append(o.Body.Rows, []conversation.Button{
			conversation.Act(s.label(t.Lang, "balance.notices_on_button"), balanceName, verbNoticesOn, nil),
		})
	}
	return s.say(t, append([]conversation.Outgoing{o}, s.newTerms(t, a)...)...), nil
}

// Press implements conversation.Presser.
func (s Balance) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	switch a.Verb {
	case verbShow:
		return s.show(ctx, t)
	case verbNoticesOff:
		return s.setNotices(t, false), nil
	case verbNoticesOn:
		return s.setNotices(t, true), nil
	}
	return nil, unknownVerb(a)
}

func (s Balance) setNotices(t conversation.Turn, on bool) conversation.Commit {
	o := conversation.Say(s.Texts.Say(t.Lang, "balance.notices_on", nil))
	if !on {
		o = conversation.Say(s.Texts.Say(t.Lang, "balance.notices_off", nil),
			[]conversation.Button{conversation.Act(s.label(t.Lang, "button.undo"), balanceName, verbNoticesOn, nil)})
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := s.Store.In(tx).SetNotices(ctx, on); err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, send(ctx, tx, o)
	}
}

// balanceText has one line each; a line whose number is nought is left out.
func (p *Programme) balanceText(t conversation.Turn, a Account) texts.Rich {
	lang := t.Lang
	first := p.Texts.Say(lang, "balance.spendable", texts.Vars{"n": a.Spendable})
	if !a.Entries {
		first = p.Texts.Say(lang, "balance.nothing", texts.Vars{"n": int64(0)})
	}
	lines := []texts.Rich{first, p.pendingLine(lang, a, t.Now)}
	if a.Owed > 0 {
		lines = append(lines, p.Texts.Say(lang, "balance.owed", texts.Vars{"n": a.Owed}))
	}
	lines = append(lines, p.tierLines(lang, a)...)
	for i, e := range a.Expiring {
		if i == maxExpiring || i > 0 && e.At.Sub(t.Now) > expiringSoon {
			break
		}
		lines = append(lines, p.Texts.Say(lang, "balance.expiring", texts.Vars{"n": e.Points, "date": p.date(lastDay(e.At, p.Zone), t.Now)}))
	}
	return texts.Lines(append(lines, p.buysLine(t, a))...)
}

const (
	// maxExpiring is how many dates of lapsing points a balance shows.
	maxExpiring = 3
	// expiringSoon is how near a date must be to be shown beside the first one.
	expiringSoon = 90 * day
)

// tierLines are the tier and the way to the next one.
func (p *Programme) tierLines(lang language.Code, a Account) []texts.Rich {
	if p.Tiers.Levels.Len() == 0 || !a.Joined() {
		return nil
	}
	lines := []texts.Rich{p.Texts.Say(lang, "balance.tier", texts.Vars{"tier": p.tierTitle(lang, a.Member.Tier)})}
	next, missing, from, ok := p.Tiers.Next(a.Member.Tier, a.Earned)
	if ok && missing > 0 {
		lines = append(lines, p.Texts.Say(lang, "balance.next_tier", texts.Vars{
			"bar": Bar(a.Earned, from), "n": missing, "next": p.tierTitle(lang, next),
		}))
	}
	return lines
}

// buysLine says what the points buy now, or how far the nearest reward is.
func (p *Programme) buysLine(t conversation.Turn, a Account) texts.Rich {
	var titles []string
	for _, e := range p.choices(t.Now) {
		if e.Value.Points > 0 && e.Value.Points <= a.Spendable && p.tierAllows(a, &e.Value) {
			titles = append(titles, p.local(t.Lang, e.Value.Title))
		}
	}
	if len(titles) > 0 {
		return p.Texts.Say(t.Lang, "balance.buys", texts.Vars{"rewards": strings.Join(titles, ", ")})
	}
	if reward, rest, ok := p.nearest(a.Spendable, t.Now); ok && a.Entries {
		return p.Texts.Say(t.Lang, "balance.nearest", texts.Vars{"n": rest, "reward": p.rewardTitle(t.Lang, reward)})
	}
	return nil
}

func (p *Programme) tierAllows(a Account, w *Reward) bool {
	return w.Tier == "" || p.Tiers.rank(a.Member.Tier) >= p.Tiers.rank(w.Tier)
}

// commandLabel is a command's word, as a button.
func (p *Programme) commandLabel(lang language.Code, command string) string {
	return capital(p.label(lang, "command."+command+".name"), lang)
}
