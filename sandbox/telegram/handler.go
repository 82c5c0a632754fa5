package telegram

import (
	"context"
	"encoding/json"
	"errors"
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
		l.serveFile(w, rest)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	if !ok {
		respond(nil, errNotFound).write(w)
		return
	}
	token, name, ok := strings.Cut(rest, "/")
	if !ok || !tokenForm.MatchString(token) {
		respond(nil, errNotFound).write(w)
		return
	}
	name = strings.TrimPrefix(name, "test/")
	m, known := methods[strings.ToLower(name)]
	if known {
		name = m.name
	}
	e := l.journal.Begin(name, "/bot<token>/"+name, name == "getUpdates")
	defer e.End()
	res := l.serveCall(r, token, m, e)
	if err := e.Record(res.status); err != nil || res.status == 0 {
		panic(http.ErrAbortHandler)
	}
	res.write(w)
}

// serveCall makes the answer to one call.
func (l *Lookalike) serveCall(r *http.Request, token string, m method, e *lookalike.Entry) response {
	p, err := readParams(r)
	e.Body(p.journal(l.cfg.Token))
	if err != nil {
		if r.Context().Err() != nil {
			return cut
		}
		return respond(nil, err)
	}
	fault, broken := l.faults.Take(m.name, r.URL.Path, m.sends)
	if broken && !fault.Late {
		return failed(fault)
	}
	if token != l.cfg.Token {
		return respond(nil, errUnauthorized)
	}
	if m.do == nil {
		return respond(nil, errNoMethod)
	}
	result, err := m.do(l, r.Context(), p)
	switch {
	case errors.Is(err, errGone) || r.Context().Err() != nil:
		return cut
	case broken:
		return failed(fault)
	}
	return respond(result, err)
}

// response is what goes back to the caller.
type response struct {
	status     int // 0: the connection is cut instead
	kind       string
	retryAfter int
	body       []byte
}

var cut response

// failed answers as the fault says.
func failed(f lookalike.Fault) response {
	switch {
	case f.Status == 0:
		return cut
	case f.Status == http.StatusBadGateway, f.Status == http.StatusGatewayTimeout, f.Status == http.StatusServiceUnavailable:
		// These come from the proxy before the real server, and they are pages, not JSON.
		text := strconv.Itoa(f.Status) + " " + http.StatusText(f.Status)
		return response{status: f.Status, kind: "text/html", body: []byte("<html>\r\n<head><title>" + text +
			"</title></head>\r\n<body>\r\n<center><h1>" + text + "</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n" +
			"</body>\r\n</html>\r\n")}
	case f.Status < 400:
		return respond(nil, &refusal{code: f.Status, text: http.StatusText(f.Status)})
	}
	return respond(nil, statusText(f.Status, f.RetryAfter))
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

// respond puts a result or an error into its envelope. An error that is no refusal is the look-alike's own trouble,
// such as a full disk.
func respond(result any, err error) response {
	a, res := answer{OK: true, Result: result}, response{status: http.StatusOK, kind: "application/json"}
	if err != nil {
		r := new(refusal)
		if !errors.As(err, &r) {
			r = &refusal{code: http.StatusInternalServerError, text: "Internal Server Error"}
		}
		a, res.status, res.retryAfter = answer{Code: r.code, Description: r.text}, r.code, r.retryAfter
		if r.retryAfter > 0 {
			a.Parameters = &parameters{RetryAfter: r.retryAfter}
		}
	}
	if res.body, err = json.Marshal(a); err != nil {
		return respond(nil, err) // an injected update that is no JSON cannot get here: Inject has read it
	}
	return res
}

func (r response) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", r.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}
