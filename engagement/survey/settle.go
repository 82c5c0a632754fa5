package survey

import (
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// ReportKind is the kind of conversation.Outgoing.Report that names an invitation.
const ReportKind = "invitation"

// stepFor is how long what is typed is taken as the answer to the question that was asked last. Marks are understood
// for the whole window: see Skill.
const stepFor = time.Hour

// Delivered notes that the invitation, or its reminder, went out at that time. changed is false when it was known.
func (i *Invitation) Delivered(at time.Time) (changed bool) {
	if i.State != Sending {
		return false
	}
	i.State = Open
	i.begin(at)
	return true
}

// begin starts the window.
func (i *Invitation) begin(at time.Time) {
	if i.Closes.IsZero() {
		i.Asked, i.Closes = at, at.Add(i.Window)
		if i.Reminder > 0 {
			i.RemindAt = at.Add(i.Reminder)
		}
	}
}

// Undelivered notes that the invitation will not arrive, for a reason. changed is false when that no longer matters.
func (i *Invitation) Undelivered(reason string) (changed bool) {
	if i.State != Sending {
		return false
	}
	i.State, i.Reason = Suppressed, reason
	return true
}

// OpenStep opens the dialogue step of the question that waits, so that typed answers are understood. Without one the
// dialogue stays as it is.
func (i *Invitation) OpenStep(d conversation.Dialogue, at time.Time) conversation.Dialogue {
	if (i.State != Open && i.State != Partial) || i.Step == "" {
		return d
	}
	return i.without(d).Push(i.frame(i.Step, at))
}

func (i *Invitation) frame(question string, at time.Time) conversation.Frame {
	raw, err := json.Marshal(ref{Invitation: i.ID, Survey: i.Survey, Question: question})
	if err != nil {
		panic("survey: a step that cannot be marshalled: " + err.Error())
	}
	until := at.Add(stepFor)
	if !i.Closes.IsZero() && i.Closes.Before(until) {
		until = i.Closes
	}
	return conversation.Frame{Skill: skillName, Step: question, Data: raw, Until: until}
}

// without ends the invitation's own steps.
func (i *Invitation) without(d conversation.Dialogue) conversation.Dialogue {
	out := conversation.Dialogue{Version: d.Version, AskAgain: d.AskAgain}
	for _, f := range d.Stack {
		var r ref
		if f.Skill == skillName && json.Unmarshal(f.Data, &r) == nil && r.Invitation == i.ID {
			continue
		}
		out.Stack = append(out.Stack, f)
	}
	return out
}
