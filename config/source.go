package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// source is one file as text, after its encoding was sorted out.
type source struct {
	name  string // as it is shown in problems
	dir   string // folder that relative paths in the file start from
	lines []string
	// masks are the parts of lines that excerpts must not show, by line number.
	masks map[int][]span
}

// span is a range of columns in a line: 1-based, counted in runes, end excluded.
type span struct{ from, to int }

func newSource(name, dir, text string) *source {
	return &source{name: name, dir: dir, lines: strings.Split(text, "\n"), masks: map[int][]span{}}
}

// line returns the text of a line (1-based), or "" outside the file.
func (s *source) line(number int) string {
	if s == nil || number < 1 || number > len(s.lines) {
		return ""
	}
	return s.lines[number-1]
}

// mask keeps a range of a line out of every excerpt. A multi-line value is
// masked line by line by the caller.
func (s *source) mask(line, from, to int) {
	if s == nil || to <= from {
		return
	}
	for _, m := range s.masks[line] {
		if m.from == from && m.to == to {
			return
		}
	}
	s.masks[line] = append(s.masks[line], span{from, to})
}

const maskText = "<secret>"

// secretInLine finds values that look like secrets by the name of their key.
// It is the second guard behind the masks: a line that never reached the
// decoder (a syntax error) is still not echoed with its token.
var secretInLine = regexp.MustCompile(
	`(?i)\b[\w-]*(?:token|secret|password|passwd|passphrase|api_?key|credential)[\w-]*["']?\s*:\s+(["']?[^\s#,}\]][^#,}\]]*)`)

// passwordInURL finds the password of a database or web address.
var passwordInURL = regexp.MustCompile(`://[^\s:/@]*:([^\s@]+)@`)

// excerpt returns a line as problems may show it, with the column of the caret
// moved along when something before it was masked.
func (s *source) excerpt(number, column, width int) (text string, col, wide int) {
	line := s.line(number)
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "\uFFFD")
	}
	runes := []rune(strings.TrimRight(line, "\r"))
	hidden := make([]bool, len(runes))
	hide := func(from, to int) {
		for i := max(from, 0); i < to && i < len(runes); i++ {
			hidden[i] = true
		}
	}
	for _, m := range s.masksOf(number) {
		hide(m.from-1, m.to-1)
	}
	if s.continuesSecret(number) {
		hide(indentOf(line), len(runes))
	}
	for _, found := range secretSpans(string(runes)) {
		hide(found.from, found.to)
	}
	return shown(runes, hidden, column, width)
}

func (s *source) masksOf(number int) []span {
	if s == nil {
		return nil
	}
	return s.masks[number]
}

// continuesSecret tells whether a line belongs to a value that looks secret and
// began in a line above.
func (s *source) continuesSecret(number int) bool {
	if s == nil {
		return false
	}
	indent := indentOf(s.line(number))
	for above := number - 1; above > 0; above-- {
		line := s.line(above)
		if strings.TrimSpace(line) == "" || indentOf(line) >= indent {
			continue
		}
		spans := secretSpans(line)
		return len(spans) > 0 && spans[len(spans)-1].to == utf8.RuneCountInString(strings.TrimRight(line, " "))
	}
	return false
}

// secretSpans returns the rune ranges (0-based) of values that look secret.
func secretSpans(line string) []span {
	var spans []span
	add := func(from, to int) {
		start := utf8.RuneCountInString(line[:from])
		spans = append(spans, span{start, start + utf8.RuneCountInString(strings.TrimRight(line[from:to], " "))})
	}
	for _, m := range secretInLine.FindAllStringSubmatchIndex(line, -1) {
		key, _, _ := strings.Cut(line[m[0]:m[2]], ":")
		value := strings.Trim(line[m[2]:m[3]], `"' `)
		if strings.HasSuffix(strings.Trim(key, `"' `), "_file") || strings.HasPrefix(value, "${") || value == "" {
			continue
		}
		add(m[2], m[3])
	}
	for _, m := range passwordInURL.FindAllStringSubmatchIndex(line, -1) {
		if !strings.HasPrefix(line[m[2]:m[3]], "${") {
			add(m[2], m[3])
		}
	}
	return spans
}

// shown replaces the hidden runs by maskText and moves the caret along.
func shown(runes []rune, hidden []bool, column, width int) (text string, col, wide int) {
	var out strings.Builder
	col, wide = column, max(width, 1)
	written := 0
	for i := 0; i < len(runes); {
		if !hidden[i] {
			out.WriteRune(runes[i])
			written++
			i++
			continue
		}
		end := i
		for end < len(runes) && hidden[end] {
			end++
		}
		out.WriteString(maskText)
		shift := len(maskText) - (end - i)
		switch caret := column - 1; {
		case caret >= end:
			col += shift
		case caret >= i:
			col, wide = written+1, len(maskText)
		}
		written += len(maskText)
		i = end
	}
	return out.String(), col, wide
}
