package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const curlyQuotes = "“”„‟‘’‚‛"

// straightHint cures what a word processor did.
const straightHint = `write straight quotes ("…" or '…'); word processors and chat apps turn them into curly ones`

// checkCurly reports a plain scalar that stands in curly quotes: YAML takes
// them as letters of the text.
func (c *converter) checkCurly(n *node) {
	if n.quoted || n.text == "" {
		return
	}
	first, _ := utf8.DecodeRuneInString(n.text)
	last, _ := utf8.DecodeLastRuneInString(n.text)
	if strings.ContainsRune(curlyQuotes, first) && strings.ContainsRune(curlyQuotes, last) {
		c.r.Errorf(n.at(), straightHint, "the value stands in curly quotes (%c %c), which YAML takes as part of the text", first, last)
	}
}

// checkTab reports a tab inside a plain scalar: the parser leaves it out.
func (c *converter) checkTab(n *node) {
	if n.quoted {
		return
	}
	runes := []rune(c.src.line(n.line))
	rest := string(runes[min(n.col-1, len(runes)):])
	if i := strings.IndexByte(rest, '\t'); i >= 0 && !strings.HasPrefix(rest, n.text) && strings.HasPrefix(n.text, strings.TrimRight(rest[:i], " \t")) {
		at := n.at()
		at.col += utf8.RuneCountInString(rest[:i])
		at.width = 1
		c.r.Errorf(at, `replace it by a space, or write "\t" in a quoted text`, "a tab stands in the value")
	}
}

// checkKey reports a key with invisible or curly characters, by name.
func (c *converter) checkKey(e *entry) {
	for i, r := range []rune(e.key) {
		at := e.at
		at.n = nil
		switch {
		case strings.ContainsRune(curlyQuotes, r):
			c.r.Errorf(at, straightHint, "the key %s contains a curly quote (%c)", quoted(e.key), r)
		case noBreakSpace(r) && i == 0:
			c.r.Errorf(at, "replace it by ordinary spaces", "the line is indented with a no-break space (U+%04X); YAML allows only spaces", r)
		case noBreakSpace(r):
			c.r.Errorf(at, "replace it by an ordinary space", "the key contains a no-break space (U+%04X) at its character %d", r, i+1)
		case unicode.Is(unicode.Cf, r):
			c.r.Errorf(at, "delete the key and type it again", "the key %s contains an invisible character (U+%04X)", quoted(printable(e.key)), r)
		default:
			continue
		}
		e.odd = true
		return
	}
}

func noBreakSpace(r rune) bool { return r == '\u00a0' || r == '\u2007' || r == '\u202f' }

// reportSyntax says what is wrong with a section that the parser refused. Tabs
// and no-break spaces in the indentation are all named; otherwise the parser's
// words are translated.
func (r *Report) reportSyntax(src *source, section broken) {
	if r.reportIndents(src, section) {
		return
	}
	err := section.err
	at := At{src: src, line: err.line, col: err.col, width: 1}
	line := src.line(err.line)
	if strings.ContainsAny(line, curlyQuotes) && strings.Contains(line, ":") {
		i := strings.IndexAny(line, curlyQuotes)
		at.col = utf8.RuneCountInString(line[:i]) + 1
		c, _ := utf8.DecodeRuneInString(line[i:])
		r.Errorf(at, straightHint, "a curly quote (%c) does not quote anything in YAML", c)
		return
	}
	if i := bareVariable(line); i >= 0 {
		at.col, at.width = utf8.RuneCountInString(line[:i])+1, 2
		r.Errorf(at, `put quotes around it: "${NAME}"`, "inside { } and [ ] a variable needs quotes")
		return
	}
	if strings.Contains(err.message, "mapping value is not allowed") && r.reportDeeper(src, err) {
		return
	}
	message, hint := explainSyntax(err.message, line)
	r.Errorf(at, hint, "%s", message)
}

// bareVariable returns where a variable without quotes stands inside { or [, or
// -1: its own braces end the map.
func bareVariable(line string) int {
	open := strings.IndexAny(line, "{[")
	found := strings.Index(line, "${")
	if found <= 0 || open < 0 || open >= found || strings.ContainsAny(line[found-1:found], `"'`) {
		return -1
	}
	return found
}

