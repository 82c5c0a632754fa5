package conversation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// lists asks which of three is meant.
type lists struct{}

func (lists) Name() string { return "lists" }

func (lists) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.In.Text != "question?" {
		return nil, nil
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		o := conversation.Say(texts.Literal("which?"))
		for _, verb := range []string{"one", "two", "three"} {
			o.Body.Rows = append(o.Body.Rows, []conversation.Button{conversation.Act("about "+verb, "lists", verb, nil)})
		}
		o.Body.Rows = append(o.Body.Rows, []conversation.Button{conversation.Act("none of these", "lists", "none", nil)})
		_, err := tx.Send(ctx, o)
		return t.Dialogue, err
	}, nil
}

func (lists) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	return reply(t, "pressed "+a.Verb), nil
}

func (lists) Chooses(a conversation.Action) bool { return a.Verb != "none" }

func TestATypedPlacePressesTheButton(t *testing.T) {
	for typed, want := range map[string]string{
		"birinci": "one", "Birincisi": "one", "1": "one", "ilk": "one", "ikinci variant": "two", "2-ci": "two", "üçüncü": "three", "ucuncu olan": "three",
		"первый": "one", "первое, пожалуйста": "one", "второй вариант": "two", "последний": "three", "2-й": "two",
		"the first one": "one", "second": "two", "3rd": "three", "the last one please": "three",
		"4": "", "first or second": "", "is it the first?": "", "first aid": "", "первый раз слышу": "", "birinci mərtəbə": "",
	} {
		t.Run(typed, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				e := start(t, m, lists{})
				for i, text := range []string{"question?", typed} {
					if err := e.Receive(t.Context(), message(i, "chat", text)); err != nil {
						t.Fatal(err)
					}
					wait(t, 10*time.Second)
				}
				answer := "which?\npressed " + want
				if want == "" {
					answer = "which?\nno answer to " + typed
				}
				if got := m.said(); got != answer {
					t.Errorf("said\n%s\nwant\n%s", got, answer)
				}
			})
		})
	}
}
