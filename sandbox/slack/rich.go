package slack

import (
	"encoding/json"
	"html"
	"strings"
)

// richStyles are the styles of a piece of rich text, and how the page shows them.
var richStyles = []struct{ name, tag string }{{"bold", "strong"}, {"italic", "em"}, {"strike", "s"}, {"code", "code"}}

// readRich shows a piece of rich text. Its words are what they are: only its structure means something.
// Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (l *Lookalike) readRich(e element) (plain, page string) {
	r := &reader{l: l, bell: true}
	r.rich(e)
	return strings.TrimSuffix(r.plain.String(), "\n"), strings.TrimSuffix(r.page.String(), "<br>")
}

func (r *reader) rich(e element) {
	switch e.Type {
	case "text", "link":
		r.styledRich(e)
		return
	case "user", "broadcast", "usergroup", "channel", "emoji":
		r.inline(richMrkdwn(e))
		return
	case "rich_text_quote":
		r.put("> ")
	}
	for i, inner := range e.Elements {
		if e.Type == "rich_text_list" {
			r.put(map[bool]string{true: "\n"}[i > 0] + "• ")
		}
		r.rich(inner)
	}
	if e.Type == "rich_text_quote" {
		r.put("\n")
	}
}

// styledRich shows words or a link in their style.
func (r *reader) styledRich(e element) {
	var style map[string]bool
	_ = json.Unmarshal(e.Style, &style) // no style, or one that is checked elsewhere
	closing := ""
	for _, s := range richStyles {
		if style[s.name] {
			r.page.WriteString("<" + s.tag + ">")
			closing = "</" + s.tag + ">" + closing
		}
	}
	words := e.words()
	if e.Type == "link" {
		if words == "" {
			words = e.URL
		}
		if linkable(e.URL) {
			r.page.WriteString(`<a href="` + html.EscapeString(e.URL) + `" target="_blank" rel="noopener noreferrer">`)
			closing = "</a>" + closing
		}
	}
	r.put(words)
	r.page.WriteString(closing)
}
