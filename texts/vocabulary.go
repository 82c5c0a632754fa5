package texts

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"

	"github.com/rapport-chat/rapport/language"
)

//go:embed words
var wordFiles embed.FS

// wordFile is the shape of words/LANG.yaml. A phrase may hold choices, (a|b|), and
// names of sets, <points>, which hold choices themselves.
type wordFile struct {
	Sets    map[string]string          `yaml:"sets"`
	Around  []string                   `yaml:"around"`  // may stand before or after anything: greetings, please, anger
	Intents map[Intent][]string        `yaml:"intents"` // whole messages
	Inside  map[Intent][]string        `yaml:"inside"`  // count inside a longer text too
	Named   map[language.Code][]string `yaml:"named"`   // the names of the languages
}

// vocabulary holds the phrases of one language by their key, see keys.
type vocabulary struct {
	lang   language.Code
	whole  map[string]Intent
	shapes map[string][]shape // phrases with too many forms to list, by their first word
	inside map[Intent]map[string]bool
	named  map[string]language.Code
	around map[string]bool
	// longest phrase of each kind, in words
	longestAround, longestInside int
}

var vocabularies = sync.OnceValue(func() map[language.Code]*vocabulary {
	all := make(map[language.Code]*vocabulary, len(language.All))
	for _, lang := range language.All {
		v, err := loadVocabulary(lang)
		if err != nil {
			// The files are part of the program, and a test loads them all.
			panic(err)
		}
		all[lang] = v
	}
	return all
})

func vocabularyOf(lang language.Code) *vocabulary { return vocabularies()[lang] }

func loadVocabulary(lang language.Code) (*vocabulary, error) {
	name := "words/" + string(lang) + ".yaml"
	data, err := wordFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the words of %s: %w", lang, err)
	}
	var file wordFile
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	v := &vocabulary{
		lang: lang, whole: map[string]Intent{}, shapes: map[string][]shape{}, inside: map[Intent]map[string]bool{},
		named: map[string]language.Code{}, around: map[string]bool{},
	}
	if err := v.fill(file); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return v, nil
}

