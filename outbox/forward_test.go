package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/texts"
)

func TestFilesArePassedOnOrThatTheyAreNotIsSaid(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection refused")
	for name, test := range map[string]struct {
		file    conversation.Attachment
		answers []error // of Fetch, one a call; the last for ever
		image   string  // the name of the picture that leaves
		file2   string  // the name of the document that leaves
		says    string
		fetches int
	}{
		"a picture":           {conversation.Attachment{Kind: "photo", File: "f"}, []error{nil}, "photo.jpg", "", "look", 1},
		"a voice message":     {conversation.Attachment{Kind: "voice", File: "f"}, []error{nil}, "", "voice.ogg", "look", 1},
		"a name with a path":  {conversation.Attachment{Kind: "file", File: "f", Name: `..\..\a/b.txt`}, []error{nil}, "", "b.txt", "look", 1},
		"a name that hides":   {conversation.Attachment{Kind: "file", File: "f", Name: "a\u202etxt.exe"}, []error{nil}, "", "atxt.exe", "look", 1},
		"known to be large":   {conversation.Attachment{Kind: "file", File: "f", Size: outbox.MaxForward + 1}, []error{nil}, "", "", "looklost", 0},
		"turns out large":     {conversation.Attachment{Kind: "file", File: "f"}, []error{conversation.ErrTooLarge}, "", "", "looklost", 1},
		"comes at last":       {conversation.Attachment{Kind: "file", File: "f", Name: "a.txt"}, []error{broken, broken, nil}, "", "a.txt", "look", 3},
		"never comes":         {conversation.Attachment{Kind: "file", File: "f"}, []error{broken}, "", "", "looklost", 3},
		"is empty when it is": {conversation.Attachment{Kind: "file", File: "empty"}, []error{nil}, "", "", "looklost", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var left []conversation.Body
				p := &platform{onArrival: func(s conversation.Sending) { left = append(left, s.Body) }}
				fetches := 0
				b := start(t, p, func(c *outbox.Config, _ *memory) {
					c.Fetch = func(_ context.Context, account, file string, limit int64) ([]byte, error) {
						if account != "telegram:1" || limit != outbox.MaxForward {
							t.Errorf("Fetch from %q with limit %d", account, limit)
						}
						err := test.answers[min(fetches, len(test.answers)-1)]
						fetches++
						if err != nil || file == "empty" {
							return nil, err
						}
						return []byte("data"), nil
					}
				})
				o := to("ayla", conversation.LaneAnswer)
				o.Body = conversation.Body{
					Text: texts.Literal("look"), Forward: &conversation.Forward{From: "telegram:1", Attachment: test.file, Else: texts.Literal("lost")},
				}
				id := b.store.add(o)
				b.Nudge()
				pass(10 * time.Second)
				synctest.Wait()
				if got := b.store.get(id); got.state != sent || len(left) != 1 {
					t.Fatalf("the message is %s after %d calls", got.state, len(left))
				}
				body := left[0]
				image, document := "", ""
				if body.Image != nil {
					image = body.Image.Name
				}
				if body.Document != nil {
					document = body.Document.Name
				}
				if image != test.image || document != test.file2 || body.Text.Plain() != test.says || body.Forward != nil || fetches != test.fetches {
					t.Errorf("left: picture %q, document %q, text %q after %d fetches", image, document, body.Text.Plain(), fetches)
				}
				b.finish(t)
			})
		})
	}
}