// reportDeeper reports a line that is indented below a key that has its value
// already: the parser complains about the value.
func (r *Report) reportDeeper(src *source, err *syntaxError) bool {
	runes := []rune(src.line(err.line))
	rest := string(runes[min(err.col-1, len(runes)):])
	if strings.Contains(rest, ": ") || strings.HasSuffix(rest, ":") {
		return false
	}
	next := err.line + 1
	for next < len(src.lines) && strings.TrimSpace(src.line(next)) == "" {
		next++
	}
	want, got := indentOf(src.line(err.line)), indentOf(src.line(next))
	if got <= want || !strings.Contains(src.line(next), ":") {
		return false
	}
	r.Errorf(At{src: src, line: next, col: got + 1, width: 1},
		fmt.Sprintf("begin it in column %d, like the key above", want+1),
		"the line is indented too far: the key above it has its value already")
	return true
}

// reportIndents names every line of the section that is indented with
// something else than spaces.
func (r *Report) reportIndents(src *source, section broken) (found bool) {
	for number := section.from; number < section.to; number++ {
		line := src.line(number)
		indent := line[:len(line)-len(strings.TrimLeftFunc(line, unicode.IsSpace))]
		if len(indent) == len(line) {
			continue
		}
		at := At{src: src, line: number, width: 1}
		if j := strings.IndexByte(indent, '\t'); j >= 0 {
			at.col = utf8.RuneCountInString(indent[:j]) + 1
			r.Errorf(at, "replace every tab by two spaces (most editors: “Convert indentation to spaces”)", "the line is indented with a tab; YAML allows only spaces")
			found = true
		} else if j := strings.IndexFunc(indent, func(c rune) bool { return c != ' ' }); j >= 0 {
			at.col = utf8.RuneCountInString(indent[:j]) + 1
			c, _ := utf8.DecodeRuneInString(indent[j:])
			r.Errorf(at, "replace it by ordinary spaces", "the line is indented with a no-break space (U+%04X); YAML allows only spaces", c)
			found = true
		}
	}
	return found
}

// syntaxWords translates the parser's messages, found by a part of their text:
// the parser has no codes. Source: goccy/go-yaml v1.19.2, scanner and parser.
var syntaxWords = []struct{ part, message, hint string }{
	{"mapping value is not allowed", "there is a second “key: value” inside this value, or the line below it is indented too far", `put quotes around a text that contains ": ", and give keys of one map the same indentation`},
	{"pre-defined", "something follows the value that does not belong to it", "a line that continues a map must begin in the same column as its first key; a text with quotes inside needs the other kind of quotes around it"},
	{"double-quoted text", `the quote (") that opens here is never closed`, `close it in the same line, or write \" for a quote inside the text`},
	{"single-quoted text", "the quote (') that opens here is never closed", "close it in the same line, or write '' for an apostrophe inside the text"},
	{"',' or ']'", "a list opened with [ above is not closed", "add the missing comma or ]"},
	{"sequence end token", "the list opened with [ is not closed", "add the missing ]"},
	{"',' or '}'", "a map opened with { above is not closed", "add the missing comma or }"},
	{"flow mapping end token", "the map opened with { is not closed", "add the missing }"},
	{"reserved character", "a value must not begin with this character", "put quotes around the value"},
	{"directive", "a value must not begin with %", "put quotes around the value"},
	{"block sequence entries", `a list item ("- …") must stand in a line of its own`, "begin a new line, indented, for each “- ”"},
	{"unexpected key name", "this line is not a “key: value”", `a key is followed by a colon and a space; a text over several lines begins with "|"`},
	{"non-map value", "this line is not a “key: value”", "a key is followed by a colon and a space"},
	{"implicit line break", "a key must not run over two lines", "is the comma or the bracket of the line above missing?"},
	{"that cannot start any token", "a value must not begin with this character", "replace tabs by spaces, or put quotes around the value"},
	{tooDeep, tooDeep, deepHint},
	{tooManyKeys, tooManyKeys, fmt.Sprintf("use at most %d keys, or a list", maxKeys)},
	{"invalid header option", "the text after | or > must begin in the next line", "move it to the next line, indented"},
	{"value is not allowed in this context", "the line does not fit the lines above it", "check its indentation: keys of one map begin in the same column"},
}

func explainSyntax(message, line string) (string, string) {
	for _, w := range syntaxWords {
		if strings.Contains(message, w.part) {
			return w.message, w.hint
		}
	}
	hint := "check the indentation and the quotes of this line and of the one above"
	if strings.Contains(line, "\t") {
		hint = "replace the tab in this line by spaces"
	}
	return "this is not valid YAML: " + printable(message), hint
}
