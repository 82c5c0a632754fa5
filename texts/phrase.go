package texts

import (
	"errors"
	"fmt"
	"strings"
)

// This file reads the phrases of words/LANG.yaml: (a|b|) is a choice, <name> a set of
// choices, a space the end of a word.

const (
	// maxListed is how many forms of a phrase are listed one by one; a phrase with
	// more is kept as a shape.
	maxListed = 64
	// maxForms bounds the forms of a piece of a phrase, against slips in the files.
	maxForms = 5000
)

// shape is a phrase as a row of chunks; each chunk may be any of its keys.
type shape struct {
	intent Intent
	chunks []chunk
}

// chunk is what may stand at one place of a phrase: keys of some words, or nothing.
type chunk struct {
	keys    map[string]bool
	longest int // in words
	empty   bool
}

// matches reports whether the words are a form of the phrase.
func (s shape) matches(words []string) bool { return fits(s.chunks, words) }

func fits(chunks []chunk, words []string) bool {
	if len(chunks) == 0 {
		return len(words) == 0
	}
	c := chunks[0]
	for n := min(c.longest, len(words)); n > 0; n-- {
		if c.keys[strings.Join(words[:n], " ")] && fits(chunks[1:], words[n:]) {
			return true
		}
	}
	return c.empty && fits(chunks[1:], words)
}

// firstWords returns the words with which a form of the phrase can begin.
func (s shape) firstWords() map[string]bool {
	first := map[string]bool{}
	for _, c := range s.chunks {
		for key := range c.keys {
			word, _, _ := strings.Cut(key, " ")
			first[word] = true
		}
		if !c.empty {
			break
		}
	}
	return first
}

// shapeOf makes the shape of a phrase.
func (v *vocabulary) shapeOf(chunks [][]string, intent Intent) shape {
	s := shape{intent: intent}
	for _, forms := range chunks {
		c := chunk{keys: map[string]bool{}}
		for _, form := range forms {
			for _, key := range v.keys(form) {
				if len(key) == 0 {
					c.empty = true
					continue
				}
				c.keys[strings.Join(key, " ")] = true
				c.longest = max(c.longest, len(key))
			}
		}
		s.chunks = append(s.chunks, c)
	}
	return s
}

// combine lists every form of a row of chunks; false when there are more than limit.
func combine(chunks [][]string, limit int) ([]string, bool) {
	forms := []string{""}
	for _, c := range chunks {
		if len(forms)*len(c) > limit {
			return nil, false
		}
		next := make([]string, 0, len(forms)*len(c))
		for _, form := range forms {
			for _, choice := range c {
				next = append(next, form+" "+choice)
			}
		}
		forms = next
	}
	return forms, true
}

// chunksOf splits a phrase where words end for certain and lists the forms of each
// chunk.
func chunksOf(sets map[string]string, phrase string) ([][]string, error) {
	tokens, err := tokens(sets, phrase, 0)
	if err != nil {
		return nil, err
	}
	var chunks [][]string
	current := []string{""}
	end := func() {
		if len(current) > 1 || strings.TrimSpace(current[0]) != "" {
			chunks = append(chunks, current)
		}
		current = []string{""}
	}
	for _, choices := range tokens {
		if all(choices, func(c string) bool { return strings.HasPrefix(c, " ") }) {
			end()
		}
		if current, err = product(current, choices); err != nil {
			return nil, err
		}
		if all(choices, func(c string) bool { return strings.HasSuffix(c, " ") }) {
			end()
		}
	}
	end()
	return chunks, nil
}

// all reports whether every choice that is not empty satisfies the test.
func all(choices []string, test func(string) bool) bool {
	for _, c := range choices {
		if c != "" && !test(c) {
			return false
		}
	}
	return true
}

// tokens reads a phrase as a row of choices; fixed text is a choice of one.
func tokens(sets map[string]string, phrase string, depth int) ([][]string, error) {
	if depth > 8 {
		return nil, errors.New("sets refer to each other in a circle")
	}
	var out [][]string
	for phrase != "" {
		switch phrase[0] {
		case '(':
			end := matching(phrase)
			if end < 0 {
				return nil, errors.New("a bracket is not closed")
			}
			choices, err := expand(sets, phrase[1:end], depth+1)
			if err != nil {
				return nil, err
			}
			out, phrase = append(out, choices), phrase[end+1:]
		case '<':
			name, rest, ok := strings.Cut(phrase[1:], ">")
			set, known := sets[name]
			if !ok || !known {
				return nil, fmt.Errorf("there is no set <%s>", name)
			}
			choices, err := expand(sets, set, depth+1)
			if err != nil {
				return nil, err
			}
			out, phrase = append(out, choices), rest
		case ' ':
			out, phrase = append(out, []string{" "}), phrase[1:]
		default:
			end := strings.IndexAny(phrase, "(< ")
			if end < 0 {
				end = len(phrase)
			}
			out, phrase = append(out, []string{phrase[:end]}), phrase[end:]
		}
	}
	return out, nil
}

// expand lists every form of a choice's alternatives.
func expand(sets map[string]string, choice string, depth int) ([]string, error) {
	var forms []string
	for _, alternative := range alternatives(choice) {
		row, err := tokens(sets, alternative, depth)
		if err != nil {
			return nil, err
		}
		some := []string{""}
		for _, choices := range row {
			if some, err = product(some, choices); err != nil {
				return nil, err
			}
		}
		forms = append(forms, some...)
	}
	return forms, nil
}

func product(forms, choices []string) ([]string, error) {
	if len(forms)*len(choices) > maxForms {
		return nil, fmt.Errorf("more than %d forms", maxForms)
	}
	out := make([]string, 0, len(forms)*len(choices))
	for _, form := range forms {
		for _, choice := range choices {
			out = append(out, form+choice)
		}
	}
	return out, nil
}

// matching finds the bracket that closes the first one.
func matching(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// alternatives splits at the bars that are not inside brackets.
func alternatives(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}
