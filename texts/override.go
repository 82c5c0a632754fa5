package texts

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

// ErrEmptyText is returned for an override without words.
var ErrEmptyText = errors.New("the text is empty; leave it out to keep the built-in one")

// SetNoun sets the operator's own word, such as the one for points. The error names
// the forms that are missing.
func (c *Catalogue) SetNoun(lang language.Code, name string, forms Forms) error {
	if _, known := c.nouns[lang][name]; !known {
		return fmt.Errorf("%q is not a counted noun; there are: %s", name, strings.Join(c.Nouns(), ", "))
	}
	if err := checkForms(lang, forms); err != nil {
		return fmt.Errorf("noun %s in %s: %w", name, lang, err)
	}
	c.nouns[lang][name] = maps.Clone(forms)
	return nil
}

// checkForms wants exactly the plural categories of the language.
func checkForms(lang language.Code, forms Forms) error {
	needed := language.PluralForms(lang)
	var missing []string
	for _, category := range needed {
		if strings.TrimSpace(forms[category]) == "" {
			missing = append(missing, string(category))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the plural form %s is missing; %s has %v", strings.Join(missing, ", "), lang, needed)
	}
	for category := range forms {
		if !slices.Contains(needed, category) {
			return fmt.Errorf("%s has no plural form %q; it has %v", lang, category, needed)
		}
	}
	return nil
}

// Override replaces a built-in text, or adds one of the operator's own, in one
// language. It refuses variables that the built-in text does not have, since nobody
// would supply them, and keys that look like a built-in one but are none.
func (c *Catalogue) Override(lang language.Code, key, markup string) error {
	return c.override(lang, record{key: key, forms: Forms{single: markup}})
}

// OverrideForms is Override for a text that changes with {n}.
func (c *Catalogue) OverrideForms(lang language.Code, key string, forms Forms) error {
	return c.override(lang, record{key: key, forms: forms, plural: true})
}

func (c *Catalogue) override(lang language.Code, r record) error {
	if err := c.checkKey(r.key); err != nil {
		return err
	}
	if r.plural {
		if err := checkForms(lang, r.forms); err != nil {
			return err
		}
	}
	var allowed map[string]bool
	if known, builtIn := c.variables[r.key]; builtIn {
		allowed = known
	}
	for _, markup := range r.forms {
		if err := c.check(lang, markup, allowed); err != nil {
			return err
		}
	}
	e, err := compileEntry(r.forms, r.plural)
	if err != nil {
		return err
	}
	if c.texts[lang] == nil {
		return fmt.Errorf("%q is not a language of the service: %v", lang, language.All)
	}
	c.texts[lang][r.key] = e
	return nil
}

// checkKey refuses a misspelt built-in key. A key whose subject is not a built-in
// one is the operator's own text.
func (c *Catalogue) checkKey(key string) error {
	for _, word := range strings.Split(key, ".") {
		if !validName(word) {
			return fmt.Errorf("%q is not a key: write small letters, digits and _, with dots between", key)
		}
	}
	if _, ok := c.variables[key]; ok {
		return nil
	}
	subject, _, _ := strings.Cut(key, ".")
	if !c.subjects[subject] {
		return nil
	}
	hint := ""
	if near := nearest(key, slices.Sorted(maps.Keys(c.variables))); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("there is no built-in text of this name%s (own texts need a first word that no built-in text has)", hint)
}

// CheckMarkup tells what is wrong with a text of the operator's: a variable that is
// none of those allowed, a counted noun without its number. Common variables and
// counted nouns are always allowed.
func (c *Catalogue) CheckMarkup(lang language.Code, markup string, allowed []string) error {
	names := make(map[string]bool, len(allowed))
	for _, name := range allowed {
		names[name] = true
	}
	return c.check(lang, markup, names)
}

// check is CheckMarkup; nil allows any variable.
func (c *Catalogue) check(lang language.Code, markup string, allowed map[string]bool) error {
	t, err := compile(markup)
	if err != nil {
		return err
	}
	if len(t.parts) == 0 {
		return ErrEmptyText
	}
	for _, v := range t.variables() {
		name, number, _ := strings.Cut(v, ":")
		if _, noun := c.nouns[lang][name]; noun {
			if number == "" {
				number = defaultNumber
			}
			name = number
		} else if number != "" {
			return fmt.Errorf("{%s}: %s is not a counted noun; there are: %s", v, name, strings.Join(c.Nouns(), ", "))
		}
		if err := c.checkVariable(v, name, allowed); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalogue) checkVariable(written, name string, allowed map[string]bool) error {
	if _, common := c.common[name]; allowed == nil || common || allowed[name] {
		return nil
	}
	var can []string
	for _, v := range slices.Sorted(maps.Keys(allowed)) {
		if _, noun := c.nouns[language.English][v]; !noun && !strings.Contains(v, ":") {
			can = append(can, "{"+v+"}")
		}
	}
	if len(can) == 0 {
		return fmt.Errorf("{%s} has no value here; this text has no variables", written)
	}
	return fmt.Errorf("{%s} has no value here; this text may use %s", written, strings.Join(can, ", "))
}

// LoadOverrides reads an operator's own texts: LANG.yaml and LANG/*.yaml for the four
// languages, with the same nested keys as the built-in files and nouns under
// "nouns:". Every problem of every file is returned; what is right is taken over all
// the same, so a caller who wants all or nothing throws the Catalogue away.
func (c *Catalogue) LoadOverrides(fsys fs.FS) []Problem {
	var problems []Problem
	for _, lang := range language.All {
		files, err := languageFiles(fsys, ".", lang)
		if err != nil {
			problems = append(problems, Problem{File: string(lang) + ".yaml", Line: 1, Column: 1, Message: err.Error()})
		}
		for _, name := range files {
			problems = append(problems, c.loadOverride(fsys, lang, name)...)
		}
	}
	return problems
}

func (c *Catalogue) loadOverride(fsys fs.FS, lang language.Code, name string) []Problem {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return []Problem{{File: name, Line: 1, Column: 1, Message: err.Error()}}
	}
	if !utf8.Valid(data) {
		return []Problem{{File: name, Line: 1, Column: 1, Message: "the file is not UTF-8; save it with that encoding"}}
	}
	records, problems := readFile(name, data)
	for _, r := range records {
		at := Problem{File: name, Line: r.line, Column: r.column, Key: r.key}
		if noun, ok := strings.CutPrefix(r.key, nounsKey+"."); ok {
			err = c.SetNoun(lang, noun, r.forms)
		} else {
			err = c.override(lang, r)
		}
		if err != nil {
			at.Message = err.Error()
			problems = append(problems, at)
			continue
		}
		problems = append(problems, c.warnings(lang, at, r)...)
	}
	return problems
}

// warnings tells what will probably read badly.
func (c *Catalogue) warnings(lang language.Code, at Problem, r record) []Problem {
	var out []Problem
	at.Warning = true
	for _, category := range language.PluralForms(lang) {
		t, err := compile(r.forms[category])
		if err != nil {
			continue
		}
		if name := inflected(t); name != "" {
			at.Message = fmt.Sprintf("{%s} takes an ending, which a program cannot choose; let a fixed word carry it", name)
			out = append(out, at)
		}
	}
	return out
}

// inflected returns the first variable that has an ending stuck to it: a letter, or
// an apostrophe or hyphen with a letter.
func inflected(t template) string {
	for i, p := range t.parts {
		if p.variable == "" || i+1 == len(t.parts) || t.parts[i+1].variable != "" {
			continue
		}
		runes := []rune(t.parts[i+1].text)
		if unicode.IsLetter(runes[0]) {
			return p.variable
		}
		if len(runes) > 1 && strings.ContainsRune("'’-`", runes[0]) && unicode.IsLetter(runes[1]) {
			return p.variable
		}
	}
	return ""
}

// nearest returns the name that differs least, if it differs by a third at most.
func nearest(name string, names []string) string {
	best, bestDistance := "", len(name)/3+1
	for _, n := range names {
		if d := editDistance(name, n); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and changes between two keys.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
