package config

import (
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// maxProblems bounds what a report keeps: beyond it nobody reads on.
const maxProblems = 500

// Report collects problems. It is not safe for concurrent use.
type Report struct {
	opts     Options
	found    []finding
	seen     map[finding]bool
	broken   map[*node]bool // scalars that already have an error
	places   map[place]bool // that have an error
	order    map[*source]int
	mainFile string
	errors   int
	foreign  []Problem
	langs    []language.Code
	partial  bool // a part of the files could not be read
}

// finding is a problem before its excerpt is drawn: what must be masked is only
// known when everything was decoded.
type finding struct {
	severity      Severity
	src           *source
	line, col     int
	width         int
	message, hint string
}

// NewReport returns an empty report, for decoding without Load.
func NewReport(opts Options) *Report {
	return &Report{
		opts:   opts,
		seen:   map[finding]bool{},
		broken: map[*node]bool{},
		places: map[place]bool{},
		order:  map[*source]int{},
	}
}

// SetLanguages tells the report which languages the brand speaks, the default
// first. From then on a LocalText that lacks one of them gets a warning.
func (r *Report) SetLanguages(languages []language.Code) { r.langs = languages }

// Languages returns what SetLanguages was given.
func (r *Report) Languages() []language.Code { return r.langs }

// Errorf reports an error at a place. hint says in a sentence what cures it and
// may be empty. A second error about the same single value is dropped: the
// first one says it.
func (r *Report) Errorf(at At, hint, format string, args ...any) {
	r.add(Error, at, hint, fmt.Sprintf(format, args...))
}

// Warnf reports something that works but is probably not meant.
func (r *Report) Warnf(at At, hint, format string, args ...any) {
	r.add(Warning, at, hint, fmt.Sprintf(format, args...))
}

// ErrorIn reports an error inside a scalar: offset counts the characters
// (runes, from 0) of its text, as an expression's compiler does.
func (r *Report) ErrorIn(at At, offset int, hint, format string, args ...any) {
	r.add(Error, at.inside(offset), hint, fmt.Sprintf(format, args...))
}

// WarnIn is ErrorIn for a warning.
func (r *Report) WarnIn(at At, offset int, hint, format string, args ...any) {
	r.add(Warning, at.inside(offset), hint, fmt.Sprintf(format, args...))
}

// Add adds problems that another package found in files of its own.
func (r *Report) Add(problems ...Problem) {
	for _, p := range problems {
		if len(r.foreign) < maxProblems {
			r.foreign = append(r.foreign, p)
		}
		if p.Severity == Error {
			r.errors++
		}
	}
}

// UnknownID reports that nothing of the kind ("reward") has the id, and offers
// the known id that is nearest.
// It says nothing while a part of the files could not be read: the id may stand
// there.
func (r *Report) UnknownID(at At, kind, id string, known []string) {
	if r.partial {
		return
	}
	hint := Suggest(id, known)
	if hint == "" && len(known) == 0 {
		hint = fmt.Sprintf("no %s is defined in the file", kind)
	}
	r.Errorf(at, hint, "there is no %s %s", kind, at.quoteOr(id))
}

// Partial reports whether a part of the files could not be read, so that what
// seems to be missing may stand there.
func (r *Report) Partial() bool { return r.partial }

// HasErrors reports whether an error was found so far.
func (r *Report) HasErrors() bool { return r.errors > 0 }

// Problems returns what was found, sorted by place, with excerpts.
func (r *Report) Problems() Problems {
	out := make(Problems, 0, len(r.found))
	for _, f := range r.found {
		p := Problem{Severity: f.severity, File: r.mainFile, Message: f.message, Hint: f.hint}
		if f.src != nil {
			p.File, p.Line, p.Column, p.order = f.src.name, f.line, f.col, r.order[f.src]
			p.Source, p.caret, p.span = f.src.excerpt(f.line, f.col, f.width)
		}
		out = append(out, p)
	}
	for _, p := range r.foreign {
		p.order = len(r.order)
		p.caret, p.span = max(p.Column, 1), max(p.span, 1)
		out = append(out, p)
	}
	out.sort()
	return out
}

func (r *Report) add(severity Severity, at At, hint, message string) {
	if severity == Ignore || len(r.found) >= maxProblems {
		if severity == Error {
			r.errors++
		}
		return
	}
	if severity == Error && at.n != nil && at.n.kind == Scalar {
		if r.broken[at.n] {
			return
		}
		r.broken[at.n] = true
	}
	f := finding{severity: severity, src: at.src, line: at.line, col: at.col, width: at.width, message: message, hint: hint}
	if r.seen[f] {
		return
	}
	r.seen[f] = true
	if severity == Error {
		r.errors++
		r.places[place{at.src, at.line, at.col}] = true
	}
	r.found = append(r.found, f)
}

// place is a position without its node.
type place struct {
	src       *source
	line, col int
}

func (r *Report) hasErrorAt(at At) bool { return r.places[place{at.src, at.line, at.col}] }

// quote returns a scalar as a problem may show it.
func (n *node) quote() string {
	if n.secret {
		return maskText
	}
	return quoted(n.written)
}

// quoted shortens and quotes a text for a message.
func quoted(text string) string {
	const most = 60
	text = strings.TrimSpace(text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return `"` + strings.ReplaceAll(text, "\n", " ") + `"`
}

// quoteOr returns the scalar at the place as it may be shown, or text when the
// place is not a scalar.
func (a At) quoteOr(text string) string {
	if a.n != nil && a.n.kind == Scalar && (a.n.expanded || a.n.secret) {
		return a.n.quote()
	}
	return quoted(text)
}
