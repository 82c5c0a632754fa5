package slack

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody bounds one request of the Web API.
const maxBody = 4 << 20

// args are the arguments of a call, from a form or a JSON object. Blocks and the like are JSON in both.
type args struct {
	values map[string]json.RawMessage
	token  string
}

// readArgs reads the arguments. A method that reads only does not look at a JSON body, and nobody looks there for a
// token. Source: docs.slack.dev/apis/web-api#methods.
func readArgs(r *http.Request, formOnly bool) (args, error) {
	a := args{values: map[string]json.RawMessage{}}
	form := r.URL.Query()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return a, errInvalidForm
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "application/json" && !formOnly && len(body) > 0:
		if !json.Valid(body) {
			return a, errInvalidJSON
		}
		if json.Unmarshal(body, &a.values) != nil {
			return a, errNotObject
		}
		delete(a.values, "token")
	case kind == "multipart/form-data":
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if r.ParseMultipartForm(maxBody) != nil {
			return a, errInvalidForm
		}
		add(form, url.Values(r.MultipartForm.Value))
	case kind != "application/json":
		posted, err := url.ParseQuery(string(body))
		if err != nil {
			return a, errInvalidForm
		}
		add(form, posted)
	}
	a.token = form.Get("token")
	form.Del("token")
	for k := range form {
		a.values[k] = raw(form.Get(k))
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		a.token = strings.TrimSpace(bearer)
	}
	return a, nil
}

func add(to, from url.Values) {
	for k, v := range from {
		to[k] = append(to[k], v...)
	}
}

// str is an argument as a text; numbers and truth values count as their texts.
func (a args) str(name string) string {
	v, ok := a.values[name]
	if !ok || string(v) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

func (a args) bool(name string) bool {
	switch strings.ToLower(a.str(name)) {
	case "1", "true":
		return true
	}
	return false
}

// int is a number within bounds, otherwise when it is not given.
func (a args) int(name string, otherwise, most int) (int, error) {
	s := a.str(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, errInvalidArgs
	}
	if n == 0 {
		return otherwise, nil
	}
	return min(n, most), nil
}

// json is an argument that is JSON: a text that holds it, or the thing itself. nil when it is not given.
func (a args) json(name string) json.RawMessage {
	v, ok := a.values[name]
	if !ok || string(v) == "null" {
		return nil
	}
	var s string
	if json.Unmarshal(v, &s) == nil {
		if strings.TrimSpace(s) == "" {
			return nil
		}
		return json.RawMessage(s)
	}
	return v
}

// journal is what was sent, without the token; JSON in a text is shown as what it holds, so that what is in it can be
// looked for.
func (a args) journal() any {
	out := map[string]any{}
	for name, v := range a.values {
		var shown any
		if json.Unmarshal(v, &shown) != nil {
			continue
		}
		if s, ok := shown.(string); ok && holdsJSON[name] {
			var inner any
			if json.Unmarshal([]byte(s), &inner) == nil {
				shown = inner
			}
		}
		out[name] = shown
	}
	return out
}

var holdsJSON = map[string]bool{"blocks": true, "attachments": true, "view": true, "files": true, "metadata": true}

// raw is v as JSON; what the look-alike makes itself always can be.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("slack look-alike: " + err.Error())
	}
	return b
}
