package config

import (
	"strings"
	"unicode/utf8"
)

// inside returns the place of a character of a scalar's text: offset counts
// runes from 0. Where the text and the file differ (a filled-in variable) it is
// the place of the whole scalar.
func (a At) inside(offset int) At {
	n := a.n
	if n == nil || n.kind != Scalar || n.expanded || n.secret || offset < 0 || offset > utf8.RuneCountInString(n.text) {
		return a
	}
	if n.block {
		return a.insideBlock(offset)
	}
	return a.insideFlow(offset)
}

// insideBlock finds the place in a "|" or ">" scalar, whose lines begin below
// the indicator. The folding of ">" keeps the number of characters per line
// break in the common case (a single break becomes a space).
func (a At) insideBlock(offset int) At {
	line := a.line + 1
	for line <= len(a.src.lines) && strings.TrimSpace(a.src.line(line)) == "" {
		line++
		offset--
	}
	first := a.src.line(line)
	indent := len(first) - len(strings.TrimLeft(first, " "))
	for ; line <= len(a.src.lines); line++ {
		text := []rune(strings.TrimRight(a.src.line(line), "\r"))
		length := max(len(text)-indent, 0)
		if offset <= length {
			out := a
			out.line, out.col, out.width = line, indent+max(offset, 0)+1, 1
			return out
		}
		offset -= length + 1
	}
	return a
}

// insideFlow finds the place in a plain or quoted scalar by walking the file
// and the text side by side.
func (a At) insideFlow(offset int) At {
	w := flowWalk{src: a.src, line: a.line, col: a.col, row: []rune(a.src.line(a.line))}
	quote := rune(0)
	if a.n.quoted {
		quote = w.peek()
		w.step(1)
	}
	for i, r := range []rune(a.n.text) {
		if i == offset {
			break
		}
		if !w.pass(r, quote) {
			return a
		}
	}
	out := a
	out.line, out.col, out.width = w.line, w.col, 1
	return out
}

// flowWalk is a position in the file.
type flowWalk struct {
	src       *source
	line, col int
	row       []rune
}

func (w *flowWalk) peek() rune {
	if w.col-1 < len(w.row) {
		return w.row[w.col-1]
	}
	return '\n'
}

func (w *flowWalk) step(n int) { w.col += n }

// pass moves over what stands in the file for one character of the text, and
// reports false when the two do not agree.
func (w *flowWalk) pass(r, quote rune) bool {
	at := w.peek()
	switch {
	case (r == ' ' || r == '\n') && w.restIsBlank():
		return w.nextLine()
	case at == r && (quote != '\'' || r != '\''):
		w.step(1)
	case quote == '\'' && r == '\'':
		w.step(2) // written twice
	case quote == '"' && at == '\\':
		w.step(escapeLength(w.row[w.col-1:]))
	default:
		return false
	}
	return true
}

func (w *flowWalk) restIsBlank() bool {
	return w.col-1 >= len(w.row) || strings.TrimSpace(string(w.row[w.col-1:])) == ""
}

func (w *flowWalk) nextLine() bool {
	for w.line++; w.line <= len(w.src.lines); w.line++ {
		w.row = []rune(w.src.line(w.line))
		text := strings.TrimLeft(string(w.row), " \t")
		if text != "" {
			w.col = len(w.row) - utf8.RuneCountInString(text) + 1
			return true
		}
	}
	return false
}

// escapeLength returns how many characters an escape of a double-quoted scalar
// takes. Source: yaml.org/spec/1.2.2, section 5.7.
func escapeLength(runes []rune) int {
	if len(runes) < 2 {
		return 1
	}
	switch runes[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
