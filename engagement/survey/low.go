package survey

import (
	"context"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// handoff is the ticket of a low score: the mark on its scale, and the words.
func (s *Settings) handoff(inv *Invitation, lang language.Code) conversation.Handoff {
	_, hi, _ := s.Kind.Scale()
	said := fmt.Sprintf("%d/%d", *inv.Response.Score, hi)
	if inv.Response.Comment != "" {
		said += "\n" + inv.Response.Comment
	}
	return conversation.Handoff{Topic: s.Alert.Topic, Reason: "low_score", Lang: lang, Words: said, Silent: true}
}

// lowFollow tells that a person will write, and asks whether that is wanted.
func (v voice) lowFollow(lang language.Code, inv *Invitation) (texts.Rich, []conversation.Button) {
	r := ref{Invitation: inv.ID}
	return v.texts.Say(lang, "survey.low.follow", nil), []conversation.Button{
		conversation.Act(v.texts.Label(lang, "survey.low.ok", nil), skillName, verbLowOK, r),
		conversation.Act(v.texts.Label(lang, "survey.low.no_need", nil), skillName, verbLowNo, r),
	}
}

// lowReply takes the press under "a colleague will write". Who needs nobody says so in the ticket, once.
func (f *flow) lowReply(ctx context.Context, verb string) error {
	if verb == verbLowOK {
		f.tell("survey.thanks", nil)
		return nil
	}
	f.tell("survey.low.declined", nil)
	if f.inv.LowReply != "" || f.set.Alert == nil {
		return nil
	}
	f.inv.LowReply = verb
	h := conversation.Handoff{
		Topic: f.set.Alert.Topic, Reason: "low_score", Lang: f.t.Lang, Silent: true,
		Words: f.Texts.Label(f.t.Lang, "survey.low.no_need", nil),
	}
	return f.tx.OpenTicket(ctx, h)
}

// The answers to "is it better now?".
const (
	againYes    = "yes"
	againPartly = "partly"
	againNo     = "no"
)

// againQuestion asks whether it is better now.
func (v voice) againQuestion(lang language.Code, inv *Invitation) (texts.Rich, []conversation.Button) {
	button := func(label, value string) conversation.Button {
		return conversation.Act(label, skillName, verbAgain, ref{Invitation: inv.ID, Value: words(value)})
	}
	return v.texts.Say(lang, "survey.again.question", nil), []conversation.Button{
		button(v.texts.Label(lang, "survey.again.yes", nil), againYes),
		button(v.texts.Label(lang, "survey.again.partly", nil), againPartly),
		button(v.texts.Label(lang, "survey.again.no", nil), againNo),
	}
}

// again takes the answer to "is it better now?", once.
func (f *flow) again(ctx context.Context, answer string) error {
	fresh := f.inv.Again == ""
	if fresh {
		f.inv.Again = answer
	}
	if f.inv.Again != againNo {
		f.tell("survey.again.better", nil)
		return nil
	}
	f.tell("survey.again.worse", nil)
	if !fresh || f.set.Alert == nil {
		return nil
	}
	said := strings.Join([]string{
		f.Texts.Say(f.t.Lang, "survey.again.question", nil).Plain(), f.Texts.Label(f.t.Lang, "survey.again.no", nil),
	}, " ")
	return f.tx.OpenTicket(ctx, conversation.Handoff{
		Topic: f.set.Alert.Topic, Reason: "low_score", Lang: f.t.Lang, Words: said, Silent: true,
	})
}
