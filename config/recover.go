package config

import (
	"errors"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

const (
	// maxRounds bounds how many broken sections of a file are set aside.
	maxRounds = 20
	// maxRecovery is the largest text that is parsed again and again.
	maxRecovery = 256 << 10
)

// broken is a top-level section that could not be parsed.
type broken struct {
	from, to int // lines, from 1, to excluded
	err      *syntaxError
}

// parseSections parses a file. The parser stops at the first syntax error;
// the section it lies in is then left out and the rest parsed again, so that
// one wrong line does not hide the problems of all others.
func parseSections(src *source) (*ast.File, []broken) {
	text := strings.Join(src.lines, "\n")
	rounds := maxRounds
	if len(text) > maxRecovery {
		rounds = 1
	}
	var bad []broken
	for {
		rounds--
		file, err := parseYAML(without(src.lines, bad))
		if err == nil {
			return file, bad
		}
		var at *syntaxError
		if !errors.As(err, &at) {
			return nil, append(bad, broken{from: 1, to: len(src.lines) + 1, err: &syntaxError{line: 1, col: 1, message: err.Error()}})
		}
		next := broken{err: at}
		next.from, next.to = src.section(at.line)
		again := slices.ContainsFunc(bad, func(b broken) bool { return b.from == next.from })
		// A quote or bracket that is not closed shows first where the next one
		// opens: an error further up takes back those below it.
		bad = slices.DeleteFunc(bad, func(b broken) bool { return b.from > next.from })
		if at.final {
			return nil, append(bad, next)
		}
		if again || next.from == next.to {
			return nil, bad
		}
		bad = append(bad, next)
		if rounds <= 0 {
			return nil, bad
		}
	}
}

// without returns the text with the broken sections' lines emptied, so that all
// others keep their numbers.
func without(lines []string, bad []broken) string {
	kept := slices.Clone(lines)
	for _, b := range bad {
		for i := b.from; i < b.to && i <= len(kept); i++ {
			kept[i-1] = ""
		}
	}
	return strings.Join(kept, "\n")
}

// section returns the lines of the top-level section that a line belongs to.
func (s *source) section(line int) (from, to int) {
	from = min(max(line, 1), len(s.lines))
	for from > 1 && !beginsSection(s.lines[from-1]) {
		from--
	}
	to = min(max(line, 1), len(s.lines)) + 1
	for to <= len(s.lines) && !beginsSection(s.lines[to-1]) {
		to++
	}
	return from, to
}

func beginsSection(line string) bool {
	return line != "" && !strings.ContainsRune(" \t#-]}\u00a0", []rune(line)[0])
}
