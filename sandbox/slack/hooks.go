package slack

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// hookLife and hookUses bound a response_url. Source: docs.slack.dev/interactivity/handling-user-interaction.
const (
	hookLife = 30 * time.Minute
	hookUses = 5
)

// hook is a response_url. It outlives the look-alike, as every address of the platform does.
type hook struct {
	Secret  string    `json:"secret"`
	At      time.Time `json:"at"`
	Uses    int       `json:"uses,omitempty"`
	Person  string    `json:"person"`
	Channel string    `json:"channel"`
	Message string    `json:"message,omitempty"` // ts of the message that was pressed, empty after a command
	Thread  string    `json:"thread,omitempty"`

	person  *person
	channel *channel
}

// newHook makes a response_url.
func (l *Lookalike) newHook(h hook) (string, error) {
	if len(l.hooks) >= maxKept {
		for name, old := range l.hooks {
			if old.expired() {
				delete(l.hooks, name)
			}
		}
	}
	h.At, h.Secret, h.Person, h.Channel = time.Now(), rand.Text(), h.person.Name, h.channel.id
	if err := l.save(record{Hook: &h}); err != nil {
		return "", err
	}
	l.hooks[h.Secret] = &h
	return l.base() + "/actions/" + l.app.team + "/" + h.Secret, nil
}

func (h *hook) expired() bool { return time.Since(h.At) > hookLife }

// replayHook takes a response_url as it stands now back into memory.
func (l *Lookalike) replayHook(h *hook) {
	h.person, h.channel = l.people.Find(h.Person), l.byChan[h.Channel]
	if h.person != nil && h.channel != nil {
		l.hooks[h.Secret] = h
	}
}

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
	case h.expired():
		return hookError(http.StatusNotFound, "expired_url")
	case h.Uses >= hookUses:
		return hookError(http.StatusNotFound, "used_url")
	}
	if err := l.respondTo(h, a); err != nil {
		code := "internal_error"
		if r := new(refusal); asRefusal(err, &r) {
			code = r.code
		}
		return hookError(http.StatusInternalServerError, code)
	}
	h.Uses++
	if err := l.save(record{Hook: h}); err != nil {
		return hookError(http.StatusInternalServerError, "internal_error")
	}
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
	original := h.channel.find(h.Message)
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
	if a.bool("replace_original") && h.Message != "" {
		if original == nil {
			return errMessageNotFound
		}
		return l.rewrite(h.channel, original, out)
	}
	if out.thread == "" {
		out.thread = h.Thread
	}
	if a.str("response_type") == "in_channel" {
		_, err = l.say(h.channel, out, nil)
		return err
	}
	_, err = l.whisper(h.channel, h.person, out)
	return err
}
