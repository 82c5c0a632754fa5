package slack

import (
	"regexp"
	"strings"
)

var tokenForm = regexp.MustCompile(
	`(https?://[^\s<>|]+)|([\pL\pN._+-]+@[\pL\pN-]+\.[\pL\pN.-]*[\pL\pN])|@([\pL\pN_.-]*[\pL\pN_])|#([\pL\pN_-]+)`)

// compose turns what a person types into a message's text, in mrkdwn with escapes, and its rich text, as the app makes
// both of it. "@bot" is the bot; a line that begins with "> " is a quote.
func (l *Lookalike) compose(typed string) (string, []block) {
	var texts []string
	var sections []element
	for i, line := range strings.Split(typed, "\n") {
		kind, mark := "rich_text_section", ""
		if rest, ok := strings.CutPrefix(line, "> "); ok {
			kind, mark, line = "rich_text_quote", "&gt; ", rest
		}
		pieces := l.pieces(line)
		written := ""
		for _, p := range pieces {
			written += richMrkdwn(p)
		}
		texts = append(texts, mark+written)
		if n := len(sections); n > 0 && sections[n-1].Type == kind {
			if i > 0 {
				sections[n-1].Elements = append(sections[n-1].Elements, textPiece("\n"))
			}
			sections[n-1].Elements = append(sections[n-1].Elements, pieces...)
			continue
		}
		sections = append(sections, element{Type: kind, Elements: pieces})
	}
	return strings.Join(texts, "\n"), []block{{Type: "rich_text", BlockID: shortID(len(typed), len(texts)), Elements: sections}}
}

func textPiece(text string) element { return element{Type: "text", Text: raw(text)} }

// pieces are the parts of a line: words, addresses and mentions.
func (l *Lookalike) pieces(line string) []element {
	var out []element
	words := func(text string) {
		if text != "" {
			out = append(out, textPiece(text))
		}
	}
	at := 0
	for _, m := range tokenForm.FindAllStringSubmatchIndex(line, -1) {
		token := line[m[0]:m[1]]
		var piece element
		switch {
		case m[2] >= 0:
			piece = element{Type: "link", URL: token}
		case m[4] >= 0:
			piece = element{Type: "link", URL: "mailto:" + token, Text: raw(token)}
		case m[6] >= 0:
			piece = l.mentionOf(lowerName(token))
		default:
			if c := l.named(token); c != nil {
				piece = element{Type: "channel", ChannelID: c.id}
			}
		}
		if piece.Type == "" {
			continue
		}
		words(line[at:m[0]])
		out = append(out, piece)
		at = m[1]
	}
	words(line[at:])
	return out
}

// mentionOf is what a name after an @ becomes, nothing for a name that nobody has.
func (l *Lookalike) mentionOf(name string) element {
	switch p := l.people.Find(name); {
	case name == "bot", name == strings.ToLower(l.cfg.Username):
		return element{Type: "user", UserID: l.app.user}
	case name == "channel", name == "here", name == "everyone":
		return element{Type: "broadcast", Range: name}
	case p != nil:
		return element{Type: "user", UserID: p.ID}
	}
	return element{}
}
