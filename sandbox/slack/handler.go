package slack

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// route is one method of the Web API.
type route struct {
	do    func(*Lookalike, args) (map[string]any, error)
	tier  int  // 0: a limit of its own, or none
	app   bool // wants the app-level token instead of the bot's
	reads bool // takes no JSON body
	sends bool // makes the bot say something: matched by a fault without method
}

// routes are the methods. Source: docs.slack.dev/reference/methods, tiers included.
var routes = map[string]route{
	"api.test":                     {do: (*Lookalike).apiTest},
	"auth.test":                    {do: (*Lookalike).authTest},
	"apps.connections.open":        {do: (*Lookalike).connectionsOpen, tier: 3, app: true},
	"bots.info":                    {do: (*Lookalike).botsInfo, tier: 3, reads: true},
	"conversations.open":           {do: (*Lookalike).conversationsOpen, tier: 3},
	"conversations.list":           {do: (*Lookalike).conversationsList, tier: 2, reads: true},
	"conversations.info":           {do: (*Lookalike).conversationsInfo, tier: 3, reads: true},
	"conversations.members":        {do: (*Lookalike).conversationsMembers, tier: 4, reads: true},
	"conversations.history":        {do: (*Lookalike).conversationsHistory, tier: 3, reads: true},
	"conversations.replies":        {do: (*Lookalike).conversationsReplies, tier: 3, reads: true},
	"conversations.join":           {do: (*Lookalike).conversationsJoin, tier: 3},
	"chat.postMessage":             {do: (*Lookalike).postMessage, sends: true},
	"chat.postEphemeral":           {do: (*Lookalike).postEphemeral, tier: 4, sends: true},
	"chat.update":                  {do: (*Lookalike).update, tier: 3, sends: true},
	"chat.delete":                  {do: (*Lookalike).deleteMessage, tier: 3},
	"views.open":                   {do: (*Lookalike).viewsOpen, tier: 4},
	"views.push":                   {do: (*Lookalike).viewsPush, tier: 4},
	"views.update":                 {do: (*Lookalike).viewsUpdate, tier: 4},
	"views.publish":                {do: (*Lookalike).viewsPublish, tier: 4},
	"users.info":                   {do: (*Lookalike).usersInfo, tier: 4, reads: true},
	"users.list":                   {do: (*Lookalike).usersList, tier: 2, reads: true},
	"usergroups.list":              {do: (*Lookalike).groupsList, tier: 2, reads: true},
	"usergroups.users.list":        {do: (*Lookalike).groupUsers, tier: 2, reads: true},
	"files.getUploadURLExternal":   {do: (*Lookalike).uploadURL, tier: 4, reads: true},
	"files.completeUploadExternal": {do: (*Lookalike).completeUpload, tier: 4, sends: true},
	"files.info":                   {do: (*Lookalike).filesInfo, tier: 4, reads: true},
}

// Handler implements lookalike.Platform; the package comment lists the addresses.
func (l *Lookalike) Handler() http.Handler { return l.gate.Guard(http.HandlerFunc(l.serve)) }

func (l *Lookalike) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/link" || path == "/link/":
		l.serveSocket(w, r)
	case strings.HasPrefix(path, "/files-pri/"):
		l.serveFile(w, r)
	case path == "/login":
		response{status: http.StatusOK, kind: "text/html; charset=utf-8", body: []byte(loginPage)}.write(w)
	case strings.HasPrefix(path, "/api/"):
		l.record(w, r, strings.Trim(strings.TrimPrefix(path, "/api/"), "/"), path, l.serveCall)
	case strings.HasPrefix(path, "/actions/"), strings.HasPrefix(path, "/commands/"):
		l.record(w, r, "response_url", "/actions/<secret>", l.serveHook)
	case strings.HasPrefix(path, "/upload/"):
		l.record(w, r, "upload", "/upload/<secret>", l.serveUpload)
	default:
		http.NotFound(w, r)
	}
}

// record serves one call and notes it in the journal.
func (l *Lookalike) record(
	w http.ResponseWriter, r *http.Request, method, path string,
	serve func(r *http.Request, method string, e *lookalike.Entry) response,
) {
	e := l.journal.Begin(method, path, false)
	defer e.End()
	l.mu.Lock()
	l.host = r.Host
	l.mu.Unlock()
	res := serve(r, method, e)
	if r.Context().Err() != nil {
		res = cut
	}
	if err := e.Record(res.status); err != nil || res.status == 0 {
		panic(http.ErrAbortHandler)
	}
	res.write(w)
}