func (v *vocabulary) fill(file wordFile) error {
	var problems []error
	for _, phrase := range file.Around {
		err := v.each(file.Sets, phrase, func(key string, words int) error {
			v.around[key] = true
			v.longestAround = max(v.longestAround, words)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, intent := range slices.Sorted(maps.Keys(file.Intents)) {
		for _, phrase := range file.Intents[intent] {
			problems = append(problems, v.learn(file.Sets, phrase, intent))
		}
	}
	for intent, phrases := range file.Inside {
		v.inside[intent] = map[string]bool{}
		for _, phrase := range phrases {
			err := v.each(file.Sets, phrase, func(key string, words int) error {
				v.inside[intent][key] = true
				v.longestInside = max(v.longestInside, words)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	for named, phrases := range file.Named {
		for _, phrase := range phrases {
			problems = append(problems, v.each(file.Sets, phrase, func(key string, _ int) error {
				v.named[key] = named
				return v.claim(key, IntentLanguage)
			}))
		}
	}
	return errors.Join(problems...)
}

// claim gives a phrase to an intent; a phrase cannot mean two things.
func (v *vocabulary) claim(key string, intent Intent) error {
	if other, taken := v.whole[key]; taken && other != intent {
		return fmt.Errorf("%q is a phrase of %s and of %s", key, other, intent)
	}
	v.whole[key] = intent
	return nil
}

// learn adds the phrases of an intent: every form of a small one, the shape of one
// with many forms.
func (v *vocabulary) learn(sets map[string]string, phrase string, intent Intent) error {
	var problems []error
	for _, choice := range alternatives(phrase) {
		chunks, err := chunksOf(sets, choice)
		if err != nil {
			return fmt.Errorf("phrase %q: %w", choice, err)
		}
		forms, ok := combine(chunks, maxListed)
		if !ok {
			sh := v.shapeOf(chunks, intent)
			for first := range sh.firstWords() {
				v.shapes[first] = append(v.shapes[first], sh)
			}
			continue
		}
		for _, form := range forms {
			for _, key := range v.keys(form) {
				if len(key) == 0 {
					return fmt.Errorf("phrase %q can be empty", choice)
				}
				problems = append(problems, v.claim(strings.Join(key, " "), intent))
			}
		}
	}
	return errors.Join(problems...)
}

// each lists every form of a phrase and hands over its key.
func (v *vocabulary) each(sets map[string]string, phrase string, do func(key string, words int) error) error {
	for _, choice := range alternatives(phrase) {
		chunks, err := chunksOf(sets, choice)
		if err != nil {
			return fmt.Errorf("phrase %q: %w", choice, err)
		}
		forms, ok := combine(chunks, maxForms)
		if !ok {
			return fmt.Errorf("phrase %q has more than %d forms", choice, maxForms)
		}
		for _, form := range forms {
			for _, key := range v.keys(form) {
				if len(key) == 0 {
					return fmt.Errorf("phrase %q can be empty", choice)
				}
				if err := do(strings.Join(key, " "), len(key)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// match looks a whole message up by its keys, with and without the words around it.
func (v *vocabulary) match(keys [][]string) (Intent, bool) {
	for _, words := range keys {
		if len(words) == 0 || len(words) > maxIntentWords {
			continue
		}
		if intent, ok := v.matchWords(words); ok {
			return intent, true
		}
	}
	return "", false
}

// matchWords tries every stretch of the message whose rest is only words around; the
// longest stretch wins.
func (v *vocabulary) matchWords(words []string) (Intent, bool) {
	heads, tails := v.leading(words), v.trailing(words)
	for size := len(words); size > 0; size-- {
		for from := 0; from+size <= len(words); from++ {
			if !heads[from] || !tails[from+size] {
				continue
			}
			stretch := words[from : from+size]
			if intent, ok := v.whole[strings.Join(stretch, " ")]; ok {
				return intent, true
			}
			for _, sh := range v.shapes[stretch[0]] {
				if sh.matches(stretch) {
					return sh.intent, true
				}
			}
		}
	}
	return "", false
}

// leading tells for each position whether only words around stand before it.
func (v *vocabulary) leading(words []string) []bool {
	can := make([]bool, len(words)+1)
	can[0] = true
	for i := range words {
		if !can[i] {
			continue
		}
		for n := 1; n <= v.longestAround && i+n <= len(words); n++ {
			if v.around[strings.Join(words[i:i+n], " ")] {
				can[i+n] = true
			}
		}
	}
	return can
}

// trailing tells for each position whether only words around stand behind it.
func (v *vocabulary) trailing(words []string) []bool {
	can := make([]bool, len(words)+1)
	can[len(words)] = true
	for i := len(words); i > 0; i-- {
		if !can[i] {
			continue
		}
		for n := 1; n <= v.longestAround && i-n >= 0; n++ {
			if v.around[strings.Join(words[i-n:i], " ")] {
				can[i-n] = true
			}
		}
	}
	return can
}

func (v *vocabulary) lookupNamed(text string) (language.Code, bool) {
	for _, words := range v.keys(text) {
		if len(words) == 0 || len(words) > maxIntentWords {
			continue
		}
		heads, tails := v.leading(words), v.trailing(words)
		for from := range words {
			for to := len(words); to > from && heads[from]; to-- {
				if named, ok := v.named[strings.Join(words[from:to], " ")]; ok && tails[to] {
					return named, true
				}
			}
		}
	}
	return "", false
}

// mentions looks for a phrase of the intent anywhere in a message.
func (v *vocabulary) mentions(keys [][]string, intent Intent) bool {
	phrases := v.inside[intent]
	if len(phrases) == 0 {
		return false
	}
	for _, words := range keys {
		for i := range words {
			for n := 1; n <= v.longestInside && i+n <= len(words); n++ {
				if phrases[strings.Join(words[i:i+n], " ")] {
					return true
				}
			}
		}
	}
	return false
}
