package slack

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	maxDoubts = 4096
	// doubtSlack is how far the platform's clock may be from ours.
	doubtSlack = time.Minute
	// ourMark is the kind of the metadata by which a message of ours is found again.
	ourMark = "rapport_message"
)

// marked is the metadata of one part of a message, which nobody sees.
// Source: docs.slack.dev/messaging/message-metadata.
func marked(nonce string, i int) map[string]any {
	return map[string]any{"event_type": ourMark, "event_payload": map[string]string{"part": markOf(nonce, i)}}
}

func markOf(nonce string, i int) string { return nonce + "/" + strconv.Itoa(i) }

// doubt remembers a message that may stand although the platform did not say so: it has been seen to refuse for pace
// what it had posted, and an answer can be lost. Its next try looks first.
func (a *Adapter) doubt(nonce string, began time.Time, err error) {
	var se *conversation.SendError
	if nonce == "" || !errors.As(err, &se) {
		return
	}
	if _, ok := a.doubts.Get(nonce); ok {
		return
	}
	if se.Kind == conversation.OutcomeUnknown || se.Doubtful || se.Kind == conversation.RateLimited && se.Code != codeMore {
		a.doubts.Put(nonce, began)
	}
}

// standsAlready looks for a part whose earlier try is in doubt. When nobody can tell, the answer is no: a rare repeat
// beats silence.
func (a *Adapter) standsAlready(ctx context.Context, chat string, s conversation.Sending, i int) (string, bool) {
	began, ok := a.doubts.Get(s.Nonce)
	if !ok || s.Nonce == "" || s.Body.OnlyFor != "" {
		return "", false
	}
	a.doubts.Drop(s.Nonce)
	since := began.Add(-doubtSlack)
	ex := &exchange{method: "conversations.history", repeat: true, form: url.Values{
		"channel": {chat}, "oldest": {strconv.FormatInt(since.Unix(), 10) + ".000000"}, "limit": {"100"}, "include_all_metadata": {"true"},
	}}
	if s.To.Thread != "" {
		ex.method = "conversations.replies"
		ex.form.Set("ts", s.To.Thread)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	if _, err := a.call(ctx, ex); err != nil {
		return "", false
	}
	for _, raw := range list(ex.answer["messages"]) {
		m := object(raw)
		metadata := object(m["metadata"])
		ts := text(m["ts"])
		if text(metadata["event_type"]) == ourMark && text(object(metadata["event_payload"])["part"]) == markOf(s.Nonce, i) && isTS(ts) {
			return ts, true
		}
	}
	return "", false
}
