package offer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/texts"
)

// why answers "Why me?" from the delivery's record.
func (s *Skill) why(ctx context.Context, t conversation.Turn, id int64) (conversation.Commit, error) {
	r, err := s.Reader.Delivery(ctx, id)
	gone := errors.Is(err, conversation.ErrNotFound)
	if err != nil && !gone {
		return nil, fmt.Errorf("read delivery %d: %w", id, err)
	}
	if gone || r.Customer != t.Person.ID && r.Root != t.Person.Root {
		return send(t, conversation.Say(s.Texts.Say(t.Lang, "offer.why_unknown", nil))), nil
	}
	words := make([]string, 0, len(r.Why.Reasons))
	for _, reason := range r.Why.Reasons {
		words = append(words, s.reason(t, reason))
	}
	vars := texts.Vars{"reasons": strings.Join(words, "; ")}
	key := "offer.why_plain"
	if !r.Why.Agreed.IsZero() {
		key = "offer.why"
		vars["date"] = texts.DateOf(r.Why.Agreed.In(s.Zone), t.Now)
	}
	return send(t, conversation.Say(s.Texts.Say(t.Lang, key, vars))), nil
}

// reason is one reason in words.
func (s *Skill) reason(t conversation.Turn, r audience.Reason) string {
	tier := r.Tier
	if s.Tier != nil && tier != "" {
		tier = s.Tier(t.Lang, tier)
	}
	return s.Texts.Label(t.Lang, "offer.reason."+r.Key, texts.Vars{
		"n": r.N, "tier": tier, "item": r.Item, "about": r.AboutIn(t.Lang, s.Brand),
	})
}
