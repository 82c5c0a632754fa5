package adaptertest

import (
	"context"
	"net/http"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Side is the human side of a look-alike in the words of the suite: a Human, and its Forms.
type Side struct {
	lookalike.Platform
	// Online returns when the bot has connected for the first time; nil where that makes no difference.
	Online func(ctx context.Context) error
	// Kept says that what people write before that is kept for the bot. Commands never are.
	Kept bool
}

var (
	_ Human = Side{}
	_ Forms = Side{}
)

// online waits until the bot can be told.
func (s Side) online(ctx context.Context) error {
	if s.Online == nil {
		return nil
	}
	return s.Online(ctx)
}

func (s Side) say(ctx context.Context, said lookalike.Say) (string, error) {
	if !s.Kept {
		if err := s.online(ctx); err != nil {
			return "", err
		}
	}
	return s.Platform.Say(ctx, said)
}

// Say implements Human.
func (s Side) Say(ctx context.Context, as, text string) (string, error) {
	return s.say(ctx, lookalike.Say{As: as, Text: text})
}

// Attach implements Human.
func (s Side) Attach(ctx context.Context, as, kind string) error {
	_, err := s.say(ctx, lookalike.Say{As: as, Attach: kind})
	return err
}

// Command implements Human.
func (s Side) Command(ctx context.Context, as, text string) error {
	if err := s.online(ctx); err != nil {
		return err
	}
	return s.Platform.Command(ctx, as, text, "")
}

// Press implements Human.
func (s Side) Press(ctx context.Context, as, label string) error {
	return s.Platform.Press(ctx, lookalike.Press{As: as, Label: label})
}

// Chat implements Human.
func (s Side) Chat(as string) []Message {
	var out []Message
	for _, m := range s.Platform.Chat(as, "") {
		out = append(out, Message{
			ID: m.ID, Bot: m.From == "bot", Text: m.Text, Buttons: m.Buttons, Edited: m.Edited,
			Picture: m.Image != "" && m.Attachment != lookalike.File,
		})
	}
	return out
}

// OpenForm implements Forms.
func (s Side) OpenForm(as string) ([]string, bool) {
	form, open := s.Platform.OpenForm(as)
	var labels []string
	for _, field := range form.Fields {
		labels = append(labels, field.Label)
	}
	return labels, open
}

// Place is where several people read; in and mention are the look-alike's names for the place and for the bot there.
func (s Side) Place(in, mention string) *Group {
	return &Group{
		Mention: mention,
		Say: func(ctx context.Context, as, text string) error {
			if err := s.online(ctx); err != nil {
				return err
			}
			_, err := s.Platform.Say(ctx, lookalike.Say{As: as, Text: text, In: in})
			return err
		},
	}
}

// Fault is a misbehaviour for a Rig's Fail.
func (s Side) Fault(f lookalike.Fault) func(ctx context.Context) error {
	return func(ctx context.Context) error { return s.Platform.Fault(ctx, f) }
}

// Rig is what the look-alikes have in common; what a platform does otherwise, the caller changes.
func (s Side) Rig(channel conversation.Channel) Rig {
	answer := func(status int) func(context.Context) error {
		return s.Fault(lookalike.Fault{Times: 1, Status: status})
	}
	return Rig{
		Channel: channel,
		Human:   s,
		Fail: map[conversation.ErrorKind]func(context.Context) error{
			conversation.Temporary:      answer(http.StatusInternalServerError),
			conversation.PersonGone:     answer(http.StatusForbidden),
			conversation.OurCredentials: answer(http.StatusUnauthorized),
			conversation.OurPayload:     answer(http.StatusBadRequest),
			conversation.RateLimited:    s.Fault(lookalike.Fault{Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 7}),
			conversation.OutcomeUnknown: s.Fault(lookalike.Fault{Times: 1, Late: true}),
		},
		RetryAfter:  7 * time.Second,
		Down:        func(ctx context.Context, down bool) error { return s.Platform.Fault(ctx, lookalike.Fault{Down: &down}) },
		Redeliver:   s.Fault(lookalike.Fault{Redeliver: true}),
		Blocked:     conversation.PersonGone,
		TellsEdit:   true,
		Attachments: []string{lookalike.Voice, lookalike.Photo, lookalike.File},
	}
}
