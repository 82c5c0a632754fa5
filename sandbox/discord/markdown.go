package discord

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reader shows a message as the app does: its words without the marks, and as HTML for the page. It follows the rules
// that people see in the app (support.discord.com, "Markdown Text 101"); the app's own parser is not published.
type reader struct {
	l     *Lookalike
	plain strings.Builder
	page  strings.Builder
}

// read shows a text.
func (l *Lookalike) read(text string) (plain, page string) {
	r := &reader{l: l}
	r.block(text, true)
	return r.plain.String(), r.page.String()
}

// put shows words that hold no marks.
func (r *reader) put(words string) {
	r.plain.WriteString(words)
	r.page.WriteString(strings.ReplaceAll(html.EscapeString(words), "\n", "<br>"))
}

// wrap shows words inside an element.
func (r *reader) wrap(tag, words string) {
	r.page.WriteString("<" + tag + ">")
	r.block(words, false)
	r.page.WriteString("</" + tag + ">")
}

// line starts: what the rest of the line becomes.
var (
	heading = regexp.MustCompile(`^(?:#{1,3}|-#) +([^\n]+)`)
	quote   = regexp.MustCompile(`^>(?:>>)? `)
	bullet  = regexp.MustCompile(`^( *)[-*] +`)
	ordered = regexp.MustCompile(`^( *)(\d+)\. +`)
)

// Inside a line.
var (
	fence   = regexp.MustCompile("^```(?:[a-zA-Z0-9+_-]+\n)?\n*((?s:.+?))\n*```")
	code    = regexp.MustCompile("^(`{1,2})((?s:.*?[^`]))(`+)")
	address = regexp.MustCompile(`^<?https?://[^\s<>]+>?`)
	label   = regexp.MustCompile(`^\[((?:\\.|[^\[\]\\\n])+)\]\(<?(https?://[^\s<>]*?)>?\)`)
	entity  = regexp.MustCompile(`^<(?:@!?(\d+)|@&(\d+)|#(\d+)|a?:(\w+):\d+|/([^:>]+):\d+|t:(-?\d+)(?::\w)?)>`)
	strong  = regexp.MustCompile(`^\*\*((?:\\(?s:.)|[^\\])+?)\*\*(\*?)`)
	under   = regexp.MustCompile(`^__((?:\\(?s:.)|[^\\])+?)__(_?)`)
	strike  = regexp.MustCompile(`^~~((?:\\(?s:.)|[^\\])+?)~~`)
	spoiler = regexp.MustCompile(`^\|\|((?:\\(?s:.)|[^\\])+?)\|\|`)
	starEm  = regexp.MustCompile(`^\*((?:\*\*|\\(?s:.)|[^*\\])+?)\*(\*?)`)
	lineEm  = regexp.MustCompile(`^_((?:__|\\(?s:.)|[^_\\])+?)_`)
)

// block shows a text whose beginning is the start of a line or not.
func (r *reader) block(text string, atStart bool) {
	before := rune(0)
	for text != "" {
		if atStart {
			if n := r.lineStart(text); n > 0 {
				text, atStart, before = text[n:], false, ' '
				continue
			}
		}
		n := r.inline(text, before)
		before, _ = utf8.DecodeLastRuneInString(text[:n])
		atStart = before == '\n'
		text = text[n:]
	}
}

// lineStart shows a mark at the start of a line, and says how long it is.
func (r *reader) lineStart(text string) int {
	if m := heading.FindStringSubmatch(text); m != nil {
		r.wrap("strong", m[1])
		return len(m[0])
	}
	if m := quote.FindString(text); m != "" {
		r.page.WriteString("│ ")
		return len(m)
	}
	if m := bullet.FindStringSubmatch(text); m != nil {
		r.put(m[1] + "• ")
		return len(m[0])
	}
	if m := ordered.FindStringSubmatch(text); m != nil {
		r.put(m[1] + m[2] + ". ")
		r.page.WriteString("<!-- list -->")
		return len(m[0])
	}
	return 0
}

