package telegram

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxBody is the largest request: 50 MB for an upload, and some room. Source: core.telegram.org/bots/api#sending-files.
	maxBody = 51 << 20
	// maxField is the largest plain field of a form.
	maxField = 1 << 20
)

// upload is a file that came with a request.
type upload struct {
	name, contentType string
	data              []byte
}

// params are a call's parameters, from the query and from a body that may be a multipart form, an urlencoded form or
// JSON; values that are not strings in JSON are kept as their JSON text, as the real server does.
type params struct {
	values map[string]string
	files  map[string]upload
	sent   map[string]any // as sent, for the journal
}

var errTooLarge = &refusal{code: http.StatusRequestEntityTooLarge, text: "Request Entity Too Large"}

func readParams(r *http.Request) (params, error) {
	p := params{values: map[string]string{}, files: map[string]upload{}, sent: map[string]any{}}
	for k, v := range r.URL.Query() {
		p.set(k, v[0], v[0])
	}
	if r.Method != http.MethodPost || r.Body == nil {
		return p, nil
	}
	kind, args, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	body := http.MaxBytesReader(nil, r.Body, maxBody)
	switch kind {
	case "multipart/form-data":
		err = p.readMultipart(body, args["boundary"])
	case "application/json":
		err = p.readJSON(body)
	case "application/x-www-form-urlencoded":
		err = p.readForm(body)
	default:
		_, err = io.Copy(io.Discard, body)
	}
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return p, errTooLarge
	}
	return p, err
}

func (p *params) set(key, value string, sent any) {
	p.values[key] = value
	p.sent[key] = sent
}

func (p *params) readMultipart(body io.Reader, boundary string) error {
	r := multipart.NewReader(body, boundary)
	for {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return formError(err)
		}
		if err := p.readPart(part); err != nil {
			return err
		}
	}
}

func (p *params) readPart(part *multipart.Part) error {
	limit := int64(maxField)
	if part.FileName() != "" {
		limit = maxBody
	}
	data, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return formError(err)
	}
	if int64(len(data)) > limit {
		return errTooLarge
	}
	if part.FileName() == "" {
		p.set(part.FormName(), string(data), string(data))
		return nil
	}
	kind := part.Header.Get("Content-Type")
	p.files[part.FormName()] = upload{name: part.FileName(), contentType: kind, data: data}
	p.sent[part.FormName()] = map[string]any{"file": part.FileName(), "type": kind, "size": len(data)}
	return nil
}

func formError(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return errTooLarge
	}
	return badRequest("can't parse the request body")
}

func (p *params) readForm(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return formError(err)
	}
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return formError(err)
	}
	for k, v := range form {
		p.set(k, v[0], v[0])
	}
	return nil
}

func (p *params) readJSON(body io.Reader) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return formError(err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return badRequest("can't parse request body as JSON object")
	}
	for k, raw := range object {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		if s == "null" {
			continue
		}
		var sent any
		if err := json.Unmarshal(raw, &sent); err != nil {
			return badRequest("can't parse request body as JSON object")
		}
		p.set(k, s, sent)
	}
	return nil
}

func (p params) str(key string) string { return p.values[key] }

func (p params) int(key string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(p.values[key]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p params) bool(key string) bool {
	switch strings.ToLower(strings.TrimSpace(p.values[key])) {
	case "true", "1", "yes", "t", "y":
		return true
	}
	return false
}

// secretKeys are the parameters whose value does not stand in the journal.
var secretKeys = map[string]bool{"secret_token": true, "certificate": true}

// journal is what was sent, without secrets.
func (p params) journal(token string) any {
	out := make(map[string]any, len(p.sent))
	for k, v := range p.sent {
		if secretKeys[k] {
			out[k] = "<secret>"
			continue
		}
		if s, ok := v.(string); ok && token != "" {
			v = strings.ReplaceAll(s, token, "<token>")
		}
		out[k] = v
	}
	return out
}
