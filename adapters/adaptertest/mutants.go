package adaptertest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// Mutant is a JSON document with one value spoilt.
type Mutant struct {
	Name string // where and how, such as "message.from.id: null"
	JSON []byte
}

// stand-ins are what a value is replaced by: what a compatible server in another language writes where the original
// has something else.
var standIns = []string{`null`, `7`, `"x"`, `""`, `true`, `[]`, `[null]`, `{}`}

// Mutants spoils every value of a document in every way, one at a time: it is left out, or stands there with another
// type. A document that is no JSON has none.
func Mutants(document []byte) []Mutant {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return nil
	}
	var out []Mutant
	add := func(name string) {
		spoilt, err := json.Marshal(root)
		if err == nil {
			out = append(out, Mutant{Name: name, JSON: spoilt})
		}
	}
	mutate(root, "", func(v any) { root = v }, add)
	return out
}

// mutate spoils v, which stands at path and is put there by set, and everything in it.
func mutate(v any, path string, set func(any), add func(name string)) {
	for _, s := range standIns {
		set(json.RawMessage(s))
		add(path + ": " + s)
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			one := v[key]
			delete(v, key)
			add(path + "." + key + ": left out")
			v[key] = one
			mutate(one, path+"."+key, func(w any) { v[key] = w }, add)
		}
	case []any:
		for i, one := range v {
			mutate(one, path+"."+strconv.Itoa(i), func(w any) { v[i] = w }, add)
		}
	}
}

// Spoiler stands between a channel and its platform, and puts other answers in the place of the platform's.
type Spoiler struct {
	Base http.RoundTripper

	mu      sync.Mutex
	is      func(*http.Request) bool
	seen    []byte // the last answer that matched
	instead []byte // what the next one is replaced by; nil: it is left as it is
}

// Watch has the answers to some calls be looked at from now on, and nothing replaced.
func (s *Spoiler) Watch(is func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.is, s.seen, s.instead = is, nil, nil
}

// Seen is the last answer to such a call.
func (s *Spoiler) Seen() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// Instead replaces the next such answer.
func (s *Spoiler) Instead(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = body
}

// RoundTrip implements http.RoundTripper.
func (s *Spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	matches := s.is != nil && s.is(r)
	s.mu.Unlock()
	res, err := s.Base.RoundTrip(r)
	if err != nil || !matches {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the platform's answer: %w", err)
	}
	if err := res.Body.Close(); err != nil {
		return nil, fmt.Errorf("read the platform's answer: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = body
	if s.instead != nil {
		body, s.instead = s.instead, nil
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}
