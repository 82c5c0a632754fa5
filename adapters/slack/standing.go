package slack

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"github.com/rapport-chat/rapport/adapters/fitting"
)

// An uploaded picture is worked on before it can stand in a message.
const (
	fileTries = 3
	fileWait  = 700 * time.Millisecond
)

// maxPictures bounds how many messages' pictures are remembered for their edits.
const maxPictures = 10_000

// standing asks for a message as it stands now.
func (a *Adapter) standing(ctx context.Context, chat, thread, ts string) (map[string]json.RawMessage, error) {
	ex := &exchange{method: "conversations.history", repeat: true, form: url.Values{
		"channel": {chat}, "latest": {ts}, "oldest": {ts}, "inclusive": {"true"}, "limit": {"1"},
	}}
	if thread != "" && thread != ts {
		ex.method = "conversations.replies"
		ex.form.Set("ts", thread)
		ex.form.Set("limit", "2") // the root comes along
	}
	if _, err := a.call(ctx, ex); err != nil {
		return nil, err
	}
	for _, raw := range list(ex.answer["messages"]) {
		if m := object(raw); text(m["ts"]) == ts {
			return m, nil
		}
	}
	return nil, payload(codeGone, "the message is gone")
}

// pictureOf is the picture of a message of ours, which an edit has to repeat. After a restart it is asked for; when
// nobody answers, the edit goes without.
func (a *Adapter) pictureOf(ctx context.Context, chat, thread, ts string) *slack.ImageBlock {
	if picture, ok := a.pictures.Get(chat + ts); ok {
		return picture
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	m, err := a.standing(ctx, chat, thread, ts)
	if err != nil {
		return nil
	}
	var picture *slack.ImageBlock
	for _, raw := range list(m["blocks"]) {
		if b := object(raw); text(b["type"]) == "image" {
			picture = imageOf(b)
		}
	}
	a.pictures.Put(chat+ts, picture)
	return picture
}

// imageOf reads an image block as the platform shows it.
func imageOf(b map[string]json.RawMessage) *slack.ImageBlock {
	out := &slack.ImageBlock{Type: slack.MBTImage, AltText: fitting.Cut(text(b["alt_text"]), maxAlt), ImageURL: text(b["image_url"])}
	if id := text(object(b["slack_file"])["id"]); id != "" {
		out.ImageURL, out.SlackFile = "", &slack.SlackFileObject{ID: id}
	}
	if out.ImageURL == "" && out.SlackFile == nil {
		return nil
	}
	return out
}

// changeActions gives a message other buttons and leaves the rest as it stands.
func (a *Adapter) changeActions(ctx context.Context, chat, thread, ts string, actions []slack.Block) error {
	m, err := a.standing(ctx, chat, thread, ts)
	if err != nil {
		return err
	}
	blocks := []json.RawMessage{}
	for _, raw := range list(m["blocks"]) {
		if text(object(raw)["type"]) != "actions" {
			blocks = append(blocks, raw)
		}
	}
	for _, b := range actions {
		raw, err := json.Marshal(b)
		if err != nil {
			return payload("bad_button", "a button cannot be written")
		}
		blocks = append(blocks, raw)
	}
	words := text(m["text"]) // escaped already
	if words == "" || fitting.Units(words) > maxText {
		words = slackutilsx.EscapeMessage(alone)
	}
	_, err = a.call(ctx, &exchange{method: "chat.update", repeat: true, payload: map[string]any{
		"channel": chat, "ts": ts, "text": words, "blocks": blocks, "parse": "none", "link_names": false,
	}})
	return err
}
