package slack

import (
	"strconv"
	"strings"
	"time"

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