// inline shows the next piece of a line, and says how long it is.
func (r *reader) inline(text string, before rune) int {
	switch text[0] {
	case '\\':
		next, n := utf8.DecodeRuneInString(text[1:])
		if n > 0 && !unicode.IsLetter(next) && !unicode.IsDigit(next) && !unicode.IsSpace(next) {
			r.put(text[1 : 1+n])
			return 1 + n
		}
	case '`':
		return r.code(text)
	case 'h', '<', '[':
		if n := r.reference(text); n > 0 {
			return n
		}
	case '*', '_', '~', '|':
		if n := r.styled(text, before); n > 0 {
			return n
		}
	}
	_, n := utf8.DecodeRuneInString(text)
	r.put(text[:n])
	return n
}

func (r *reader) code(text string) int {
	if m := fence.FindStringSubmatch(text); m != nil {
		r.plain.WriteString(m[1])
		r.page.WriteString("<pre>" + html.EscapeString(m[1]) + "</pre>")
		return len(m[0])
	}
	if m := code.FindStringSubmatch(text); m != nil && m[1] == m[3] {
		words := m[2]
		if len(m[1]) == 2 {
			words = strings.TrimSuffix(strings.TrimPrefix(words, " "), " ")
		}
		r.plain.WriteString(words)
		r.page.WriteString("<code>" + html.EscapeString(words) + "</code>")
		return len(m[0])
	}
	r.put(text[:1])
	return 1
}

// reference shows a link, an address or a mention.
func (r *reader) reference(text string) int {
	if m := label.FindStringSubmatch(text); m != nil {
		r.page.WriteString(`<a href="` + html.EscapeString(m[2]) + `" rel="noopener noreferrer" target="_blank">`)
		r.block(m[1], false)
		r.page.WriteString("</a>")
		return len(m[0])
	}
	if m := address.FindString(text); m != "" {
		if m[0] != '<' {
			m = strings.TrimSuffix(m, ">")
		} else if !strings.HasSuffix(m, ">") {
			return 0
		}
		at := strings.Trim(m, "<>")
		r.plain.WriteString(at)
		r.page.WriteString(`<a href="` + html.EscapeString(at) + `" rel="noopener noreferrer" target="_blank">` + html.EscapeString(at) + "</a>")
		return len(m)
	}
	m := entity.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	r.put(r.named(m))
	return len(m[0])
}

// named is how the app writes a mention.
func (r *reader) named(m []string) string {
	switch {
	case m[1] == r.l.bot.ID:
		return "@" + r.l.bot.Username
	case m[1] != "":
		if p := r.l.byID[m[1]]; p != nil {
			return "@" + p.Name
		}
		return "@unknown-user"
	case m[2] != "":
		return "@unknown-role"
	case m[3] != "":
		return "#general"
	case m[4] != "":
		return ":" + m[4] + ":"
	case m[5] != "":
		return "/" + m[5]
	}
	return "some day"
}

// styled shows bold, italic, underlined, struck or hidden words.
func (r *reader) styled(text string, before rune) int {
	for _, s := range []struct {
		form *regexp.Regexp
		tag  string
	}{{strong, "strong"}, {under, "u"}, {strike, "s"}, {spoiler, "span"}} {
		m := s.form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		words, length := m[1], len(m[0])
		if len(m) > 2 && m[2] != "" { // "***": the inner mark ends first
			words += m[2]
		}
		r.wrap(s.tag, words)
		return length
	}
	if m := starEm.FindStringSubmatch(text); m != nil && m[2] == "" && !unicode.IsSpace(first(m[1])) && !unicode.IsSpace(last(m[1])) {
		r.wrap("em", m[1])
		return len(m[0])
	}
	if m := lineEm.FindStringSubmatch(text); m != nil && !word(before) && !word(first(text[len(m[0]):])) {
		r.wrap("em", m[1])
		return len(m[0])
	}
	return 0
}

func first(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}

func last(s string) rune {
	c, _ := utf8.DecodeLastRuneInString(s)
	return c
}

func word(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) }
