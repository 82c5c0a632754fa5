package texts

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/language"
)

//go:embed catalogue
var builtIn embed.FS

// Catalogue is everything the service can say, in each language, by key. It is set up
// first (SetDefault, SetCommon, SetNoun, Override, LoadOverrides) and may then be
// read from many goroutines; a changed configuration makes a new one.
type Catalogue struct {
	texts     map[language.Code]map[string]entry
	nouns     map[language.Code]map[string]Forms
	variables map[string]map[string]bool // of built-in keys: the variables a caller supplies
	subjects  map[string]bool            // the first parts of built-in keys
	fallback  language.Code
	common    Vars
	missing   func(error)
}

// entry is one message: a template, or one for each plural category of {n}.
type entry struct {
	forms  map[language.Plural]template
	plural bool
}

// loadBuiltIn reads the embedded files once; Load copies what it returns.
var loadBuiltIn = sync.OnceValues(readBuiltIn)

// Load returns the built-in catalogue. Its default language is English until
// SetDefault says otherwise. An error means that the program was built with a broken
// catalogue.
func Load() (*Catalogue, error) {
	base, err := loadBuiltIn()
	if err != nil {
		return nil, fmt.Errorf("read the built-in texts: %w", err)
	}
	c := *base
	c.texts = make(map[language.Code]map[string]entry, len(base.texts))
	c.nouns = make(map[language.Code]map[string]Forms, len(base.nouns))
	for _, lang := range language.All {
		c.texts[lang] = maps.Clone(base.texts[lang])
		c.nouns[lang] = maps.Clone(base.nouns[lang])
	}
	c.common = Vars{}
	return &c, nil
}

