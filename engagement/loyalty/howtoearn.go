package loyalty

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// HowToEarn lists what brings points, out of the rules themselves.
type HowToEarn struct{ *Programme }

// Name implements conversation.Skill.
func (HowToEarn) Name() string { return earnName }

// Decide implements conversation.Skill.
func (s HowToEarn) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !asked(t, texts.IntentEarn) {
		return nil, nil
	}
	lines := []texts.Rich{}
	for id, rule := range s.Points.Earn.All() {
		lines = append(lines, s.ruleLines(t, id, rule)...)
	}
	if r := s.Points.Referral; r != nil && r.Inviter > 0 {
		lines = append(lines, s.Texts.Say(t.Lang, "earn.referral", texts.Vars{"n": r.Inviter, "friend": r.Friend}))
	}
	if len(lines) == 0 {
		return s.say(t, conversation.Say(s.Texts.Say(t.Lang, "balance.no_programme", nil))), nil
	}
	rest := []texts.Rich{}
	if days := int64(s.Points.Hold.Std() / day); days > 0 {
		rest = append(rest, s.Texts.Say(t.Lang, "earn.hold", texts.Vars{"n": days}))
	}
	if !s.Points.ExpireAfter.IsZero() {
		rest = append(rest, s.Texts.Say(t.Lang, "earn.expires", texts.Vars{"n": int64(s.Points.ExpireAfter.Approx() / day)}))
	}
	return s.say(t, conversation.Say(texts.Paragraphs(
		texts.Lines(s.Texts.Say(t.Lang, "earn.header", nil), texts.List(lines...)), texts.Lines(rest...)))), nil
}

// ruleLines are one rule in words; a multiplier that is over says nothing.
func (s HowToEarn) ruleLines(t conversation.Turn, id string, rule *EarnRule) []texts.Rich {
	switch {
	case rule.Multiply != 0:
		if s.Zone == nil || rule.Until.In(rule.Until.Year).Before(today(t, s.Programme)) {
			return nil
		}
		return []texts.Rich{s.Texts.Say(t.Lang, "earn.multiplier", texts.Vars{
			"title": s.ruleTitle(t.Lang, id), "from": plainDate(rule.From), "until": plainDate(rule.Until), "times": rule.Multiply.Float(),
		})}
	case rule.On != "" && !rule.Title.IsZero():
		return []texts.Rich{s.Texts.Say(t.Lang, "earn.event", texts.Vars{"title": s.ruleTitle(t.Lang, id), "n": rule.Points})}
	case rule.On != "":
		return []texts.Rich{s.Texts.Say(t.Lang, "earn."+rule.On, texts.Vars{"n": rule.Points})}
	}
	return s.purchaseLines(t.Lang, rule)
}

func (s HowToEarn) purchaseLines(lang language.Code, rule *EarnRule) []texts.Rich {
	var lines []texts.Rich
	currencies := make([]config.Currency, 0, len(rule.Per))
	for c := range rule.Per {
		currencies = append(currencies, c)
	}
	slices.SortFunc(currencies, func(a, b config.Currency) int {
		if a == s.Currency || b == s.Currency {
			return map[bool]int{true: -1, false: 1}[a == s.Currency]
		}
		return strings.Compare(string(a), string(b))
	})
	for _, c := range currencies {
		minor, _ := rule.Per[c].Minor(c)
		lines = append(lines, s.Texts.Say(lang, "earn.purchase", texts.Vars{"money": texts.Money{Minor: minor, Currency: string(c)}, "n": rule.Points}))
	}
	names := make([]string, 0, len(rule.Categories))
	for name := range rule.Categories {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		lines = append(lines, s.Texts.Say(lang, "earn.category", texts.Vars{
			"category": s.categoryTitle(lang, name, rule.Categories[name]), "times": rule.Categories[name].Times.Float(),
		}))
	}
	if rule.PerDay > 0 {
		lines = append(lines, s.Texts.Say(lang, "earn.cap", texts.Vars{"n": rule.PerDay}))
	}
	return lines
}

// categoryTitle is the category's name for customers, or its id when it has none.
func (p *Programme) categoryTitle(lang language.Code, id string, c Category) string {
	if c.Title.IsZero() {
		return id
	}
	return p.local(lang, c.Title)
}

func today(t conversation.Turn, p *Programme) config.Date {
	y, m, d := t.Now.In(p.Zone).Date()
	return config.Date{Year: y, Month: m, Day: d}
}

func plainDate(d config.Date) texts.Date { return texts.Date{Month: d.Month, Day: d.Day} }

// capital is a word with a capital letter, by the language's own rule.
func capital(word string, lang language.Code) string {
	_, size := utf8.DecodeRuneInString(word)
	first := word[:size]
	if first == "i" && (lang == language.Azerbaijani || lang == language.Turkish) {
		return "İ" + word[size:]
	}
	return strings.ToUpper(first) + word[size:]
}
