package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// maxBody bounds one request. Source: docs.discord.com/developers/reference#uploading-files, 10 MiB a file.
const maxBody = 25 << 20

// request is one call of the REST API.
type request struct {
	verb  string
	path  string
	query map[string][]string
	host  string
	vars  map[string]string
	json  json.RawMessage
	files map[string]upload // by field, such as "files[0]"
}

type upload struct {
	name string
	kind string
	data []byte
}

// decode reads the body.
func (q *request) decode(v any) error {
	if json.Unmarshal(q.json, v) != nil {
		return errBadJSON
	}
	return nil
}

// route is one call that the API has.
type route struct {
	verb, pattern string
	do            func(*Lookalike, *request) (any, error)
	open          bool // needs no token, since the path holds one
	sends         bool // makes the bot say something: matched by a fault without method
	exempt        bool // does not count for the bot's rate
}

var routes = []route{
	{verb: "GET", pattern: "gateway", do: (*Lookalike).getGateway, open: true},
	{verb: "GET", pattern: "gateway/bot", do: (*Lookalike).getGateway},
	{verb: "GET", pattern: "users/@me", do: (*Lookalike).getMe},
	{verb: "GET", pattern: "users/@me/guilds", do: (*Lookalike).getGuilds},
	{verb: "GET", pattern: "guilds/{guild}", do: (*Lookalike).getGuild},
	{verb: "GET", pattern: "guilds/{guild}/channels", do: (*Lookalike).getChannels},
	{verb: "GET", pattern: "guilds/{guild}/members/{user}", do: (*Lookalike).getMember},
	{verb: "POST", pattern: "users/@me/channels", do: (*Lookalike).openDM},
	{verb: "GET", pattern: "applications/@me", do: (*Lookalike).getApplication},
	{verb: "GET", pattern: "oauth2/applications/@me", do: (*Lookalike).getApplication},
	{verb: "GET", pattern: "applications/{app}/commands", do: (*Lookalike).getCommands},
	{verb: "PUT", pattern: "applications/{app}/commands", do: (*Lookalike).putCommands},
	{verb: "GET", pattern: "channels/{channel}", do: (*Lookalike).getChannel},
	{verb: "GET", pattern: "channels/{channel}/messages", do: (*Lookalike).listMessages},
	{verb: "GET", pattern: "channels/{channel}/messages/{message}", do: (*Lookalike).getMessage},
	{verb: "POST", pattern: "channels/{channel}/messages", do: (*Lookalike).createMessage, sends: true},
	{verb: "PATCH", pattern: "channels/{channel}/messages/{message}", do: (*Lookalike).editMessage, sends: true},
	{verb: "DELETE", pattern: "channels/{channel}/messages/{message}", do: (*Lookalike).deleteMessage},
	{verb: "POST", pattern: "channels/{channel}/typing", do: (*Lookalike).typing},
	{verb: "POST", pattern: "interactions/{id}/{token}/callback", do: (*Lookalike).callback, open: true, exempt: true},
	{verb: "POST", pattern: "webhooks/{app}/{token}", do: (*Lookalike).followUp, open: true, sends: true, exempt: true},
	{verb: "GET", pattern: "webhooks/{app}/{token}/messages/{message}", do: (*Lookalike).getLent, open: true, exempt: true},
	{verb: "PATCH", pattern: "webhooks/{app}/{token}/messages/{message}", do: (*Lookalike).editLent, open: true, sends: true, exempt: true},
	{verb: "DELETE", pattern: "webhooks/{app}/{token}/messages/{message}", do: (*Lookalike).deleteLent, open: true, exempt: true},
}

// routeOf finds the route of a path below the API's root.
func routeOf(verb, path string) (route, map[string]string, *refusal) {
	known := false
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, r := range routes {
		vars, ok := match(r.pattern, parts)
		if !ok {
			continue
		}
		known = true
		if r.verb == verb {
			return r, vars, nil
		}
	}
	if known {
		return route{}, nil, errMethod
	}
	return route{}, nil, errNotFound
}

func match(pattern string, parts []string) (map[string]string, bool) {
	want := strings.Split(pattern, "/")
	if len(want) != len(parts) {
		return nil, false
	}
	vars := map[string]string{}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok {
			vars[strings.TrimSuffix(name, "}")] = parts[i]
		} else if w != parts[i] {
			return nil, false
		}
	}
	return vars, true
}

// Handler implements lookalike.Platform: REST at /api/v9 (v10 is the same here), the gateway's websocket at /gateway,
// files at /attachments.
func (l *Lookalike) Handler() http.Handler { return l.gate.Guard(http.HandlerFunc(l.serve)) }

func (l *Lookalike) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/gateway" || path == "/gateway/":
		l.serveGateway(w, r)
		return
	case strings.HasPrefix(path, "/attachments/"):
		l.serveFile(w, strings.TrimPrefix(path, "/attachments/"))
		return
	}
	rest, ok := strings.CutPrefix(path, "/api/v9/")
	if !ok {
		rest, ok = strings.CutPrefix(path, "/api/v10/")
	}
	if !ok {
		respond(nil, errNotFound).write(w)
		return
	}
	rt, vars, unknown := routeOf(r.Method, rest)
	shown := path
	if token := vars["token"]; token != "" {
		shown = strings.ReplaceAll(path, token, "<token>")
	}
	e := l.journal.Begin(r.Method, shown, false)
	defer e.End()
	var res response
	if unknown != nil {
		res = respond(nil, unknown)
	} else {
		res = l.serveCall(r, rt, vars, e)
	}
	if err := e.Record(res.status); err != nil || res.status == 0 {
		panic(http.ErrAbortHandler)
	}
	res.write(w)
}

