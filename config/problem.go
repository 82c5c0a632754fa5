package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Severity says whether a problem stops the program.
type Severity uint8

// The severities. The zero Severity is Error, so that a forgotten option is
// strict; Ignore is only an answer to Options.Unset.
const (
	Error Severity = iota
	Warning
	Ignore
)

// String names the severity as the terminal shows it.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Ignore:
		return "ignored"
	default:
		return "error"
	}
}

// MarshalText names the severity in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Problem is one thing that is wrong with a file. None of its texts contains a
// secret or the value of an environment variable.
type Problem struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 when the whole file is meant
	Column   int      `json:"column"` // from 1, in characters
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`   // what cures it
	Source   string   `json:"source,omitempty"` // the offending line, secrets masked

	caret, span int // column and width of the marked part in Source
	order       int // of the file among the files read
}

// Place returns file:line:column, or the file alone when the whole is meant.
func (p Problem) Place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problems is what a report found, in the order of the files.
type Problems []Problem

// HasErrors reports whether any problem must stop the program.
func (ps Problems) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Problem) bool { return p.Severity == Error })
}

// Count returns how many errors and how many warnings there are.
func (ps Problems) Count() (errors, warnings int) {
	for _, p := range ps {
		if p.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Summary says in a line how many problems there are ("2 errors, 1 warning"),
// and "no problems" for none.
func (ps Problems) Summary() string {
	errors, warnings := ps.Count()
	var parts []string
	for _, c := range []struct {
		n    int
		name string
	}{{errors, "error"}, {warnings, "warning"}} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.name)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", c.n, c.name))
		}
	}
	if len(parts) == 0 {
		return "no problems"
	}
	return strings.Join(parts, ", ")
}

// Error makes problems usable as an error: the summary and the first place.
func (ps Problems) Error() string {
	for _, p := range ps {
		if p.Severity == Error {
			return fmt.Sprintf("%s: %s (%s)", p.Place(), p.Message, ps.Summary())
		}
	}
	return ps.Summary()
}

// JSON returns the problems as an indented JSON array, [] for none.
func (ps Problems) JSON() ([]byte, error) {
	if ps == nil {
		ps = Problems{}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode([]Problem(ps)); err != nil {
		return nil, fmt.Errorf("write problems as JSON: %w", err)
	}
	return out.Bytes(), nil
}

// Render writes the problems for a terminal: place, message, the line with a
// caret under the culprit, and the hint. color adds ANSI colours.
func (ps Problems) Render(w io.Writer, color bool) error {
	var out strings.Builder
	for i, p := range ps {
		if i > 0 {
			out.WriteByte('\n')
		}
		p.render(&out, color)
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("write problems: %w", err)
	}
	return nil
}

func (p Problem) render(out *strings.Builder, color bool) {
	paint := func(code, text string) string {
		if !color {
			return text
		}
		return "\x1b[" + code + "m" + text + "\x1b[0m"
	}
	tone := "31;1"
	if p.Severity == Warning {
		tone = "33;1"
	}
	fmt.Fprintf(out, "%s: %s: %s\n", paint("1", printable(p.Place())), paint(tone, p.Severity.String()), printable(p.Message))
	if p.Line > 0 && p.Source != "" {
		number := fmt.Sprintf("%5d | ", p.Line)
		blank := strings.Repeat(" ", len(number)-2) + "| "
		text, pad, marks := p.window()
		fmt.Fprintf(out, "%s%s\n", number, text)
		fmt.Fprintf(out, "%s%s%s\n", blank, pad, paint(tone, marks))
	}
	if p.Hint != "" {
		fmt.Fprintf(out, "      = %s\n", printable(p.Hint))
	}
}

// maxShown is the longest part of a line that an excerpt shows, in characters.
const maxShown = 120

// window returns the part of the line around the caret, with the padding that
// brings the marks under the culprit whatever the width of the letters.
func (p Problem) window() (text, pad, marks string) {
	runes := []rune(p.Source)
	from := 0
	at := min(max(p.caret-1, 0), len(runes))
	prefix := ""
	if len(runes) > maxShown && at > maxShown*2/3 {
		from = at - maxShown/2
		prefix = "…"
	}
	to := min(len(runes), from+maxShown)
	suffix := ""
	if to < len(runes) {
		suffix = "…"
	}
	text = prefix + printable(string(runes[from:to])) + suffix
	pad = strings.Repeat(" ", cells(prefix)+cells(printable(string(runes[from:at]))))
	end := min(max(at+max(p.span, 1), at), to)
	marks = strings.Repeat("^", max(cells(printable(string(runes[at:end]))), 1))
	return text, pad, marks
}

// printable replaces what would move the cursor or hide: a terminal must not be
// steered by a configuration file.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\u00a0':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '\uFFFD'
		}
		return r
	}, text)
}

// cells counts the terminal columns that a text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.order, b.order),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity),
		)
	})
}
