package sandbox

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// routes sets up every call of the API.
func (s *Sandbox) routes() {
	for path, rt := range map[string]route{
		"/api/idle":   {http.MethodPost, s.idle},
		"/api/clock":  {http.MethodPost, s.clock},
		"/api/orders": {http.MethodPost, s.orders},
		"/api/state":  {http.MethodGet, s.state},
	} {
		s.mux.Handle(path, rt.handler())
	}
	for action, rt := range map[string]struct {
		method string
		serve  func(p lookalike.Platform, r *http.Request) (any, error)
	}{
		"say":     {http.MethodPost, say},
		"press":   {http.MethodPost, press},
		"command": {http.MethodPost, command},
		"submit":  {http.MethodPost, submit},
		"edit":    {http.MethodPost, edit},
		"delete":  {http.MethodPost, remove},
		"block":   {http.MethodPost, block},
		"unblock": {http.MethodPost, unblock},
		"fault":   {http.MethodPost, fault},
		"chat":    {http.MethodGet, chat},
		"calls":   {http.MethodGet, calls},
	} {
		on := route{rt.method, func(r *http.Request) (any, error) {
			p, err := s.platform(r.PathValue("p"))
			if err != nil {
				return nil, err
			}
			return rt.serve(p, r)
		}}
		s.mux.Handle("/api/{p}/"+action, on.handler())
	}
	s.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, http.StatusNotFound, "there is no call "+r.URL.Path)
	})
}

// missing is a platform that this sandbox does not have.
type missing string

func (e missing) Error() string {
	return "there is no platform " + strconv.Quote(string(e)) + " in this sandbox"
}

func (missing) Unwrap() error { return lookalike.ErrNotFound }

func (s *Sandbox) platform(name string) (lookalike.Platform, error) {
	if p, ok := s.Platform(name); ok {
		return p, nil
	}
	return nil, missing(name)
}

// actor is the part of a body that says who acts.
type actor struct {
	As string `json:"as"`
}

func (a actor) check() error {
	if strings.TrimSpace(a.As) == "" {
		return bad(`the call wants "as", the name of a person`)
	}
	return lookalike.CheckName(a.As)
}

// acting reads a body that says who acts.
func acting(r *http.Request, who *actor, into any) error {
	if err := readJSON(r, into); err != nil {
		return err
	}
	return who.check()
}

func say(p lookalike.Platform, r *http.Request) (any, error) {
	var in struct {
		actor
		Text    string `json:"text"`
		In      string `json:"in"`
		Locale  string `json:"locale"`
		Attach  string `json:"attach"`
		ReplyTo string `json:"reply_to"`
	}
	if err := acting(r, &in.actor, &in); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Text) == "" && in.Attach == "" {
		return nil, bad(`the call wants "text" or "attach"`)
	}
	id, err := p.Say(r.Context(), lookalike.Say{
		As: in.As, Text: in.Text, In: in.In, Locale: in.Locale, Attach: in.Attach, ReplyTo: in.ReplyTo,
	})
	if err != nil {
		return nil, err
	}
	return struct {
		ID string `json:"id"`
	}{id}, nil
}

func press(p lookalike.Platform, r *http.Request) (any, error) {
	var in struct {
		actor
		Label   string `json:"label"`
		In      string `json:"in"`
		Message string `json:"message"`
	}
	if err := acting(r, &in.actor, &in); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Label) == "" {
		return nil, bad(`the call wants "label", what stands on the button or a part of it`)
	}
	return done{true}, p.Press(r.Context(), lookalike.Press{As: in.As, Label: in.Label, In: in.In, Message: in.Message})
}

func command(p lookalike.Platform, r *http.Request) (any, error) {
	var in struct {
		actor
		Text string `json:"text"`
		In   string `json:"in"`
	}
	if err := acting(r, &in.actor, &in); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Text) == "" {
		return nil, bad(`the call wants "text", such as /balance`)
	}
	return done{true}, p.Command(r.Context(), in.As, in.Text, in.In)
}

func submit(p lookalike.Platform, r *http.Request) (any, error) {
	var in struct {
		actor
		Values map[string]string `json:"values"`
	}
	if err := acting(r, &in.actor, &in); err != nil {
		return nil, err
	}
	return done{true}, p.Submit(r.Context(), in.As, in.Values)
}

// own is the body of calls about an own message.
type own struct {
	actor
	Message string `json:"message"`
	Text    string `json:"text"`
}

func readOwn(r *http.Request) (own, error) {
	var in own
	if err := acting(r, &in.actor, &in); err != nil {
		return in, err
	}
	if in.Message == "" {
		return in, bad(`the call wants "message", the id of an own message`)
	}
	return in, nil
}

func edit(p lookalike.Platform, r *http.Request) (any, error) {
	in, err := readOwn(r)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Text) == "" {
		return nil, bad(`the call wants "text", what the message shall say`)
	}
	return done{true}, p.Edit(r.Context(), in.As, in.Message, in.Text)
}

func remove(p lookalike.Platform, r *http.Request) (any, error) {
	in, err := readOwn(r)
	if err != nil {
		return nil, err
	}
	return done{true}, p.Delete(r.Context(), in.As, in.Message)
}

func block(p lookalike.Platform, r *http.Request) (any, error) {
	var in actor
	if err := acting(r, &in, &in); err != nil {
		return nil, err
	}
	return done{true}, p.Block(r.Context(), in.As)
}

func unblock(p lookalike.Platform, r *http.Request) (any, error) {
	var in actor
	if err := acting(r, &in, &in); err != nil {
		return nil, err
	}
	return done{true}, p.Unblock(r.Context(), in.As)
}

func fault(p lookalike.Platform, r *http.Request) (any, error) {
	var in struct {
		lookalike.Fault
		Drop string `json:"drop"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	f := in.Fault
	if in.Drop != "" {
		d, err := duration("drop", in.Drop)
		if err != nil {
			return nil, err
		}
		f.Drop = d
	}
	if f.Times < 0 || f.RetryAfter < 0 {
		return nil, bad("times and retry_after are not negative")
	}
	if f == (lookalike.Fault{}) {
		return nil, bad(`the call wants "status" and "times", or "drop", "redeliver" or "down"`)
	}
	return done{true}, p.Fault(r.Context(), f)
}

func chat(p lookalike.Platform, r *http.Request) (any, error) {
	q := r.URL.Query()
	who := actor{As: q.Get("as")}
	if err := who.check(); err != nil {
		return nil, err
	}
	if log := p.Chat(who.As, q.Get("in")); log != nil {
		return log, nil
	}
	return []lookalike.Message{}, nil
}

func calls(p lookalike.Platform, r *http.Request) (any, error) {
	var since int64
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, bad("since: %q is not the id of a call", text)
		}
	}
	if list := p.Calls(since); list != nil {
		return list, nil
	}
	return []lookalike.Call{}, nil
}
