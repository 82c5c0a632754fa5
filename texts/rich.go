// Package texts holds what the service says: a small neutral rich text that every
// platform can show, and the catalogue of built-in messages in Azerbaijani, Turkish,
// Russian and English, which operators may override.
package texts

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style is a set of bits that says how a span of text looks.
type Style uint8

// The styles. They may be combined.
const (
	Bold Style = 1 << iota
	Italic
	Code
)

// bullet starts a line that is an item of a list. Adapters send it as it is.
const bullet = "• "

// Span is a piece of text in one style. A non-empty URL makes it a link whose label
// is Text. A newline in Text ends a line, two of them end a paragraph.
type Span struct {
	Text  string `json:"t,omitempty"`
	Style Style  `json:"s,omitempty"`
	URL   string `json:"u,omitempty"`
}

// Rich is a text as spans, in reading order. The zero value is the empty text.
// Adapters escape each span for their platform; nothing in it is markup any more.
type Rich []Span

// Literal returns s as text without any style. Data from people, platforms and
// files goes through here, so nothing in it is ever taken for markup. Bytes that are
// not UTF-8 become U+FFFD.
func Literal(s string) Rich {
	if s == "" {
		return nil
	}
	return Rich{{Text: strings.ToValidUTF8(s, "\uFFFD")}}
}

// Plain returns the words alone, as a person reads them.
func (r Rich) Plain() string {
	if len(r) == 1 {
		return r[0].Text
	}
	var b strings.Builder
	for _, s := range r {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Empty reports whether there is nothing to read: no spans, or only white space.
func (r Rich) Empty() bool {
	for _, s := range r {
		if strings.TrimSpace(s.Text) != "" {
			return false
		}
	}
	return true
}

// Append returns r followed by the others. Neighbouring spans that look alike are
// joined, empty ones are dropped. r itself is not changed.
func (r Rich) Append(others ...Rich) Rich {
	n := len(r)
	for _, o := range others {
		n += len(o)
	}
	out := make(Rich, 0, n)
	out = out.add(r...)
	for _, o := range others {
		out = out.add(o...)
	}
	return out
}

// add appends spans in place, joining neighbours that look alike.
func (r Rich) add(spans ...Span) Rich {
	for _, s := range spans {
		if s.Text == "" {
			continue
		}
		if last := len(r) - 1; last >= 0 && r[last].Style == s.Style && r[last].URL == s.URL {
			r[last].Text += s.Text
			continue
		}
		r = append(r, s)
	}
	return r
}

// In returns r with the style added to every span.
func (r Rich) In(style Style) Rich {
	out := make(Rich, 0, len(r))
	for _, s := range r {
		s.Style |= style
		out = out.add(s)
	}
	return out
}

// Link returns label as a link. When the address is not one that Parse would accept
// the label comes back without a link.
func Link(label, url string) Rich {
	if !safeURL(url) {
		return Literal(label)
	}
	return Literal(label).linked(url)
}

func (r Rich) linked(url string) Rich {
	out := make(Rich, 0, len(r))
	for _, s := range r {
		s.URL = url
		out = out.add(s)
	}
	return out
}

// Lines puts each text on a line of its own and leaves out the empty ones.
func Lines(texts ...Rich) Rich { return join("\n", texts) }

// Paragraphs puts each text in a paragraph of its own and leaves out the empty ones.
func Paragraphs(texts ...Rich) Rich { return join("\n\n", texts) }

func join(separator string, texts []Rich) Rich {
	var out Rich
	for _, t := range texts {
		if t.Empty() {
			continue
		}
		if len(out) > 0 {
			out = out.add(Span{Text: separator})
		}
		out = out.add(t...)
	}
	return out
}

// List makes each text an item of a list and leaves out the empty ones.
func List(items ...Rich) Rich {
	lines := make([]Rich, 0, len(items))
	for _, item := range items {
		if !item.Empty() {
			lines = append(lines, Literal(bullet).Append(item))
		}
	}
	return Lines(lines...)
}

// Trim returns r without the white space at both ends.
func (r Rich) Trim() Rich {
	out := append(Rich(nil), r...)
	for len(out) > 0 {
		out[0].Text = strings.TrimLeftFunc(out[0].Text, unicode.IsSpace)
		if out[0].Text != "" {
			break
		}
		out = out[1:]
	}
	for len(out) > 0 {
		last := len(out) - 1
		out[last].Text = strings.TrimRightFunc(out[last].Text, unicode.IsSpace)
		if out[last].Text != "" {
			break
		}
		out = out[:last]
	}
	return out
}

// take splits the first n runes, counted over all spans, off the rest. The rest stands where r stood, so that taking a
// text piece by piece costs no more than its length: r is not to be used any more.
func (r Rich) take(n int) (head, rest Rich) {
	for n > 0 && len(r) > 0 {
		at := 0
		for n > 0 && at < len(r[0].Text) {
			_, size := utf8.DecodeRuneInString(r[0].Text[at:])
			at += size
			n--
		}
		head = head.add(Span{Text: r[0].Text[:at], Style: r[0].Style, URL: r[0].URL})
		if r[0].Text = r[0].Text[at:]; r[0].Text == "" {
			r = r[1:]
		}
	}
	return head, r
}
