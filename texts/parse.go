package texts

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse reads the small markup of operators' and catalogue texts:
//
//	**bold**  *italic*  `code`  [label](https://example.com)
//	- an item of a list, at the start of a line
//
// A backslash before a punctuation mark makes it an ordinary character. Whatever is
// not complete (a star without its partner, a link to an address that is not http,
// https, tg or mailto) stays in the text as it was typed, so Parse never fails.
// What people write must not be parsed: use Literal for it.
func Parse(markup string) Rich {
	return parse(markup, safeURL)
}

// parse is Parse with its own rule for link addresses.
func parse(markup string, okURL func(string) bool) Rich {
	markup = strings.ToValidUTF8(markup, "\uFFFD")
	markup = strings.ReplaceAll(markup, "\r\n", "\n")
	markup = strings.ReplaceAll(markup, "\r", "\n")
	p := inliner{okURL: okURL}
	var out Rich
	for i, line := range strings.SplitAfter(markup, "\n") {
		if i == 0 && line == "" {
			break
		}
		body := strings.TrimLeft(line, " \t")
		if item, ok := strings.CutPrefix(body, "- "); ok && strings.TrimSpace(item) != "" {
			out = out.add(Span{Text: bullet})
			line = strings.TrimLeft(item, " \t")
		}
		out = out.add(p.inline(line, 0, "")...)
	}
	return out
}

// inliner reads one line at a time, so a star left open spoils one line at most.
type inliner struct {
	okURL func(string) bool
}

// inline reads a piece of a line that is already inside the given style and link.
func (p inliner) inline(s string, style Style, url string) Rich {
	var out Rich
	var text strings.Builder
	flush := func() {
		out = out.add(Span{Text: text.String(), Style: style, URL: url})
		text.Reset()
	}
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) && isPunctuation(s[i+1]) {
			text.WriteByte(s[i+1])
			i += 2
			continue
		}
		if spans, n := p.element(s, i, style, url); n > 0 {
			flush()
			out = out.add(spans...)
			i += n
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		text.WriteString(s[i : i+size])
		i += size
	}
	flush()
	return out
}

// element reads the styled piece that starts at s[i]. It returns how many bytes it
// took, or 0 when nothing complete starts there.
func (p inliner) element(s string, i int, style Style, url string) (Rich, int) {
	switch {
	case s[i] == '`' && style&Code == 0:
		end := strings.IndexByte(s[i+1:], '`')
		if end <= 0 {
			return nil, 0
		}
		return Rich{{Text: s[i+1 : i+1+end], Style: style | Code, URL: url}}, end + 2
	case strings.HasPrefix(s[i:], "**") && style&Bold == 0:
		return p.emphasis(s, i, "**", style, Bold, url)
	case s[i] == '*' && style&Italic == 0:
		return p.emphasis(s, i, "*", style, Italic, url)
	case s[i] == '[' && url == "":
		return p.link(s, i, style)
	}
	return nil, 0
}

// emphasis reads **text** or *text*. The marks must touch the text and must not
// stand inside a word, so that "2*3*4" is arithmetic.
func (p inliner) emphasis(s string, i int, mark string, style, adds Style, url string) (Rich, int) {
	start := i + len(mark)
	if before, _ := utf8.DecodeLastRuneInString(s[:i]); i > 0 && isWord(before) {
		return nil, 0
	}
	if first, _ := utf8.DecodeRuneInString(s[start:]); start >= len(s) || unicode.IsSpace(first) {
		return nil, 0
	}
	end := closing(s, start, mark)
	if end < 0 {
		return nil, 0
	}
	return p.inline(s[start:end], style|adds, url), end + len(mark) - i
}

// closing finds the mark that ends the emphasis whose text begins at start, or -1.
func closing(s string, start int, mark string) int {
	for j := start; j < len(s); {
		switch {
		case s[j] == '\\' && j+1 < len(s):
			j += 2
			continue
		case s[j] == '`':
			if end := strings.IndexByte(s[j+1:], '`'); end > 0 {
				j += end + 2
				continue
			}
		case s[j] == '*':
			run := 1
			for j+run < len(s) && s[j+run] == '*' {
				run++
			}
			last, _ := utf8.DecodeLastRuneInString(s[:j])
			// "**" inside *italic* belongs to a bold part, unless three stars close both.
			fits := run == len(mark) || run == 3
			at := j + run - len(mark)
			next, _ := utf8.DecodeRuneInString(s[j+run:])
			if fits && j > start && !unicode.IsSpace(last) && (j+run == len(s) || !isWord(next)) {
				return at
			}
			j += run
			continue
		}
		j++
	}
	return -1
}

// link reads [label](address).
func (p inliner) link(s string, i int, style Style) (Rich, int) {
	depth, end := 0, -1
	for j := i; j < len(s) && end < 0; j++ {
		switch s[j] {
		case '\\':
			j++
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				end = j
			}
		}
	}
	if end < 0 || end+1 >= len(s) || s[end+1] != '(' {
		return nil, 0
	}
	length := strings.IndexAny(s[end+2:], ") \t\n")
	if length <= 0 || s[end+2+length] != ')' {
		return nil, 0
	}
	address := s[end+2 : end+2+length]
	label := s[i+1 : end]
	if strings.TrimSpace(label) == "" || !p.okURL(address) {
		return nil, 0
	}
	return p.inline(label, style, address), end + 2 + length + 1 - i
}

// safeURL reports whether people may be sent to the address: a scheme that cannot
// run anything, something behind it, and no white space or control characters.
func safeURL(address string) bool {
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "tg":
		if rest, ok = strings.CutPrefix(rest, "//"); !ok {
			return false
		}
	case "mailto":
	default:
		return false
	}
	return rest != "" && rest[0] != '/' && !strings.ContainsFunc(address, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>' || r == '"' || r == '`' || r == utf8.RuneError
	})
}

// Escape returns markup that Parse reads back as exactly s. It is for turning a
// reply that somebody wrote into a text that an operator can edit.
func Escape(s string) string {
	var b strings.Builder
	lineStart := true
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if strings.ContainsRune("\\*`[]{}", r) || (r == '-' && lineStart) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if r != ' ' && r != '\t' {
			lineStart = r == '\n' || r == '\r'
		}
	}
	return b.String()
}

func isPunctuation(b byte) bool {
	return b > ' ' && b < 0x7f && !unicode.IsLetter(rune(b)) && !unicode.IsDigit(rune(b))
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
