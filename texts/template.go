package texts

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
)

// template is a message whose markup has been read and whose variables are still
// to be filled in.
type template struct {
	parts []part
}

// part is a run of fixed text, or one variable, in one style.
type part struct {
	text     string
	style    Style
	url      string // may hold slots, see slotBase
	variable string // a name, or a counted noun
	number   string // of a counted noun: the variable it agrees with; "" means n
}

// slotBase numbers the variables while the markup around them is read: variable i is
// one private-use rune that no markup rule knows. Texts cannot bring such runes in:
// compile removes them.
const slotBase = 0x10F000

const maxSlots = 0x0FFF

// defaultNumber is the variable that counted nouns agree with when none is named.
const defaultNumber = "n"

// compile reads the markup of a message. Variables are written {name}; a counted
// noun that agrees with another number than {n} is written {noun:number}; an
// ordinary brace is written \{. The error says what is wrong with a variable.
func compile(markup string) (template, error) {
	var slots []string
	var b strings.Builder
	markup = strings.Map(dropSlots, markup)
	for i := 0; i < len(markup); {
		switch {
		case markup[i] == '\\' && i+1 < len(markup):
			_, size := utf8.DecodeRuneInString(markup[i+1:])
			b.WriteString(markup[i : i+1+size])
			i += 1 + size
		case markup[i] == '{':
			end := strings.IndexByte(markup[i:], '}')
			if end < 0 {
				return template{}, fmt.Errorf("the brace at %q is never closed; write \\{ for a plain brace", excerpt(markup[i:]))
			}
			name := markup[i+1 : i+end]
			if !validVariable(name) || len(slots) == maxSlots {
				return template{}, fmt.Errorf("{%s} is not a variable; a name has small letters, digits and _", excerpt(name))
			}
			b.WriteRune(rune(slotBase + len(slots)))
			slots = append(slots, name)
			i += end + 1
		default:
			b.WriteByte(markup[i])
			i++
		}
	}
	return split(parse(b.String(), templateURL), slots), nil
}

func dropSlots(r rune) rune {
	if r >= slotBase && r <= slotBase+maxSlots {
		return -1
	}
	return r
}

// templateURL accepts an address that is, or has in it, a variable; the finished
// address is checked again when the variable has its value.
func templateURL(address string) bool {
	if r, _ := utf8.DecodeRuneInString(address); isSlot(r) {
		return true
	}
	return safeURL(address)
}

func isSlot(r rune) bool { return r >= slotBase && r <= slotBase+maxSlots }

// split takes the slots out of the spans.
func split(r Rich, slots []string) template {
	var t template
	for _, span := range r {
		url := expandSlots(span.URL, slots)
		rest := span.Text
		for rest != "" {
			at := strings.IndexFunc(rest, isSlot)
			if at < 0 {
				t.parts = append(t.parts, part{text: rest, style: span.Style, url: url})
				break
			}
			if at > 0 {
				t.parts = append(t.parts, part{text: rest[:at], style: span.Style, url: url})
			}
			slot, size := utf8.DecodeRuneInString(rest[at:])
			name, number, _ := strings.Cut(slots[slot-slotBase], ":")
			t.parts = append(t.parts, part{variable: name, number: number, style: span.Style, url: url})
			rest = rest[at+size:]
		}
	}
	return t
}

