package commands

import (
	"context"
	"encoding/json"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Agent passes the conversation to people.
type Agent struct{ Voice }

const agentSkill = "agent"

// Name implements conversation.Skill.
func (Agent) Name() string { return agentSkill }

// AgentButton asks for a person because of reason; see conversation.Handoff.
func AgentButton(label, reason, words string) conversation.Button {
	return conversation.Act(label, agentSkill, "call", request{Reason: reason, Words: words})
}

type request struct {
	Reason string `json:"r"`
	Words  string `json:"w,omitempty"` // what the person had said, for staff
}

// Decide implements conversation.Skill.
func (a Agent) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch t.Intent {
	case texts.IntentAgent:
		return a.Desk.HandOver(t, conversation.Handoff{Reason: "asked", Words: t.In.Text, Lang: t.Lang}), nil
	case texts.IntentCallBack:
		return a.Desk.HandOver(t, conversation.Handoff{Reason: "call_back", Words: t.In.Text, Lang: t.Lang}), nil
	case texts.IntentComplaint, texts.IntentThreat:
		return a.Desk.HandOver(t, conversation.Handoff{Reason: "complaint", Words: t.In.Text, Lang: t.Lang}), nil
	}
	return nil, nil
}

// Press implements conversation.Presser.
func (a Agent) Press(_ context.Context, t conversation.Turn, act conversation.Action) (conversation.Commit, error) {
	var r request
	if err := json.Unmarshal(act.Data, &r); err != nil {
		return nil, err
	}
	return a.Desk.HandOver(t, conversation.Handoff{Reason: r.Reason, Words: r.Words, Lang: t.Lang}), nil
}

// Rescue is the engine's answer to a person whose event was parked.
func (a Agent) Rescue(t conversation.Turn) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		return t.Dialogue, a.InsteadOf(ctx, tx, t, conversation.Outgoing{})
	}
}

// InsteadOf says that something went wrong and opens a ticket for the event of the turn. as gives the sentence its key
// and what it reports to, where it is not an ordinary reply.
func (a Agent) InsteadOf(ctx context.Context, tx conversation.Tx, t conversation.Turn, as conversation.Outgoing) error {
	err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "error", Words: t.In.Text, Lang: t.Lang, Silent: true})
	if err != nil {
		return err
	}
	sorry := conversation.Say(a.Texts.Say(t.Lang, "error.ticket", nil))
	sorry.Key, sorry.Report = as.Key, as.Report
	_, err = tx.Send(ctx, sorry)
	return err
}
