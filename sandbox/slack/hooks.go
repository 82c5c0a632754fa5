package slack

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// serveHook takes a post to a response_url. Source: docs.slack.dev/interactivity/handling-user-interaction
// #message_responses. It answers "ok", or a status of its own with the error.
func (l *Lookalike) serveHook(r *http.Request, method string, e *lookalike.Entry) response {
	secret := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	a, err := readArgs(r, false)
	if payload := a.json("payload"); err == nil && len(payload) > 0 {
		if json.Unmarshal(payload, &a.values) != nil {
			err = errInvalidJSON
		}
	}
	e.Body(a.journal())
	if err != nil {
		return hookError(http.StatusBadRequest, "invalid_payload")
	}
	fault, broken := l.faults.Take(method, "/actions/", true)
	if broken && !fault.Late {
		return faulty(fault)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hooks[secret]
	switch {
	case h == nil:
		return hookError(http.StatusNotFound, "invalid_url")
	case time.Since(h.at) > hookLife:
		return hookError(http.StatusNotFound, "expired_url")
	case h.uses >= hookUses:
		return hookError(http.StatusNotFound, "used_url")
	}
	if err := l.respondTo(h, a); err != nil {
		code := "internal_error"
		if r := new(refusal); asRefusal(err, &r) {
			code = r.code
		}
		return hookError(http.StatusInternalServerError, code)
	}
	h.uses++
	if broken {
		return faulty(fault)
	}
	return response{status: http.StatusOK, kind: "text/html", body: []byte("ok")}
}

func hookError(status int, code string) response {
	return response{status: status, kind: "application/json; charset=utf-8", body: raw(map[string]any{"ok": false, "error": code})}
}

// respondTo does what a message says that came to a response_url or as the answer to a command.
func (l *Lookalike) respondTo(h *hook, a args) error {
	original := h.channel.find(h.message)
	if a.bool("delete_original") {
		if original == nil {
			return errMessageNotFound
		}
		return l.remove(h.channel, original)
	}
	out, err := l.readOutgoing(a)
	if err != nil {
		return err
	}
	if a.bool("replace_original") && h.message != "" {
		if original == nil {
			return errMessageNotFound
		}
		return l.rewrite(h.channel, original, out)
	}
	if out.thread == "" {
		out.thread = h.thread
	}
	if a.str("response_type") == "in_channel" {
		_, err = l.say(h.channel, out, nil)
		return err
	}
	_, err = l.whisper(h.channel, h.person, out)
	return err
}