// expandSlots writes the slots of an address as {name} again.
func expandSlots(url string, slots []string) string {
	if !strings.ContainsFunc(url, isSlot) {
		return url
	}
	var b strings.Builder
	for _, r := range url {
		if isSlot(r) {
			b.WriteString("{" + slots[r-slotBase] + "}")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func validVariable(name string) bool {
	noun, number, counted := strings.Cut(name, ":")
	return validName(noun) && (!counted || validName(number))
}

func validName(name string) bool {
	for i, r := range name {
		if (r < 'a' || r > 'z') && r != '_' && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// excerpt is the beginning of a text, for an error message.
func excerpt(s string) string {
	runes := []rune(s)
	if len(runes) > 20 {
		return string(runes[:20]) + "…"
	}
	return s
}

// variables lists each variable of the message once, as "name" or "noun:number", in
// reading order, those inside link addresses included.
func (t template) variables() []string {
	var names []string
	seen := map[string]bool{}
	note := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, p := range t.parts {
		if p.variable != "" && p.number != "" {
			note(p.variable + ":" + p.number)
		} else if p.variable != "" {
			note(p.variable)
		}
		eachURLVariable(p.url, note)
	}
	return names
}

func eachURLVariable(url string, do func(name string)) {
	for {
		_, rest, found := strings.Cut(url, "{")
		if !found {
			return
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return
		}
		do(name)
		url = after
	}
}

// scope is what a message is filled in with.
type scope struct {
	lang   language.Code
	vars   Vars
	common Vars
	nouns  map[string]Forms
	missed func(name, why string)
}

func (s scope) lookup(name string) (any, bool) {
	if v, ok := s.vars[name]; ok {
		return v, true
	}
	v, ok := s.common[name]
	return v, ok
}

// render fills the variables in. What is missing is told to scope.missed and left
// out; an empty value takes the comma beside it along, so that "{address}, thank
// you" reads "Thank you" without an address.
func (t template) render(s scope) Rich {
	var out Rich
	dropComma := false
	for _, p := range t.parts {
		if p.variable == "" {
			text := p.text
			if dropComma {
				out, text = closeGap(s.lang, out, text)
				dropComma = false
			}
			out = out.add(p.spans(s, Literal(text))...)
			continue
		}
		value := s.value(p)
		if value.Plain() == "" {
			dropComma = true
			continue
		}
		dropComma = false
		out = out.add(p.spans(s, value)...)
	}
	if dropComma {
		out, _ = closeGap(s.lang, out, "")
	}
	return out
}

// spans puts a value into the style and the link of its place.
func (p part) spans(s scope, value Rich) Rich {
	if p.style != 0 {
		value = value.In(p.style)
	}
	if p.url == "" {
		return value
	}
	url := p.url
	eachURLVariable(p.url, func(name string) {
		v, ok := s.lookup(name)
		text, known := Format(s.lang, v)
		if !ok || !known {
			s.missed(name, "has no value")
		}
		url = strings.ReplaceAll(url, "{"+name+"}", text)
	})
	if !safeURL(url) {
		return value
	}
	return value.linked(url)
}

// value returns the text of a variable, empty when there is none.
func (s scope) value(p part) Rich {
	if forms, ok := s.nouns[p.variable]; ok {
		return Literal(s.noun(p, forms))
	}
	v, ok := s.lookup(p.variable)
	if !ok {
		s.missed(p.variable, "has no value")
		return nil
	}
	if rich, ok := v.(Rich); ok {
		return rich
	}
	text, ok := Format(s.lang, v)
	if !ok {
		s.missed(p.variable, fmt.Sprintf("cannot show a %T", v))
	}
	return Literal(text)
}

// noun returns the form that agrees with the noun's number.
func (s scope) noun(p part, forms Forms) string {
	number := p.number
	if number == "" {
		number = defaultNumber
	}
	v, ok := s.lookup(number)
	category := language.Other
	if ok {
		category, ok = pluralOf(s.lang, v)
	}
	if !ok {
		s.missed(number, "is no number, and "+p.variable+" must agree with it")
	}
	if form := forms[category]; form != "" {
		return form
	}
	s.missed(p.variable, "has no form "+string(category))
	return forms[language.Other]
}

func pluralOf(lang language.Code, v any) (language.Plural, bool) {
	switch n := v.(type) {
	case int:
		return language.PluralOf(lang, int64(n)), true
	case int64:
		return language.PluralOf(lang, n), true
	case Signed:
		return language.PluralOf(lang, int64(n)), true
	case float64:
		return language.PluralOfDecimal(lang, n, decimalPlaces(n)), true
	}
	return language.Other, false
}

// closeGap mends the place where a value was left out: the comma that set it apart
// goes, at the beginning of a sentence the next word takes the capital, and no two
// blanks stay.
func closeGap(lang language.Code, before Rich, after string) (Rich, string) {
	before = append(Rich(nil), before...)
	last := len(before) - 1
	tail := ""
	if last >= 0 {
		tail = before[last].Text
	}
	trimmed := strings.TrimRight(tail, " ")
	starts := strings.TrimSpace(trimmed) == "" && last <= 0 || strings.HasSuffix(trimmed, "\n") || endsSentence([]rune(trimmed))
	if rest, ok := strings.CutPrefix(after, ","); ok {
		rest = strings.TrimLeft(rest, " ")
		switch {
		case starts:
			return before, capital(lang, rest)
		case strings.HasSuffix(trimmed, ","):
			before[last].Text = strings.TrimSuffix(trimmed, ",")
			return before.Append(), " " + rest
		case last >= 0:
			before[last].Text = trimmed
		}
		return before.Append(), after
	}
	next, _ := utf8.DecodeRuneInString(after)
	if after == "" || unicode.IsPunct(next) && next != '(' || next == '\n' {
		trimmed = strings.TrimSuffix(trimmed, ",")
		if last >= 0 {
			before[last].Text = trimmed
		}
		return before.Append(), after
	}
	if trimmed != tail || tail == "" {
		after = strings.TrimLeft(after, " ")
	}
	return before, after
}

// capital writes the first letter large, with the language's own rule for i.
func capital(lang language.Code, s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	upper := unicode.ToUpper(r)
	if lang == language.Azerbaijani || lang == language.Turkish {
		upper = unicode.TurkishCase.ToUpper(r)
	}
	return string(upper) + s[size:]
}