// serveCall makes the answer to one call of the Web API.
func (l *Lookalike) serveCall(r *http.Request, method string, e *lookalike.Entry) response {
	rt, known := routes[method]
	a, err := readArgs(r, rt.reads)
	e.Body(a.journal())
	if err != nil {
		return respond(nil, err)
	}
	fault, broken := l.faults.Take(method, r.URL.Path, rt.sends)
	if broken && !fault.Late {
		return faulty(fault)
	}
	if !known {
		return respond(nil, errUnknownMethod)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.authorize(rt, a.token); err != nil {
		return respond(nil, err)
	}
	if err := l.mayCall(method); err != nil {
		return respond(nil, err).with("X-OAuth-Scopes", strings.Join(l.cfg.Scopes, ","))
	}
	if wait := l.pace.call(method, rt.tier, time.Now()); wait > 0 {
		return respond(nil, limited(wait))
	}
	result, err := rt.do(l, a)
	if broken {
		return faulty(fault)
	}
	return respond(result, err).with("X-OAuth-Scopes", strings.Join(l.cfg.Scopes, ","))
}

// authorize checks the token of a call.
func (l *Lookalike) authorize(rt route, token string) error {
	bot, app := token == l.cfg.BotToken, token == l.cfg.AppToken
	switch {
	case token == "":
		return errNotAuthed
	case !bot && !app:
		return errInvalidAuth
	case l.revoked != "":
		return refuse(l.revoked)
	case bot && rt.app, app && !rt.app:
		return errTokenType
	}
	return nil
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
	switch f.Status {
	case 0:
		return cut
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		// These come from what stands before the API, and they are pages, not JSON.
		text := strconv.Itoa(f.Status) + " " + http.StatusText(f.Status)
		return response{status: f.Status, kind: "text/html", body: []byte("<html><body><h1>" + text + "</h1></body></html>\n")}
	}
	return respond(nil, statusRefusal(f.Status, f.RetryAfter))
}

// respond is a result or an error as the API writes it. An error that is no refusal is the look-alike's own trouble.
func respond(result map[string]any, err error) response {
	res := response{status: http.StatusOK, kind: "application/json; charset=utf-8"}
	if err == nil {
		body := map[string]any{"ok": true}
		for k, v := range result {
			body[k] = v
		}
		res.body = raw(body)
		return res
	}
	r := new(refusal)
	if !errors.As(err, &r) {
		r = &refusal{code: "internal_error", status: http.StatusInternalServerError}
	}
	body := map[string]any{"ok": false, "error": r.code}
	if len(r.messages) > 0 {
		body["errors"] = r.messages
		body["response_metadata"] = map[string]any{"messages": r.messages}
	}
	if r.status != 0 {
		res.status = r.status
	}
	if r.retryAfter > 0 {
		res.header = map[string]string{"Retry-After": strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds())))}
	}
	res.body = raw(body)
	return res
}

// with adds a header.
func (r response) with(name, value string) response {
	header := map[string]string{name: value}
	maps.Copy(header, r.header)
	r.header = header
	return r
}

func (r response) write(w http.ResponseWriter) {
	for k, v := range r.header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", r.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

func (l *Lookalike) apiTest(args) (map[string]any, error) {
	return map[string]any{"args": map[string]any{}}, nil
}

func (l *Lookalike) authTest(args) (map[string]any, error) {
	return map[string]any{
		"url": "https://sandbox.slack.com/", "team": "Sandbox", "user": l.cfg.Username, "team_id": l.app.team,
		"user_id": l.app.user, "bot_id": l.app.bot, "is_enterprise_install": false,
	}, nil
}

func (l *Lookalike) botsInfo(a args) (map[string]any, error) {
	if b := a.str("bot"); b != "" && b != l.app.bot {
		return nil, refuse("bot_not_found")
	}
	return map[string]any{"bot": map[string]any{
		"id": l.app.bot, "deleted": false, "name": l.cfg.Username, "user_id": l.app.user, "app_id": l.app.app, "icons": map[string]any{},
	}}, nil
}

// decodeStrict reads JSON in which nothing may stand that is not known.
func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalidBlocks(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
