package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// call is one request for a method, with its lock held unless the method waits.
type call func(l *Lookalike, ctx context.Context, p params) (any, error)

// method describes how a method is called.
type method struct {
	name  string // as documented
	do    call
	sends bool // makes the bot say something: matched by a fault without method
}

// methods by name in lower case: the server does not mind the case.
var methods = func() map[string]method {
	m := map[string]method{}
	for _, one := range []method{
		{"getMe", locked((*Lookalike).getMe), false},
		{"getUpdates", func(l *Lookalike, ctx context.Context, p params) (any, error) { return l.getUpdates(ctx, p) }, false},
		{"setWebhook", locked((*Lookalike).setWebhook), false},
		{"deleteWebhook", locked((*Lookalike).deleteWebhook), false},
		{"getWebhookInfo", locked((*Lookalike).getWebhookInfo), false},
		{"sendMessage", locked((*Lookalike).sendMessage), true},
		{"sendPhoto", locked(sendMedia("photo")), true},
		{"sendDocument", locked(sendMedia("document")), true},
		{"sendVoice", locked(sendMedia("voice")), true},
		{"sendVideo", locked(sendMedia("video")), true},
		{"sendAnimation", locked(sendMedia("animation")), true},
		{"sendAudio", locked(sendMedia("audio")), true},
		{"sendSticker", locked(sendMedia("sticker")), true},
		{"sendChatAction", locked((*Lookalike).sendChatAction), false},
		{"answerCallbackQuery", locked((*Lookalike).answerCallbackQuery), false},
		{"editMessageText", locked((*Lookalike).editMessageText), true},
		{"editMessageCaption", locked((*Lookalike).editMessageCaption), true},
		{"editMessageReplyMarkup", locked((*Lookalike).editMessageReplyMarkup), true},
		{"deleteMessage", locked((*Lookalike).deleteMessage), false},
		{"deleteMessages", locked((*Lookalike).deleteMessages), false},
		{"setMyCommands", locked((*Lookalike).setMyCommands), false},
		{"getMyCommands", locked((*Lookalike).getMyCommands), false},
		{"deleteMyCommands", locked((*Lookalike).deleteMyCommands), false},
		{"setMyName", locked(setText("name", 64)), false},
		{"getMyName", locked(getText("name")), false},
		{"setMyDescription", locked(setText("description", 512)), false},
		{"getMyDescription", locked(getText("description")), false},
		{"setMyShortDescription", locked(setText("short_description", 120)), false},
		{"getMyShortDescription", locked(getText("short_description")), false},
		{"setChatMenuButton", locked((*Lookalike).setChatMenuButton), false},
		{"getChatMenuButton", locked((*Lookalike).getChatMenuButton), false},
		{"getChat", locked((*Lookalike).getChat), false},
		{"getFile", locked((*Lookalike).getFile), false},
		{"logOut", locked((*Lookalike).yes), false},
		{"close", locked((*Lookalike).yes), false},
	} {
		m[strings.ToLower(one.name)] = one
	}
	return m
}()

// locked runs a method that does not wait under the lock.
func locked(do func(l *Lookalike, p params) (any, error)) call {
	return func(l *Lookalike, _ context.Context, p params) (any, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return do(l, p)
	}
}

// errGone ends a connection without an answer.
var errGone = errors.New("the platform has gone")

// Handler implements lookalike.Platform: the Bot API at /bot<token>/<method> and files at /file/bot<token>/<path>.
func (l *Lookalike) Handler() http.Handler { return l.gate.Guard(http.HandlerFunc(l.serve)) }

func (l *Lookalike) serve(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		l.serveFile(w, r, rest)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	if !ok {
		respond(w, nil, errNotFound)
		return
	}
	token, name, ok := strings.Cut(rest, "/")
	if !ok || !tokenForm.MatchString(token) {
		respond(w, nil, errNotFound)
		return
	}
	name = strings.TrimPrefix(name, "test/")
	m, known := methods[strings.ToLower(name)]
	if known {
		name = m.name
	}
	e := l.journal.Begin(name, "/bot<token>/"+name, name == "getUpdates")
	status := l.serveCall(w, r, token, m, e)
	if err := e.Done(status); err != nil || status == 0 {
		panic(http.ErrAbortHandler)
	}
}

// serveCall answers one call and says with which status, 0 for no answer at all.
func (l *Lookalike) serveCall(w http.ResponseWriter, r *http.Request, token string, m method, e *lookalike.Entry) int {
	p, err := readParams(r)
	e.Body(p.journal(l.cfg.Token))
	if err != nil {
		if r.Context().Err() != nil {
			return 0
		}
		return respond(w, nil, err)
	}
	fault, broken := l.faults.Take(m.name, r.URL.Path, m.sends)
	if broken && !fault.Late {
		return failed(w, fault)
	}
	if token != l.cfg.Token {
		return respond(w, nil, errUnauthorized)
	}
	if m.do == nil {
		return respond(w, nil, errNoMethod)
	}
	result, err := m.do(l, r.Context(), p)
	switch {
	case errors.Is(err, errGone) || r.Context().Err() != nil:
		return 0
	case broken:
		return failed(w, fault)
	}
	return respond(w, result, err)
}

// failed answers as the fault says.
func failed(w http.ResponseWriter, f lookalike.Fault) int {
	switch f.Status {
	case 0:
		return 0
	case http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusServiceUnavailable:
		// These come from the proxy before the real server, and they are pages, not JSON.
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		text := strconv.Itoa(f.Status) + " " + http.StatusText(f.Status)
		_, _ = io.WriteString(w, "<html>\r\n<head><title>"+text+"</title></head>\r\n<body>\r\n<center><h1>"+text+
			"</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n")
		return f.Status
	}
	if f.Status < 400 {
		return respond(w, nil, &refusal{code: f.Status, text: http.StatusText(f.Status)})
	}
	return respond(w, nil, statusText(f.Status, f.RetryAfter))
}

// answer is the envelope of every result.
type answer struct {
	OK          bool        `json:"ok"`
	Result      any         `json:"result,omitempty"`
	Code        int         `json:"error_code,omitempty"`
	Description string      `json:"description,omitempty"`
	Parameters  *parameters `json:"parameters,omitempty"`
}

type parameters struct {
	RetryAfter int `json:"retry_after,omitempty"`
}

// respond writes a result or an error and says with which status. An error that is no refusal is the look-alike's own
// trouble, such as a full disk.
func respond(w http.ResponseWriter, result any, err error) int {
	a, status := answer{OK: true, Result: result}, http.StatusOK
	if err != nil {
		r := new(refusal)
		if !errors.As(err, &r) {
			r = &refusal{code: http.StatusInternalServerError, text: "Internal Server Error"}
		}
		a, status = answer{Code: r.code, Description: r.text}, r.code
		if r.retryAfter > 0 {
			a.Parameters = &parameters{RetryAfter: r.retryAfter}
			w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
		}
	}
	body, err := json.Marshal(a)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"ok":false,"error_code":500,"description":"Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return status
}
