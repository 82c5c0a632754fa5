package lenient_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/adapters/lenient"
)

// read is one value, read in every way.
type read struct {
	fields, items int // -1 for what is none
	text          string
	number        int64
	whole, truth  bool
}

func readAll(raw json.RawMessage) read {
	out := read{fields: -1, items: -1, text: lenient.Text(raw), truth: lenient.Truth(raw)}
	if m := lenient.Object(raw); m != nil {
		out.fields = len(m)
	}
	if l := lenient.List(raw); l != nil {
		out.items = len(l)
	}
	out.number, out.whole = lenient.Number(raw)
	return out
}

// none is what nothing reads as.
var none = read{fields: -1, items: -1}

func TestReading(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw  string
		want read
	}{
		"nothing":                 {"", none},
		"null":                    {"null", none},
		"no JSON":                 {"<html>", none},
		"torn":                    {`{"a":`, none},
		"an empty object":         {"{}", read{items: -1}},
		"an object":               {`{"a":1,"b":null}`, read{fields: 2, items: -1}},
		"an empty array":          {"[]", read{fields: -1}},
		"an array":                {`[1,null,{}]`, read{fields: -1, items: 3}},
		"true":                    {"true", read{fields: -1, items: -1, truth: true}},
		"false":                   {"false", none},
		"the word true":           {`"true"`, read{fields: -1, items: -1, text: "true"}},
		"a string":                {`"salam"`, read{fields: -1, items: -1, text: "salam"}},
		"a string with NUL":       {`"sa\u0000lam"`, read{fields: -1, items: -1, text: "salam"}},
		"half a character":        {`"\ud83d"`, read{fields: -1, items: -1, text: "\uFFFD"}},
		"a whole number":          {"42", read{fields: -1, items: -1, text: "42", number: 42, whole: true}},
		"an id in quotes":         {`"-1001234567890"`, read{fields: -1, items: -1, text: "-1001234567890", number: -1001234567890, whole: true}},
		"a number with a point":   {"1732241234.000200", read{fields: -1, items: -1, text: "1732241234.000200"}},
		"a number beyond 64 bits": {"92233720368547758070", read{fields: -1, items: -1, text: "92233720368547758070"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := readAll(json.RawMessage(test.raw)); got != test.want {
				t.Errorf("%s reads as %+v, want %+v", test.raw, got, test.want)
			}
		})
	}
}

// FuzzReading: whatever a server sends can be read, and what is read fits the database.
func FuzzReading(f *testing.F) {
	for _, seed := range []string{
		"", "null", "true", "1e400", `"\ud800"`, "\"\xff\"", `{"a":{"a":[null,"\u0000"]}}`, "[[[]]]", strings.Repeat("[", 2000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := readAll(raw)
		if !utf8.ValidString(got.text) || strings.Contains(got.text, "\x00") {
			t.Errorf("%q reads as the text %q", raw, got.text)
		}
		if n, err := strconv.ParseInt(got.text, 10, 64); got.whole != (err == nil) || got.whole && n != got.number {
			t.Errorf("%q reads as the number %d (%t) and the text %q", raw, got.number, got.whole, got.text)
		}
		if !json.Valid(raw) && got != none {
			t.Errorf("%q is no JSON and reads as %+v", raw, got)
		}
		for _, inner := range lenient.Object(raw) {
			readAll(inner)
		}
		for _, inner := range lenient.List(raw) {
			readAll(inner)
		}
	})
}
