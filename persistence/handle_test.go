package persistence_test

import (
	"context"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// TestRepliesCarryTheHandle: what a platform lends for a quick answer goes along with the replies to the turn's own
// chat, and with nothing else.
func TestRepliesCarryTheHandle(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := message("1", "e1", "/balance")
		in.Handle = []byte{7, 0, 255}
		elsewhere := conversation.Address{Channel: "telegram", Account: bot, Chat: "another"}
		sends := []struct {
			out  conversation.Outgoing
			want string
		}{
			{conversation.Say(texts.Literal("the first reply")), string(in.Handle)},
			{conversation.Say(texts.Literal("the second reply")), string(in.Handle)},
			{conversation.Outgoing{Handle: []byte{1}, Body: conversation.Body{Text: texts.Literal("a handle of its own")}}, "\x01"},
			{conversation.Outgoing{Key: "elsewhere", To: elsewhere, Body: conversation.Body{Text: texts.Literal("to another chat")}}, ""},
		}
		settle(t, db, accept(t, db, in)[0], func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
			for _, s := range sends {
				if _, err := tx.Send(ctx, s.out); err != nil {
					return d, err
				}
			}
			return d, nil
		})
		l := lease(t, db, bot, "a")
		got := map[string]string{}
		for _, item := range claimAll(t, db, l) {
			got[item.Body.Text.Plain()] = string(item.Handle)
		}
		for _, s := range sends {
			text := s.out.Body.Text.Plain()
			if handle, ok := got[text]; !ok || handle != s.want {
				t.Errorf("%s: handle %q (claimed: %v), want %q", text, handle, ok, s.want)
			}
		}
		settle(t, db, accept(t, db, message("1", "e2", "thanks"))[0], say(conversation.Dialogue{}, "a reply without one"))
		for _, item := range claimAll(t, db, l) {
			if len(item.Handle) > 0 {
				t.Errorf("%q carries a handle that nobody lent", item.Body.Text.Plain())
			}
		}
	})
}
