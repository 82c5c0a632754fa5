package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// Bounds of the address that an interaction lends for answering it.
// Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses.
const (
	handleLife = 29 * time.Minute // of 30, for the way
	handleUses = 5
)

// ephemeralPrefix marks the id of a message that only one person sees. chat.update and chat.delete do not reach it.
const ephemeralPrefix = "e:"

// handle is what an interaction lends for answering it, as Inbound.Handle. It is a secret.
type handle struct {
	URL     string    `json:"url"`
	Until   time.Time `json:"until"`
	User    string    `json:"user"`              // only that person sees what is answered
	Chat    string    `json:"chat"`              // where it is answered
	Message string    `json:"message,omitempty"` // a press on an ephemeral message: the message, which it can replace
}

// lend keeps what an answer by the interaction's own address needs, nil when there is none to be used.
func (a *Adapter) lend(h handle) []byte {
	if !a.trusted(h.URL) {
		return nil
	}
	h.Until = time.Now().Add(handleLife)
	raw, err := json.Marshal(h)
	if err != nil {
		return nil
	}
	return raw
}

// lent reads what an interaction has lent, nil when nothing of it can be used any more.
func (a *Adapter) lent(raw []byte) *handle {
	var h handle
	if len(raw) == 0 || json.Unmarshal(raw, &h) != nil || !a.trusted(h.URL) || time.Now().After(h.Until) {
		return nil
	}
	if used, _ := a.handles.Get(h.key()); used >= handleUses {
		return nil
	}
	return &h
}

// key names the handle without its secret.
func (h *handle) key() string {
	sum := sha256.Sum256([]byte(h.URL))
	return hex.EncodeToString(sum[:12])
}

// respond makes one call to the address that was lent.
func (a *Adapter) respond(ctx context.Context, h *handle, what map[string]any) error {
	used, _ := a.handles.Get(h.key())
	a.handles.Put(h.key(), used+1)
	_, err := a.call(ctx, &exchange{address: h.URL, payload: what})
	if calling.CodeOf(err) == codeHandleGone {
		a.handles.Put(h.key(), handleUses)
	}
	return err
}

// sendOnlyFor shows a part to one member of staff among others.
func (a *Adapter) sendOnlyFor(ctx context.Context, chat string, s conversation.Sending, p part) (string, error) {
	for _, plain := range []bool{false, true} {
		id, err := a.showOnlyFor(ctx, chat, s, p, plain)
		if calling.CodeOf(err) != codeBlocks || plain {
			return id, err
		}
	}
	return "", nil // never: the loop answers
}

func (a *Adapter) showOnlyFor(ctx context.Context, chat string, s conversation.Sending, p part, plain bool) (string, error) {
	what := map[string]any{"text": p.fallback(), "blocks": p.blocks(plain)}
	if isTS(s.To.Thread) {
		what["thread_ts"] = s.To.Thread
	}
	if h := a.lent(s.Handle); h != nil && h.User == s.Body.OnlyFor && h.Chat == chat {
		what["response_type"], what["replace_original"] = "ephemeral", false
		err := a.respond(ctx, h, what)
		if calling.CodeOf(err) != codeHandleGone {
			return ephemeralPrefix, err // the platform does not tell its id
		}
		delete(what, "response_type")
		delete(what, "replace_original")
	}
	what["channel"], what["user"] = chat, s.Body.OnlyFor
	ex, err := a.call(ctx, &exchange{method: "chat.postEphemeral", payload: what})
	if err != nil {
		return "", err
	}
	return ephemeralPrefix + text(ex.answer["message_ts"]), nil
}

// changeEphemeral replaces or deletes a message that only one person sees. That can only be done with what a press on
// it has lent; without, it stays until the person's app is started anew, which is no error.
func (a *Adapter) changeEphemeral(ctx context.Context, s conversation.Sending) error {
	h := a.lent(s.Handle)
	id := s.MessageID
	if h == nil || h.Message == "" || strings.Contains(id, idSeparator) || id != h.Message && id != ephemeralPrefix {
		return nil
	}
	what := map[string]any{"delete_original": true}
	if s.Body.Kind == conversation.BodyEdit {
		actions, asText, err := a.actions(s.Body.Rows)
		if err != nil {
			return err
		}
		words := withLinks(s.Body.Text, asText)
		if words.Empty() {
			return payload("empty", "an ephemeral message cannot be left without words")
		}
		p := part{words: split(words)[0], actions: actions}
		what = map[string]any{"replace_original": true, "text": p.fallback(), "blocks": p.blocks(false)}
	}
	err := a.respond(ctx, h, what)
	if calling.CodeOf(err) == codeHandleGone {
		return nil
	}
	return err
}

// isEphemeral says whether a message is seen by one person only.
func isEphemeral(s conversation.Sending) bool {
	return s.Body.OnlyFor != "" || strings.HasPrefix(s.MessageID, ephemeralPrefix)
}
