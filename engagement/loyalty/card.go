package loyalty

import (
	"context"
	"errors"

	"github.com/skip2/go-qrcode"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Card shows the code by which the till knows a member, and takes a proven phone number.
type Card struct{ *Programme }

var _ conversation.Presser = Card{}

// Name implements conversation.Skill.
func (Card) Name() string { return cardName }

// Decide implements conversation.Skill.
func (s Card) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if phone, ok := ownPhone(t); ok && !t.HumanOwns {
		return s.phone(t, phone), nil
	}
	if !asked(t, texts.IntentCard) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	return s.show(ctx, t)
}

// Press implements conversation.Presser.
func (s Card) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	if a.Verb != verbShow {
		return nil, unknownVerb(a)
	}
	return s.show(ctx, t)
}

func (s Card) show(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	if !a.Joined() {
		return s.say(t, Joining(s).question(t, "")), nil
	}
	lines := append([]texts.Rich{s.Texts.Say(t.Lang, "card.text", texts.Vars{"code": shown(a.Member.Card)})}, s.tierLine(t.Lang, a))
	o := conversation.Say(texts.Lines(lines...), []conversation.Button{
		conversation.Act(s.commandLabel(t.Lang, balanceName), balanceName, verbShow, nil),
	})
	o.Body.Image = picture(a.Member.Card)
	return s.say(t, append([]conversation.Outgoing{o}, s.newTerms(t, a)...)...), nil
}

func (s Card) tierLine(lang language.Code, a Account) texts.Rich {
	if title := s.tierTitle(lang, a.Member.Tier); title != "" {
		return s.Texts.Say(lang, "balance.tier", texts.Vars{"tier": title})
	}
	return nil
}

// qrSize is a QR picture's side in pixels: sharp on a phone, a few kilobytes.
const qrSize = 360

// picture is a code as a QR picture; nil when it cannot be drawn, since the code itself stands in the text.
func picture(code string) *conversation.Image {
	png, err := qrcode.Encode(code, qrcode.Medium, qrSize)
	if err != nil {
		return nil
	}
	return &conversation.Image{Data: png, Name: "card.png"}
}

// ownPhone is a number that the platform vouches for as the sender's.
func ownPhone(t conversation.Turn) (string, bool) {
	if !t.In.Private {
		return "", false
	}
	for _, a := range t.In.Attachments {
		if a.Kind == "contact" && a.Own {
			return NormalPhone(a.Text)
		}
	}
	return "", false
}

// phone keeps the number and credits the orders that waited for it.
func (s Card) phone(t conversation.Turn, phone string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		_, err := s.PhoneKnown(ctx, tx, t.Person, phone, "customer", t.Now)
		if errors.Is(err, ErrPhoneTaken) {
			return t.Dialogue, send(ctx, tx, conversation.Say(s.Texts.Say(t.Lang, "card.phone_taken", nil)))
		}
		if err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, send(ctx, tx, conversation.Say(s.Texts.Say(t.Lang, "card.phone_done", texts.Vars{"phone": phone})))
	}
}
