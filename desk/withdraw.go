package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// done are words with which people say that they need nobody any more, as they are folded.
type done struct {
	unneeded []string // "no longer needed": plain, whatever else is said
	refusals []string // "not needed": may answer what staff have just asked
	solved   []string // "solved it": only without a negation beside it
	negation []string
	more     []string // "but": something is left
}

var doneWords = map[language.Code]done{
	language.Azerbaijani: {
		unneeded: []string{"daha lazim deyil", "artiq lazim deyil", "lazim deyil artiq", "lazim deyil daha", "lazim olmadi", "ehtiyac qalmadi", "artiq ehtiyac yoxdur", "gerek qalmadi", "fikrimi deyisdim"},
		refusals: []string{"lazim deyil", "lazim deyl", "ehtiyac yoxdur", "ehtiyac yoxdu", "gerek deyil", "gerek yoxdur"},
		solved:   []string{"hell etdim", "hell eledim", "hell olundu", "hell oldu", "hell olunub", "ozum hell", "duzeldi", "duzeltdim"},
		negation: []string{"deyil", "yox", "hele"}, more: []string{"amma", "ancaq", "lakin", "ama"},
	},
	language.Turkish: {
		unneeded: []string{"gerek kalmadi", "artik gerek yok", "artik lazim degil", "ihtiyacim kalmadi", "ihtiyac kalmadi", "vazgectim"},
		refusals: []string{"gerek yok", "lazim degil"},
		solved:   []string{"cozdum", "cozuldu", "hallettim", "halloldu", "hallolmus", "hallettik", "duzeldi", "duzelttim"},
		negation: []string{"degil", "hic", "henuz", "hala"}, more: []string{"ama", "ancak", "fakat"},
	},
	language.Russian: {
		unneeded: []string{"уже не надо", "уже не нужно", "больше не надо", "больше не нужно", "не надо уже", "не нужно уже", "неактуально", "не актуально", "передумал", "передумала", "uje ne nado", "uzhe ne nado", "uje ne nujno"},
		refusals: []string{"не надо", "не нужно", "ne nado", "ne nujno"},
		solved:   []string{"решил сам", "решила сама", "сам решил", "сама решила", "уже решил", "уже решила", "разобрался", "разобралась", "разобрались", "решилось", "решено", "вопрос решен", "вопрос решён", "проблема решена", "все заработало", "всё заработало", "уже заработало"},
		negation: []string{"не", "ни", "ne"}, more: []string{"но", "однако"},
	},
	language.English: {
		unneeded: []string{"no longer needed", "no longer need it", "no longer need help", "not needed anymore", "not needed any more", "don't need it anymore", "dont need it anymore", "don't need help anymore", "never mind", "nevermind", "nvm"},
		refusals: []string{"no need", "not needed", "don't need it", "dont need it"},
		solved:   []string{"solved", "i fixed it", "fixed it", "it's fixed", "figured it out", "resolved", "sorted it out", "all sorted", "it works now", "works now"},
		negation: []string{"not", "isn", "isnt", "wasn", "hasn", "never", "yet", "no", "nothing", "unless", "if", "when"}, more: []string{"but", "however", "though"},
	},
}

// doneRunes is the longest text that is taken for an end: who writes more says something else besides.
const doneRunes = 80

// NeedsNobody says that a text ends what its writer asked people for. A bare refusal counts when nothing was asked of
// them.
func NeedsNobody(text string, asked bool) bool {
	if len([]rune(text)) > doneRunes || strings.ContainsAny(text, "?؟") || Continues(text) {
		return false
	}
	for lang, w := range doneWords {
		folded := inWords(text, lang)
		has := func(list []string) bool {
			return slices.ContainsFunc(list, func(p string) bool { return strings.Contains(folded, inWords(p, lang)) })
		}
		switch {
		case has(w.more):
		case has(w.unneeded), !asked && has(w.refusals):
			return true
		case has(w.solved) && (!has(w.negation) || has(w.refusals)):
			return true
		}
	}
	return false
}

// inWords is a text folded, its words parted and ended by single spaces.
func inWords(text string, lang language.Code) string {
	return " " + strings.Join(strings.FieldsFunc(language.Fold(text, lang), notInWord), " ") + " "
}

// done asks whether to close the ticket of somebody who says that nobody is needed any more; nil when the message says
// something else.
func (h Human) done(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Text == "" || len(t.In.Attachments) > 0 || len(t.Dialogue.Stack) > 0 || !NeedsNobody(t.In.Text, false) {
		return nil, nil
	}
	tickets, err := h.Stores.OfPerson(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, fmt.Errorf("read what somebody withdraws: %w", err)
	}
	waits := slices.ContainsFunc(tickets, func(k Ticket) bool { return isKnown(k) })
	answered := slices.ContainsFunc(tickets, func(k Ticket) bool { return k.State == Waiting })
	if !waits || !NeedsNobody(t.In.Text, answered) {
		return nil, nil
	}
	return h.passing(t, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.withdraw_ask", nil), []conversation.Button{
			conversation.Act(h.Texts.Label(t.Lang, "button.yes", nil), humanName, verbWithdraw, nil),
			conversation.Act(h.Texts.Label(t.Lang, "button.no", nil), humanName, verbStay, nil),
		}))
		d := t.Dialogue
		d.Quiet = true
		return d, err
	}, "desk.bot_asked"), nil
}

// isKnown says that the customer knows of an unresolved ticket.
func isKnown(k Ticket) bool { return k.Live() && (!k.Silent || k.Owned()) }

var _ conversation.WhileWaiting = Human{}

// AsksWhileWaiting implements conversation.WhileWaiting: a typed yes or no answers whether to close the ticket.
func (Human) AsksWhileWaiting(a conversation.Action) bool {
	return a.Verb == verbWithdraw || a.Verb == verbStay
}

// stay leaves the ticket as it is.
func (h Human) stay(t conversation.Turn) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.already_open", nil)))
		return t.Dialogue, err
	}
}

// withdraw ends what waits for somebody, as the customer wishes.
func (h Human) withdraw(t conversation.Turn) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		books := h.Stores.In(tx)
		list, err := books.LockOfPerson(ctx, t.Person.Root)
		if err != nil {
			return t.Dialogue, err
		}
		var rows [][]conversation.Button
		for _, k := range list {
			if !isKnown(k) {
				continue // of a low score staff want to know all the same
			}
			is, err := k.Resolve("customer", t.Now, h.Config.Reopen.Std())
			if err != nil {
				return t.Dialogue, err
			}
			if is, err = books.Save(ctx, is); err != nil {
				return t.Dialogue, err
			}
			if _, err := h.post(ctx, tx, is, onceKey("withdrawn", is), h.say("desk.resolved_by.customer", nil)); err != nil {
				return t.Dialogue, err
			}
			if rows == nil {
				rows = [][]conversation.Button{{h.continueButton(is)}}
			}
		}
		h.wake()
		_, err = tx.Send(ctx, conversation.Say(h.Texts.Say(t.Lang, "handoff.withdrawn", nil), rows...))
		return t.Dialogue, err
	}
}
