// Package lenient reads JSON field by field and never fails: a server that is not quite the original may leave out
// anything, send null for it, or a value of another type. What cannot be read counts as not there, so that one field
// that is broken loses neither its message nor the messages beside it.
package lenient

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Object reads an object's fields, nil for anything else.
func Object(raw json.RawMessage) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	return fields
}

// List reads an array, nil for anything else.
func List(raw json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) != nil {
		return nil
	}
	return items
}

// Text reads a string, cleaned, or a number as it is written; empty for anything else. Ids are numbers on some servers
// and strings on others.
func Text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return Clean(s)
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// Number reads a whole number, which may stand in quotation marks; ok is false for anything else.
func Number(raw json.RawMessage) (n int64, ok bool) {
	n, err := strconv.ParseInt(Text(raw), 10, 64)
	if err != nil {
		return 0, false // also for what is too large, which ParseInt brings to the nearest
	}
	return n, true
}

// Truth reads a boolean, false for anything else.
func Truth(raw json.RawMessage) bool { return strings.TrimSpace(string(raw)) == "true" }

// Clean makes a string fit for the database and for others: valid UTF-8 without NUL, which PostgreSQL refuses.
func Clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
