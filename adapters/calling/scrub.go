package calling

import (
	"regexp"
	"strings"
)

// maxRefusal bounds what is repeated of a platform's words, in characters.
const maxRefusal = 200

var (
	quoted  = regexp.MustCompile(`"[^"]*"`)
	address = regexp.MustCompile(`\w+://\S+`)
)

// Scrub makes a platform's words fit for logs: without the token, pieces of what was sent, and addresses.
func Scrub(s, token string) string {
	s = strings.ReplaceAll(s, token, "<token>")
	s = quoted.ReplaceAllString(s, `"…"`)
	s = address.ReplaceAllString(s, "<address>")
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxRefusal {
		s = string(r[:maxRefusal]) + "…"
	}
	return s
}
