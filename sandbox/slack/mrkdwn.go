package slack

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// reader shows a text as the app does: its words without the marks, and as HTML for the page.
// Source: docs.slack.dev/messaging/formatting-message-text; the app's own parser is not published.
type reader struct {
	l     *Lookalike
	bell  bool // mentions are shown with a bell: the text is the bot's
	marks bool // *, _, ~ and quotes are marks; people's own texts are shown as they typed them
	plain strings.Builder
	page  strings.Builder
}

// read shows a text of the bot.
func (l *Lookalike) read(text string) (plain, page string) {
	r := &reader{l: l, bell: true, marks: true}
	for i, part := range fences(text) {
		if i%2 == 1 {
			r.page.WriteString("<pre>")
			r.words(strings.Trim(part, "\n"))
			r.page.WriteString("</pre>")
			continue
		}
		r.lines(part)
	}
	return r.plain.String(), r.page.String()
}

// readTyped shows a text that a person typed.
func (l *Lookalike) readTyped(text string) (plain, page string) {
	r := &reader{l: l}
	r.inline(text)
	return r.plain.String(), r.page.String()
}

// fences cuts a text at ```; every second piece is code. A fence that is not closed is none.
func fences(text string) []string {
	parts := strings.Split(text, "```")
	if n := len(parts); n%2 == 0 {
		parts[n-2] += "```" + parts[n-1]
		parts = parts[:n-1]
	}
	return parts
}

// lines shows lines, quotes among them.
func (r *reader) lines(text string) {
	quoted := false // by >>>, to the end
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			r.put("\n")
		}
		rest := line
		switch {
		case quoted:
		case cutPrefixes(&rest, "&gt;&gt;&gt;", ">>>"):
			quoted = true
		case cutPrefixes(&rest, "&gt;", ">"):
		default:
			r.inline(line)
			continue
		}
		r.page.WriteString("│ ")
		r.inline(strings.TrimPrefix(rest, " "))
	}
}

func cutPrefixes(s *string, prefixes ...string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(*s, p); ok {
			*s = rest
			return true
		}
	}
	return false
}

// put shows words that hold no marks and no escapes.
func (r *reader) put(words string) {
	r.plain.WriteString(words)
	r.page.WriteString(strings.ReplaceAll(html.EscapeString(words), "\n", "<br>"))
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// words shows a text in which only the escapes mean something.
func (r *reader) words(text string) { r.put(unescape.Replace(text)) }

var (
	entityForm = regexp.MustCompile(`^<([^<>\n]+)>`)
	escapeForm = regexp.MustCompile(`^&(?:amp|lt|gt);`)
	codeForm   = regexp.MustCompile("^`([^`\n]+)`")
)

// inline shows a piece of a line.
func (r *reader) inline(text string) {
	before := rune(0)
	for text != "" {
		n := r.next(text, before)
		before, _ = utf8.DecodeLastRuneInString(text[:n])
		text = text[n:]
	}
}

// next shows what a text begins with, and says how long that is.
func (r *reader) next(text string, before rune) int {
	switch c := text[0]; c {
	case '<':
		if m := entityForm.FindStringSubmatch(text); m != nil {
			r.entity(m[1])
			return len(m[0])
		}
	case '&':
		if m := escapeForm.FindString(text); m != "" {
			r.words(m)
			return len(m)
		}
	case '`':
		if m := codeForm.FindStringSubmatch(text); r.marks && m != nil {
			r.page.WriteString("<code>")
			r.words(m[1])
			r.page.WriteString("</code>")
			return len(m[0])
		}
	case '*', '_', '~':
		if n := closing(text, before); r.marks && n > 0 {
			tag := map[byte]string{'*': "strong", '_': "em", '~': "s"}[c]
			r.page.WriteString("<" + tag + ">")
			r.inline(text[1:n])
			r.page.WriteString("</" + tag + ">")
			return n + 1
		}
	default:
		n := strings.IndexAny(text, "<&`*_~")
		if n < 0 {
			n = len(text)
		}
		r.put(text[:n])
		return n
	}
	r.put(text[:1])
	return 1
}

// maxStyled bounds how far a mark's end is looked for, in bytes, so that hostile text costs no more than others.
const maxStyled = 3000

// closing is where the style that a text begins with ends, 0 when it does not: marks stand at the edges of words.
func closing(text string, before rune) int {
	if word(before) || len(text) < 3 {
		return 0
	}
	if first, _ := utf8.DecodeRuneInString(text[1:]); unicode.IsSpace(first) || first == rune(text[0]) {
		return 0
	}
	for i := 2; i < min(len(text), maxStyled) && text[i] != '\n'; i++ {
		if text[i] != text[0] {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+1:])
		if !unicode.IsSpace(last) && (i+1 == len(text) || !word(after)) {
			return i
		}
	}
	return 0
}

func word(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }

