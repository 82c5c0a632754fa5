package slack

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/adapters/lenient"
)

// What comes from the platform is read field by field and without errors, see adapters/lenient.
var (
	object = lenient.Object
	list   = lenient.List
	text   = lenient.Text
	truth  = lenient.Truth
	clean  = lenient.Clean
)

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
