package slack

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// object reads a JSON object field by field, nil for anything else: a server that is not quite the original may send
// anything.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// list reads a JSON array, nil for anything else.
func list(raw json.RawMessage) []json.RawMessage {
	var out []json.RawMessage
	if json.Unmarshal(raw, &out) != nil {
		return nil
	}
	return out
}

// text reads a string or a number as text, empty for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return clean(s)
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// truth reads a boolean, false for anything else.
func truth(raw json.RawMessage) bool { return string(raw) == "true" }

// number reads a whole number, 0 for anything else.
func number(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(text(raw), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// clean makes a string fit for the database and for others: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// instant reads the platform's ids of messages, which are times such as "1732241234.000200".
func instant(ts string) (time.Time, bool) {
	whole, part, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || s <= 0 || s > 1<<36 {
		return time.Time{}, false
	}
	part = (part + "000000")[:6]
	us, err := strconv.ParseInt(part, 10, 64)
	if err != nil || us < 0 {
		return time.Time{}, false
	}
	return time.Unix(s, us*1000), true
}

// isTS says whether s is the platform's id of a message.
func isTS(s string) bool {
	_, ok := instant(s)
	return ok && strings.Contains(s, ".") && !strings.ContainsFunc(s, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
}

// units counts UTF-16 units, the careful reading of "characters".
func units(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

const ellipsis = "…"

// cutText keeps a text to so many characters, and never leaves it empty.
func cutText(s string, limit int) string {
	s = strings.TrimSpace(clean(s))
	if s == "" {
		return ellipsis
	}
	if units(s) <= limit {
		return s
	}
	runes := []rune(s)
	runes = runes[:min(len(runes), limit)]
	for units(string(runes)) > limit-1 {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + ellipsis
}

// label keeps a label short and on one line.
func label(s string, limit int) string { return cutText(strings.Join(strings.Fields(s), " "), limit) }