// serveCall makes the answer to one call.
func (l *Lookalike) serveCall(r *http.Request, rt route, vars map[string]string, e *lookalike.Entry) response {
	q, err := readRequest(r, vars)
	e.Body(q.journal())
	if err != nil {
		if r.Context().Err() != nil {
			return cut
		}
		return respond(nil, err)
	}
	fault, broken := l.faults.Take(r.Method, r.URL.Path, rt.sends)
	if broken && !fault.Late {
		res := faulty(fault)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pace.count(res.status, time.Now())
		return res
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := l.pace.banned(time.Now()); left > 0 {
		return proxyBan(left)
	}
	res := l.answer(r, rt, q, fault, broken)
	l.pace.count(res.status, time.Now())
	return res
}

// answer carries a call out.
func (l *Lookalike) answer(r *http.Request, rt route, q *request, fault lookalike.Fault, broken bool) response {
	if !strings.HasPrefix(r.Header.Get("User-Agent"), "DiscordBot (") {
		return respond(nil, errUserAgent)
	}
	if !rt.open && r.Header.Get("Authorization") != "Bot "+l.cfg.Token {
		return respond(nil, errUnauthorized)
	}
	header, refused := l.pace.take(r.Method, rt, q.vars, time.Now())
	if refused != nil {
		res := respond(nil, refused)
		res.header = header
		return res
	}
	result, err := rt.do(l, q)
	switch {
	case r.Context().Err() != nil:
		return cut
	case broken:
		return faulty(fault)
	}
	res := respond(result, err)
	res.header = header
	return res
}

// readRequest reads the body: JSON, or a form with the JSON as payload_json and files.
func readRequest(r *http.Request, vars map[string]string) (*request, error) {
	q := &request{verb: r.Method, path: r.URL.Path, query: r.URL.Query(), host: r.Host, vars: vars, files: map[string]upload{}}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return q, errBadJSON
	}
	if len(body) > maxBody {
		return q, &refusal{status: http.StatusRequestEntityTooLarge, code: 40005, text: "Request entity too large"}
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		q.json = body
		if len(bytes.TrimSpace(body)) == 0 {
			q.json = json.RawMessage("{}")
		}
		return q, nil
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return q, nil
		}
		if err != nil {
			return q, errBadJSON
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return q, errBadJSON
		}
		if part.FormName() == "payload_json" {
			q.json = data
			continue
		}
		q.files[part.FormName()] = upload{name: part.FileName(), kind: part.Header.Get("Content-Type"), data: data}
	}
}

// journal is the body as it was sent, for checks.
func (q *request) journal() any {
	var body any
	if json.Unmarshal(q.json, &body) != nil {
		body = nil
	}
	if len(q.files) == 0 {
		return body
	}
	files := map[string]string{}
	for field, f := range q.files {
		files[field] = f.name
	}
	return map[string]any{"payload_json": body, "files": files}
}

// response is what goes back to the caller.
type response struct {
	status int // 0: the connection is cut instead
	kind   string
	header map[string]string
	body   []byte
}

var cut response

// faulty answers as the fault says.
func faulty(f lookalike.Fault) response {
	switch {
	case f.Status == 0:
		return cut
	case f.Status == http.StatusBadGateway, f.Status == http.StatusGatewayTimeout, f.Status == http.StatusServiceUnavailable:
		// These come from the proxy before the API, and they are pages, not JSON.
		text := strconv.Itoa(f.Status) + " " + http.StatusText(f.Status)
		return response{status: f.Status, kind: "text/html", body: []byte("<html><head><title>" + text +
			"</title></head><body><center><h1>" + text + "</h1></center><hr><center>cloudflare</center></body></html>\r\n")}
	}
	return respond(nil, statusRefusal(f.Status, f.RetryAfter))
}

// proxyBan is what the proxy before the API answers to an address with too many refused calls: a page, not JSON.
func proxyBan(left time.Duration) response {
	return response{
		status: http.StatusTooManyRequests, kind: "text/html", header: map[string]string{"Retry-After": wholeSeconds(left)},
		body: []byte("<html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head>" +
			"<body>error code: 1015</body></html>\r\n"),
	}
}

// respond is a result or an error as the API writes it. An error that is no refusal is the look-alike's own trouble.
func respond(result any, err error) response {
	if err == nil {
		if result == nil {
			return response{status: http.StatusNoContent}
		}
		return response{status: http.StatusOK, kind: "application/json", body: raw(result)}
	}
	r := new(refusal)
	if !errors.As(err, &r) {
		r = &refusal{status: http.StatusInternalServerError, text: "500: Internal Server Error"}
	}
	body := map[string]any{"message": r.text, "code": r.code}
	if r.errors != nil {
		body["errors"] = r.errors
	}
	res := response{status: r.status, kind: "application/json"}
	if r.status == http.StatusTooManyRequests {
		delete(body, "code")
		body["retry_after"], body["global"] = r.retryAfter.Seconds(), r.global
		res.header = map[string]string{"Retry-After": strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds())))}
	}
	res.body = raw(body)
	return res
}

func (r response) write(w http.ResponseWriter) {
	for k, v := range r.header {
		w.Header().Set(k, v)
	}
	if r.kind != "" {
		w.Header().Set("Content-Type", r.kind)
	}
	if r.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	}
	w.WriteHeader(r.status)
	if len(r.body) > 0 {
		_, _ = w.Write(r.body)
	}
}
