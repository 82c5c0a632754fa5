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

// run is the state of reading one piece of a line. What has been looked for in vain
// is not looked for again, so that reading takes time in proportion to the text.
type run struct {
	inliner
	s      string
	style  Style
	url    string
	pairs  map[int]int     // where the bracket that opens here is closed
	failed map[string]bool // marks that nothing closes from here on
}

// inline reads a piece of a line that is already inside the given style and link.
func (p inliner) inline(s string, style Style, url string) Rich {
	r := run{inliner: p, s: s, style: style, url: url, failed: map[string]bool{}}
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
		if spans, n := r.element(i); n > 0 {
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

// element reads the styled piece that starts at i. It returns how many bytes it
// took, or 0 when nothing complete starts there.
func (r *run) element(i int) (Rich, int) {
	switch {
	case r.s[i] == '`' && r.style&Code == 0 && !r.failed["`"]:
		end := strings.IndexByte(r.s[i+1:], '`')
		r.failed["`"] = end < 0
		if end <= 0 {
			return nil, 0
		}
		return Rich{{Text: r.s[i+1 : i+1+end], Style: r.style | Code, URL: r.url}}, end + 2
	case strings.HasPrefix(r.s[i:], "**") && r.style&Bold == 0:
		return r.emphasis(i, "**", Bold)
	case r.s[i] == '*' && r.style&Italic == 0:
		return r.emphasis(i, "*", Italic)
	case r.s[i] == '[' && r.url == "":
		return r.link(i)
	}
	return nil, 0
}

// emphasis reads **text** or *text*. The marks must touch the text and must not
// stand inside a word, so that "2*3*4" is arithmetic.
func (r *run) emphasis(i int, mark string, adds Style) (Rich, int) {
	start := i + len(mark)
	if before, _ := utf8.DecodeLastRuneInString(r.s[:i]); i > 0 && isWord(before) {
		return nil, 0
	}
	if first, _ := utf8.DecodeRuneInString(r.s[start:]); start >= len(r.s) || unicode.IsSpace(first) || r.failed[mark] {
		return nil, 0
	}
	end := closing(r.s, start, mark)
	if end < 0 {
		r.failed[mark] = true
		return nil, 0
	}
	return r.inline(r.s[start:end], r.style|adds, r.url), end + len(mark) - i
}

// closing finds the mark that ends the emphasis whose text begins at start, or -1.
func closing(s string, start int, mark string) int {
	openCode := false
	for j := start; j < len(s); {
		switch {
		case s[j] == '\\' && j+1 < len(s):
			j += 2
			continue
		case s[j] == '`' && !openCode:
			end := strings.IndexByte(s[j+1:], '`')
			if end > 0 {
				j += end + 2
				continue
			}
			openCode = end < 0
		case s[j] == '*':
			stars := 1
			for j+stars < len(s) && s[j+stars] == '*' {
				stars++
			}
			last, _ := utf8.DecodeLastRuneInString(s[:j])
			next, _ := utf8.DecodeRuneInString(s[j+stars:])
			// "**" inside *italic* belongs to a bold part, unless three stars close both.
			fits := stars == len(mark) || stars == 3
			if fits && j > start && !unicode.IsSpace(last) && (j+stars == len(s) || !isWord(next)) {
				return j + stars - len(mark)
			}
			j += stars
			continue
		}
		j++
	}
	return -1
}

// link reads [label](address).
func (r *run) link(i int) (Rich, int) {
	if r.pairs == nil {
		r.pairs = bracketPairs(r.s)
	}
	end, closed := r.pairs[i]
	if !closed || end+1 >= len(r.s) || r.s[end+1] != '(' {
		return nil, 0
	}
	rest := r.s[end+2:]
	length := strings.IndexAny(rest[:min(len(rest), maxURLBytes)], ") \t\n")
	if length <= 0 || rest[length] != ')' {
		return nil, 0
	}
	address, label := rest[:length], r.s[i+1:end]
	if strings.TrimSpace(label) == "" || !r.okURL(address) {
		return nil, 0
	}
	return r.inline(label, r.style, address), end + 2 + length + 1 - i
}

// maxURLBytes is the longest address of a link; platforms take about 2,000.
const maxURLBytes = 2048

// bracketPairs finds for each [ the ] that closes it.
func bracketPairs(s string) map[int]int {
	pairs := map[int]int{}
	var open []int
	for j := 0; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '[':
			open = append(open, j)
		case ']':
			if len(open) > 0 {
				pairs[open[len(open)-1]] = j
				open = open[:len(open)-1]
			}
		}
	}
	return pairs
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

func isPunctuation(b byte) bool {
	return b > ' ' && b < 0x7f && !unicode.IsLetter(rune(b)) && !unicode.IsDigit(rune(b))
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
