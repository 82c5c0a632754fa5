package loyalty

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// historyPage is how many entries are shown at once.
const historyPage = 10

// History shows every line of the ledger with its reason, the newest first.
type History struct{ *Programme }

var _ conversation.Presser = History{}

// Name implements conversation.Skill.
func (History) Name() string { return historyName }

// Decide implements conversation.Skill.
func (s History) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !asked(t, texts.IntentHistory) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	return s.page(ctx, t, 0)
}

// Press implements conversation.Presser.
func (s History) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	switch a.Verb {
	case verbShow:
		return s.page(ctx, t, 0)
	case verbMore:
		before, err := data[int64](a)
		if err != nil {
			return nil, err
		}
		return s.page(ctx, t, before)
	}
	return nil, unknownVerb(a)
}

// page answers with the entries before one.
func (s History) page(ctx context.Context, t conversation.Turn, before int64) (conversation.Commit, error) {
	entries, err := s.Store.History(ctx, t.Person.ID, before, historyPage+1)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		key := "history.empty"
		if before > 0 {
			key = "history.end"
		}
		return s.say(t, conversation.Say(s.Texts.Say(t.Lang, key, nil))), nil
	}
	more := len(entries) > historyPage
	entries = entries[:min(len(entries), historyPage)]
	lines := []texts.Rich{s.Texts.Say(t.Lang, "history.header", nil)}
	for _, e := range entries {
		lines = append(lines, s.Texts.Say(t.Lang, "history.line", texts.Vars{
			"date": s.date(e.At, t.Now), "amount": texts.Signed(e.Points), "reason": s.reasonText(t.Lang, e.Reason),
		}))
	}
	o := conversation.Say(texts.Lines(lines...))
	if more {
		o.Body.Rows = [][]conversation.Button{{
			conversation.Act(s.label(t.Lang, "history.older"), historyName, verbMore, entries[len(entries)-1].ID),
		}}
	}
	return s.say(t, o), nil
}
