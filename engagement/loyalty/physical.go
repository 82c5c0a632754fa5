package loyalty

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

const (
	stepAddress = "address"
	// addressWait is how long an address is waited for.
	addressWait = time.Hour
	// maxAddress is the longest address that is kept, in runes.
	maxAddress = 500
)

// handOver asks for the address of a physical reward, or has staff keep it ready.
func (s Rewards) handOver(t conversation.Turn, d rewardData, verb string) (conversation.Commit, error) {
	if _, ok := s.Rewards.Get(d.Reward); !ok {
		return s.oldButton(t), nil
	}
	if verb == verbPickup {
		return s.order(t, d, s.label(t.Lang, "reward.pickup"), s.Texts.Say(t.Lang, "reward.status_preparing", s.titled(t, d)), t.Dialogue, unpress(t)), nil
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("keep the question for an address: %w", err)
	}
	step := conversation.Frame{Skill: rewardsName, Step: stepAddress, Data: raw, Until: t.Now.Add(addressWait)}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		return t.Dialogue.Without(rewardsName).Push(step), send(ctx, tx, unpress(t), conversation.Say(s.Texts.Say(t.Lang, "reward.address_ask", nil)))
	}, nil
}

// address takes the text as the address.
func (s Rewards) address(t conversation.Turn, f conversation.Frame) (conversation.Commit, error) {
	var d rewardData
	if err := json.Unmarshal(f.Data, &d); err != nil {
		return nil, fmt.Errorf("read the question for an address: %w", err)
	}
	address := strings.TrimSpace(t.In.Text)
	if address == "" || t.Intent != "" || !t.LastResort && !looksLikeAddress(address) {
		return nil, nil
	}
	if runes := []rune(address); len(runes) > maxAddress {
		address = string(runes[:maxAddress])
	}
	return s.order(t, d, address, s.Texts.Say(t.Lang, "reward.address_noted", texts.Vars{"address_text": address}), t.Dialogue.Without(rewardsName)), nil
}

// looksLikeAddress tells an address from a question that comes in between; whatever else is said is taken for one only
// when nothing else fits.
func looksLikeAddress(text string) bool {
	return strings.ContainsAny(text, "0123456789") && !strings.Contains(text, "?")
}

// Resume implements conversation.Resumer.
func (s Rewards) Resume(ctx context.Context, tx conversation.Tx, t conversation.Turn, _ conversation.Frame) error {
	return send(ctx, tx, conversation.Say(s.Texts.Say(t.Lang, "reward.address_ask", nil)))
}

// order has staff send a physical reward or keep it ready.
func (s Rewards) order(t conversation.Turn, d rewardData, where string, answer texts.Rich, then conversation.Dialogue, also ...conversation.Outgoing) conversation.Commit {
	w, ok := s.Rewards.Get(d.Reward)
	if !ok {
		return s.oldButton(t)
	}
	h := conversation.Handoff{
		Topic: w.Topic, Reason: "topic", Lang: t.Lang, Silent: true,
		Words: fmt.Sprintf("%s (%s): %s", s.local(t.Lang, w.Title), ShownCode(d.Key), where),
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := tx.OpenTicket(ctx, h); err != nil {
			return t.Dialogue, err
		}
		return then, send(ctx, tx, append(also, conversation.Say(answer))...)
	}
}

func (s Rewards) titled(t conversation.Turn, d rewardData) texts.Vars {
	return texts.Vars{"reward": s.rewardTitle(t.Lang, d.Reward)}
}