// entity shows what stands between < and >.
func (r *reader) entity(inner string) {
	target, label, labelled := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		r.mention("@" + r.l.nameOf(target[1:]))
	case strings.HasPrefix(target, "#"):
		name := label
		if c := r.l.byChan[target[1:]]; c != nil {
			name = c.title()
		}
		r.put("#" + name)
	case target == "!channel", target == "!here", target == "!everyone":
		r.mention("@" + target[1:])
	case strings.HasPrefix(target, "!subteam^"):
		name := r.l.groupNamed(strings.TrimPrefix(target, "!subteam^"))
		r.mention("@" + name)
	case strings.HasPrefix(target, "!"):
		r.words(label) // a date, or something newer: its fallback
	case linkable(target):
		if !labelled || label == "" {
			label = target
		}
		r.page.WriteString(`<a href="` + html.EscapeString(unescape.Replace(target)) + `" target="_blank" rel="noopener noreferrer">`)
		r.words(label)
		r.page.WriteString("</a>")
	default:
		r.words("<" + inner + ">")
	}
}

// linkable says whether a target is an address that the page may link to; a script is none.
func linkable(target string) bool {
	return web(target) || strings.HasPrefix(target, "mailto:") || strings.HasPrefix(target, "tel:")
}

// mention shows a mention.
func (r *reader) mention(name string) {
	if r.bell {
		name = "🔔" + name
	}
	r.page.WriteString(`<strong class="mention">`)
	r.put(name)
	r.page.WriteString("</strong>")
}

// nameOf is how people read a user's mention.
func (l *Lookalike) nameOf(user string) string {
	if user == l.app.user {
		return l.cfg.Username
	}
	if p := l.byID[user]; p != nil {
		return lookalike.DisplayName(p.Name)
	}
	return user
}

var (
	broadcastForm = regexp.MustCompile(`<!(channel|here|everyone)(?:\|[^<>]*)?>`)
	userMention   = regexp.MustCompile(`<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>`)
	groupMention  = regexp.MustCompile(`<!subteam\^(S[A-Z0-9]+)(?:\|[^<>]*)?>`)
)

// rings says for whom a post of the bot in a channel rings. Nobody but its owner is in a private chat.
func (l *Lookalike) rings(c *channel, m message) []string {
	if c.owner != nil {
		return nil
	}
	texts := []string{m.Text, string(m.Attachments)}
	for _, b := range m.Blocks {
		texts = append(texts, mrkdwnOf(b)...)
	}
	var whom []string
	note := func(name string) {
		if name != "" && !slices.Contains(whom, name) {
			whom = append(whom, name)
		}
	}
	for _, text := range texts {
		for _, found := range broadcastForm.FindAllStringSubmatch(text, -1) {
			note(found[1])
		}
		for _, found := range userMention.FindAllStringSubmatch(text, -1) {
			if p := l.byID[found[1]]; p != nil && p.Staff && !p.Deleted {
				note(p.Name)
			}
		}
		for _, found := range groupMention.FindAllStringSubmatch(text, -1) {
			note(l.groupNamed(found[1]))
		}
	}
	return whom
}

// mrkdwnOf are the texts of a block in which mentions count; those of rich text are written as mrkdwn would.
func mrkdwnOf(b block) []string {
	var out []string
	for _, t := range append([]textObject{}, b.Fields...) {
		if t.Type == "mrkdwn" {
			out = append(out, t.Text)
		}
	}
	if b.Text != nil && b.Text.Type == "mrkdwn" {
		out = append(out, b.Text.Text)
	}
	for _, e := range b.Elements {
		switch {
		case e.Type == "mrkdwn":
			out = append(out, e.words())
		case b.Type == "rich_text":
			out = append(out, richMrkdwn(e))
		}
	}
	return out
}

// richMrkdwn is a piece of rich text as mrkdwn.
func richMrkdwn(e element) string {
	switch e.Type {
	case "user":
		return "<@" + e.UserID + ">"
	case "broadcast":
		return "<!" + e.Range + ">"
	case "usergroup":
		return "<!subteam^" + e.GroupID + ">"
	case "channel":
		return "<#" + e.ChannelID + ">"
	case "link":
		if e.words() != "" {
			return "<" + e.URL + "|" + escape.Replace(e.words()) + ">"
		}
		return "<" + e.URL + ">"
	case "emoji":
		return ":" + e.Name + ":"
	}
	out := escape.Replace(e.words())
	for i, inner := range e.Elements {
		if e.Type == "rich_text_list" {
			out += map[bool]string{true: "\n"}[i > 0] + "• "
		}
		out += richMrkdwn(inner)
	}
	if e.Type == "rich_text_quote" {
		return "&gt; " + strings.ReplaceAll(out, "\n", "\n&gt; ") + "\n"
	}
	return out
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// linkNames makes mentions of bare names, as link_names and parse=full do.
func (l *Lookalike) linkNames(text string) string {
	return regexp.MustCompile(`@([\pL\pN_.-]+)`).ReplaceAllStringFunc(text, func(at string) string {
		name := lowerName(at)
		switch p := l.people.Find(name); {
		case name == "channel", name == "here", name == "everyone":
			return "<!" + name + ">"
		case p != nil:
			return "<@" + p.ID + ">"
		}
		return at
	})
}

func lowerName(at string) string { return strings.ToLower(strings.TrimPrefix(at, "@")) }
