package discord

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/texts"
)

// marks are what the platform may read as formatting or as a mention anywhere in a line.
const marks = "\\*_~|`<[]"

// lineMarks are what it may read so at the start of a line. It is asked about one line: an expression is as slow as what
// follows is long.
var lineMarks = regexp.MustCompile(`^(\s*)(#|-|>|\+|\d+(?:\.|\)))`)

// bareAddress is the address at the start of a text, empty when there is none. It is shown as a link as it stands, and
// would be broken by escapes.
func bareAddress(s string) string {
	for _, scheme := range []string{"https://", "http://"} {
		rest, ok := strings.CutPrefix(s, scheme)
		if !ok {
			continue
		}
		end := strings.IndexAny(rest, "\t\n\f\r <>[]()*|`\\")
		if end < 0 {
			end = len(rest)
		}
		if end > 0 {
			return s[:len(scheme)+end]
		}
	}
	return ""
}

// callsEverybody says whether a text starts with a mention of everyone; they are kept from ringing by allowed_mentions,
// and from being coloured here.
func callsEverybody(s string) bool {
	for _, mention := range []string{"@everyone", "@here"} {
		if rest, ok := strings.CutPrefix(s, mention); ok {
			next, _ := utf8.DecodeRuneInString(rest)
			return rest == "" || next >= utf8.RuneSelf || !isWord(next)
		}
	}
	return false
}

// escape makes a text be read as it stands.
func escape(s string) string { return escapeFrom(s, true) }

// escapeFrom escapes a text that stands at the start of a line or not.
func escapeFrom(s string, atStart bool) string {
	var b strings.Builder
	before := rune(0)
	for s != "" {
		if atStart {
			line, _, _ := strings.Cut(s, "\n")
			if m := lineMarks.FindStringSubmatch(line); m != nil {
				at := len(m[0]) - 1 // "1." is escaped before its dot, the others have one sign
				b.WriteString(s[:at] + `\` + s[at:at+1])
				before, s, atStart = rune(s[at]), s[at+1:], false
				continue
			}
		}
		c, n := utf8.DecodeRuneInString(s)
		if address := bareAddress(s); address != "" && !isWord(before) {
			n = len(address)
			if next, _ := utf8.DecodeRuneInString(s[n:]); n < len(s) && !unicode.IsSpace(next) {
				b.WriteString("<" + address + ">") // or the platform takes an escape after it for a part of it
			} else {
				b.WriteString(address)
			}
			c, _ = utf8.DecodeLastRuneInString(address)
		} else {
			if strings.ContainsRune(marks, c) || c == '@' && callsEverybody(s) {
				b.WriteByte('\\')
			}
			b.WriteString(s[:n])
		}
		atStart = c == '\n'
		before, s = c, s[n:]
	}
	return b.String()
}

func isWord(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// markdown renders a text. A style whose marks the platform would not read is left out, the words stay.
func markdown(r texts.Rich) string {
	r = r.Trim()
	var b strings.Builder
	bold := false
	for i, s := range r {
		want := s.Style&texts.Bold != 0 && strings.TrimSpace(s.Text) != "" && s.URL == ""
		if want && !bold && !endsWith(b.String(), '*') {
			b.WriteString("**")
			bold = true
		} else if !want && bold {
			b.WriteString("**")
			bold = false
		}
		b.WriteString(span(s, startsLine(b.String()), r, i))
	}
	if bold {
		b.WriteString("**")
	}
	return b.String()
}

// startsLine says whether what follows stands at the start of a line.
func startsLine(s string) bool { return s == "" || strings.HasSuffix(s, "\n") }

func endsWith(s string, c byte) bool { return s != "" && s[len(s)-1] == c }

// span renders one piece, with its blanks outside the marks.
func span(s texts.Span, atStart bool, r texts.Rich, i int) string {
	words := strings.TrimSpace(s.Text)
	head, tail, _ := strings.Cut(s.Text, words)
	if words == "" {
		return s.Text
	}
	atStart = atStart && head == "" || strings.HasSuffix(head, "\n")
	if s.URL != "" {
		return head + masked(words, s.URL) + tail
	}
	if s.Style&texts.Code != 0 && !strings.ContainsAny(words, "`\n") {
		return head + "`" + words + "`" + tail
	}
	escaped := escapeFrom(words, atStart)
	if s.Style&texts.Italic == 0 || strings.Contains(words, "\n\n") {
		return head + escaped + tail
	}
	before, after := rune(0), rune(0)
	if i > 0 && head == "" {
		before, _ = utf8.DecodeLastRuneInString(r[i-1].Text)
	}
	if i < len(r)-1 && tail == "" {
		after, _ = utf8.DecodeRuneInString(r[i+1].Text)
	}
	if isWord(before) || isWord(after) {
		return head + escaped + tail
	}
	return head + "_" + escaped + "_" + tail
}

// masked is a label with an address behind it. An address that would end the mark early is shown beside the label.
func masked(words, address string) string {
	if strings.ContainsAny(address, " <>\\\n") || strings.Contains(words, "\n") {
		return escape(words) + ": " + escape(address)
	}
	return "[" + escapeFrom(words, false) + "](<" + address + ">)"
}