func readBuiltIn() (*Catalogue, error) {
	c := &Catalogue{
		texts:     map[language.Code]map[string]entry{},
		nouns:     map[language.Code]map[string]Forms{},
		variables: map[string]map[string]bool{},
		subjects:  map[string]bool{},
		fallback:  language.English,
		missing:   func(error) {},
	}
	for _, lang := range language.All {
		c.texts[lang], c.nouns[lang] = map[string]entry{}, map[string]Forms{}
		files, err := languageFiles(builtIn, "catalogue", lang)
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if err := c.readBuiltInFile(lang, name); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

// languageFiles lists LANG.yaml and LANG/*.yaml below dir, sorted.
func languageFiles(fsys fs.FS, dir string, lang language.Code) ([]string, error) {
	var files []string
	for _, pattern := range []string{string(lang) + ".yaml", string(lang) + ".yml", path.Join(string(lang), "*.yaml"), path.Join(string(lang), "*.yml")} {
		found, err := fs.Glob(fsys, path.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list the texts of %s: %w", lang, err)
		}
		files = append(files, found...)
	}
	return files, nil
}

func (c *Catalogue) readBuiltInFile(lang language.Code, name string) error {
	data, err := fs.ReadFile(builtIn, name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	records, problems := readFile(name, data)
	if len(problems) > 0 {
		return problems[0]
	}
	for _, r := range records {
		if noun, ok := strings.CutPrefix(r.key, nounsKey+"."); ok {
			c.nouns[lang][noun] = r.forms
			continue
		}
		if _, twice := c.texts[lang][r.key]; twice {
			return Problem{File: name, Line: r.line, Column: r.column, Key: r.key, Message: "stands in two files"}
		}
		e, err := compileEntry(r.forms, r.plural)
		if err != nil {
			return Problem{File: name, Line: r.line, Column: r.column, Key: r.key, Message: err.Error()}
		}
		c.texts[lang][r.key] = e
		c.noteVariables(r.key, e)
	}
	return nil
}

// noteVariables remembers what a caller must supply for a built-in key.
func (c *Catalogue) noteVariables(key string, e entry) {
	subject, _, _ := strings.Cut(key, ".")
	c.subjects[subject] = true
	names := c.variables[key]
	if names == nil {
		names = map[string]bool{}
		c.variables[key] = names
	}
	for _, t := range e.forms {
		for _, v := range t.variables() {
			names[v] = true
		}
	}
}

func compileEntry(forms Forms, plural bool) (entry, error) {
	e := entry{forms: make(map[language.Plural]template, len(forms)), plural: plural}
	for category, markup := range forms {
		t, err := compile(markup)
		if err != nil {
			return entry{}, err
		}
		e.forms[category] = t
	}
	return e, nil
}

// SetDefault sets the brand's language, used where a text is not there in the
// language asked for; English is the last resort.
func (c *Catalogue) SetDefault(lang language.Code) { c.fallback = lang }

// SetCommon sets variables that every message may use, such as brand. The variables
// of a call come first.
func (c *Catalogue) SetCommon(vars Vars) { c.common = maps.Clone(vars) }

// OnMissing sets who is told of a missing text, variable or form; the message to the
// customer is made sane in any case. Until it is set nobody is told: the program sets
// it to log an error, tests set it to fail.
func (c *Catalogue) OnMissing(report func(error)) { c.missing = report }

// Say returns the message in the language, else in the brand's, else in English. The
// numbers and dates in it follow the language of the text that was found. An unknown
// key is reported and comes back as its own last word.
func (c *Catalogue) Say(lang language.Code, key string, vars Vars) Rich {
	for _, l := range []language.Code{lang, c.fallback, language.English} {
		if e, ok := c.texts[l][key]; ok {
			return c.render(l, key, e, vars)
		}
	}
	c.missing(fmt.Errorf("text %q: there is none in %s, %s or en", key, lang, c.fallback))
	return Literal(lastWord(key))
}

// Label returns the message as plain words, for a button or a menu.
func (c *Catalogue) Label(lang language.Code, key string, vars Vars) string {
	return c.Say(lang, key, vars).Plain()
}

// Render fills in a text that stands outside the catalogue: markup from an operator's
// file that CheckMarkup has accepted.
func (c *Catalogue) Render(lang language.Code, markup string, vars Vars) Rich {
	t, err := compile(markup)
	if err != nil {
		c.missing(fmt.Errorf("text %q: %w", excerpt(markup), err))
		return Parse(markup)
	}
	return c.render(lang, "", entry{forms: map[language.Plural]template{single: t}}, vars)
}

func (c *Catalogue) render(lang language.Code, key string, e entry, vars Vars) Rich {
	s := scope{lang: lang, vars: vars, common: c.common, nouns: c.nouns[lang]}
	s.missed = func(name, why string) {
		c.missing(fmt.Errorf("text %q in %s: {%s} %s", key, lang, name, why))
	}
	t, ok := e.forms[single]
	if e.plural {
		number, _ := s.lookup(defaultNumber)
		category, isNumber := pluralOf(lang, number)
		if !isNumber {
			s.missed(defaultNumber, "is no number, and the text must agree with it")
		}
		if form, found := e.forms[category]; found {
			t, ok = form, true
		}
	}
	if !ok {
		s.missed(defaultNumber, "has no form of the text")
	}
	return t.render(s)
}

// lastWord makes something readable of a key that has no text.
func lastWord(key string) string {
	word := key[strings.LastIndexByte(key, '.')+1:]
	word = strings.ReplaceAll(word, "_", " ")
	return capital(language.English, word)
}

// Noun returns the form of a counted noun that goes with n: балла for 2.
func (c *Catalogue) Noun(lang language.Code, name string, n int64) string {
	for _, l := range []language.Code{lang, c.fallback, language.English} {
		if forms, ok := c.nouns[l][name]; ok {
			return forms[language.PluralOf(l, n)]
		}
	}
	c.missing(fmt.Errorf("noun %q: there is none in %s, %s or en", name, lang, c.fallback))
	return name
}

// Has reports whether the language itself has a text for the key.
func (c *Catalogue) Has(lang language.Code, key string) bool {
	_, ok := c.texts[lang][key]
	return ok
}

// Keys lists the keys of all languages, sorted.
func (c *Catalogue) Keys() []string {
	all := map[string]bool{}
	for _, texts := range c.texts {
		for key := range texts {
			all[key] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Nouns lists the names of the counted nouns, sorted.
func (c *Catalogue) Nouns() []string {
	return slices.Sorted(maps.Keys(c.nouns[language.English]))
}

// Variables lists the variables of a key's text in the language, in reading order.
func (c *Catalogue) Variables(lang language.Code, key string) []string {
	var names []string
	e := c.texts[lang][key]
	for _, category := range language.PluralForms(lang) {
		for _, v := range e.forms[category].variables() {
			if !slices.Contains(names, v) {
				names = append(names, v)
			}
		}
	}
	return names
}
