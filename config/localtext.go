package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// LocalText is a text for customers. In the file it is a plain text (the same
// in every language), a map of languages, or a reference "texts/<key>" into the
// files of texts.
type LocalText struct {
	At
	plain string
	ref   string
	by    map[language.Code]string
}

// textRef is what a reference begins with.
const textRef = "texts/"

// PlainText returns a text that is the same in every language, for defaults.
func PlainText(text string) LocalText { return LocalText{plain: text} }

// LocalTexts returns a text by language, for defaults.
func LocalTexts(by map[language.Code]string) LocalText { return LocalText{by: maps.Clone(by)} }

// IsZero reports whether there is no text.
func (t LocalText) IsZero() bool { return t.plain == "" && t.ref == "" && len(t.by) == 0 }

// Ref returns the key of a reference, or "" when the text stands here.
func (t LocalText) Ref() string { return t.ref }

// Plain returns the text that is the same in every language, or "".
func (t LocalText) Plain() string { return t.plain }

// In returns the text in a language, in the first fallback that has it, or in
// any; "" for a reference. found is false when it is not the language asked for.
func (t LocalText) In(code language.Code, fallbacks ...language.Code) (text string, found bool) {
	if t.plain != "" {
		return t.plain, true
	}
	if text, ok := t.by[code]; ok {
		return text, true
	}
	for _, c := range append(fallbacks, language.All...) {
		if text, ok := t.by[c]; ok {
			return text, false
		}
	}
	return "", false
}

// Languages returns the languages that the text is given in, in the service's
// order; none for a plain text or a reference.
func (t LocalText) Languages() []language.Code {
	var out []language.Code
	for _, c := range language.All {
		if _, ok := t.by[c]; ok {
			out = append(out, c)
		}
	}
	return out
}

// Resolve returns the text with its reference looked up. An unknown key is
// reported, with the nearest of the known keys.
func (t LocalText) Resolve(r *Report, texts map[string]map[language.Code]string) LocalText {
	if t.ref == "" {
		return t
	}
	by, ok := texts[t.ref]
	if !ok {
		hint := fmt.Sprintf("add %q to the files of texts", t.ref)
		if best := nearest(t.ref, slices.Sorted(maps.Keys(texts))); best != "" {
			hint = fmt.Sprintf("did you mean %s%s?", textRef, best)
		}
		r.Errorf(t.At, hint, "there is no text %s", quoted(textRef+t.ref))
		return t
	}
	out := LocalText{At: t.At, by: maps.Clone(by)}
	out.warnMissing(r, t.ref)
	return out
}

// MarshalYAML writes what the file said.
func (t LocalText) MarshalYAML() (any, error) { return t.content(), nil }

// MarshalJSON writes what the file said.
func (t LocalText) MarshalJSON() ([]byte, error) { return json.Marshal(t.content()) }

func (t LocalText) content() any {
	switch {
	case t.ref != "":
		return textRef + t.ref
	case t.plain != "":
		return t.plain
	}
	return t.by
}

func (LocalText) describe() string { return "a text" }

func (t *LocalText) decode(d *decoder, n *node, _ rules, s spot) {
	fresh := LocalText{At: structAt(n, s)}
	switch n.kind {
	case Scalar:
		if !d.scalar(n, "a text") {
			return
		}
		fresh.At = n.at()
		if key, isRef := strings.CutPrefix(n.text, textRef); isRef && !n.block && !strings.ContainsAny(key, " \n") {
			fresh.ref = key
		} else {
			fresh.plain = n.text
		}
		if strings.TrimSpace(n.text) == "" || n.text == textRef {
			d.r.Errorf(n.at(), "write a text, or leave the key out", "the text is empty")
			return
		}
	case Mapping:
		fresh.by = d.textsByLanguage(n)
		fresh.warnMissing(d.r, s.name)
	default:
		d.r.Errorf(n.at(), `write one text, or one a language: {az: "…", en: "…"}`, "expected a text, found %s", n.kind)
		return
	}
	*t = fresh
}

func (d *decoder) textsByLanguage(n *node) map[language.Code]string {
	out := make(map[language.Code]string, len(n.entries))
	for _, e := range n.entries {
		at := e.at
		at.n = nil
		code, ok := parseLanguage(e.key)
		if !ok {
			d.r.Errorf(at, languageHint(e.key), "%s is not a language that the service speaks", quoted(e.key))
			continue
		}
		d.onlyOnce(e)
		if e.value.kind == Null || e.value.kind == Scalar && strings.TrimSpace(e.value.text) == "" && e.value.missing == nil {
			d.r.Errorf(at, "write the text, or leave the language out", "the text in %s is empty", code)
			continue
		}
		if d.scalar(e.value, "a text") {
			out[code] = e.value.text
		}
	}
	return out
}

// warnMissing warns about the brand's languages that the text lacks.
func (t LocalText) warnMissing(r *Report, name string) {
	var missing []string
	for _, c := range r.langs {
		if _, ok := t.by[c]; !ok {
			missing = append(missing, string(c))
		}
	}
	if len(missing) > 0 && len(t.by) > 0 {
		at := t.At
		r.Warnf(at, "people who speak it get another language; add "+missing[0]+": …",
			"%s is missing in %s", or(name, "the text"), strings.Join(missing, ", "))
	}
}
