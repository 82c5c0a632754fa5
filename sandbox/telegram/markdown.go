package telegram

import (
	"strings"
	"unicode/utf8"
)

// markdownReserved are the characters that MarkdownV2 wants escaped everywhere outside code.
// Source: core.telegram.org/bots/api#markdownv2-style.
const markdownReserved = "_*[]()~`>#+-=|{}.!"

// markdownTypes are the entities by the mark that opens and closes them; the name is the one used in errors.
var markdownTypes = map[string]struct{ kind, name string }{
	"*": {"bold", "Bold"}, "_": {"italic", "Italic"}, "__": {"underline", "Underline"},
	"~": {"strikethrough", "Strikethrough"}, "||": {"spoiler", "Spoiler"},
	"`": {"code", "Code"}, "```": {"pre", "Pre"}, "[": {"text_link", "TextUrl"},
}

// markdownMark is a mark that waits for its end.
type markdownMark struct {
	mark   string
	offset int // in UTF-16 units of the result
	begin  int // in bytes of the result
	from   int // in bytes of what was sent
	lang   string
}

type markdownParser struct {
	in    string
	pos   int
	out   strings.Builder
	units int
	open  []markdownMark
	found []entity
}

// parseMarkdownV2 reads the MarkdownV2 style, without block quotes and custom emoji. Errors carry the server's texts.
func parseMarkdownV2(in string) (string, []entity, error) {
	p := &markdownParser{in: in}
	for p.pos < len(in) {
		if err := p.step(); err != nil {
			return "", nil, err
		}
	}
	if n := len(p.open); n > 0 {
		last := p.open[n-1]
		return "", nil, unparsed("Can't find end of %s entity at byte offset %d", markdownTypes[last.mark].name, last.from)
	}
	sortEntities(p.found)
	return p.out.String(), p.found, nil
}

func (p *markdownParser) top() string {
	if n := len(p.open); n > 0 {
		return p.open[n-1].mark
	}
	return ""
}

func (p *markdownParser) write(s string) {
	p.out.WriteString(s)
	p.units += utf16Len(s)
}

func (p *markdownParser) rest(prefix string) bool { return strings.HasPrefix(p.in[p.pos:], prefix) }

func (p *markdownParser) step() error {
	c := p.in[p.pos]
	if c == '\\' && p.pos+1 < len(p.in) && p.in[p.pos+1] > 0 && p.in[p.pos+1] <= 126 {
		p.write(p.in[p.pos+1 : p.pos+2])
		p.pos += 2
		return nil
	}
	inCode := p.top() == "`" || p.top() == "```"
	if inCode && c != '`' || !inCode && strings.IndexByte(markdownReserved, c) < 0 {
		_, size := utf8.DecodeRuneInString(p.in[p.pos:])
		p.write(p.in[p.pos : p.pos+size])
		p.pos += size
		return nil
	}
	if p.ends() {
		return p.end()
	}
	return p.start(c)
}

// ends says whether the innermost open entity ends here.
func (p *markdownParser) ends() bool {
	switch top := p.top(); top {
	case "":
		return false
	case "_":
		return p.rest("_") && !p.rest("__")
	case "[":
		return p.rest("]")
	default:
		return p.rest(top)
	}
}

func (p *markdownParser) start(c byte) error {
	mark := string(c)
	switch {
	case p.rest("```"):
		mark = "```"
	case p.rest("__"):
		mark = "__"
	case p.rest("||"):
		mark = "||"
	}
	if _, ok := markdownTypes[mark]; !ok || p.top() == "`" || p.top() == "```" {
		return unparsed("Character '%c' is reserved and must be escaped with the preceding '\\'", c)
	}
	m := markdownMark{mark: mark, offset: p.units, begin: p.out.Len(), from: p.pos}
	p.pos += len(mark)
	if mark == "```" {
		m.lang = p.language()
	}
	p.open = append(p.open, m)
	return nil
}

// language is the word after an opening ``` that ends with its line.
func (p *markdownParser) language() string {
	end := p.pos
	for end < len(p.in) && p.in[end] > ' ' && p.in[end] != '`' {
		end++
	}
	if end >= len(p.in) || p.in[end] == '`' {
		return ""
	}
	word := p.in[p.pos:end]
	if p.in[end] == '\n' {
		p.pos = end + 1
		return word
	}
	return ""
}

func (p *markdownParser) end() error {
	m := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	e := entity{Type: markdownTypes[m.mark].kind, Offset: m.offset, Length: p.units - m.offset, Language: m.lang}
	if m.mark != "[" {
		p.pos += len(m.mark)
	} else {
		p.pos++
		target, err := p.target(m)
		if err != nil {
			return err
		}
		if e.URL, _ = checkedURL(target); e.URL == "" {
			return nil
		}
	}
	if e.Length > 0 {
		p.found = append(p.found, e)
	}
	return nil
}

// target reads the (address) after [text]; without one the text itself is the address.
func (p *markdownParser) target(m markdownMark) (string, error) {
	if !p.rest("(") {
		return p.out.String()[m.begin:], nil
	}
	from := p.pos
	p.pos++
	var out strings.Builder
	for p.pos < len(p.in) && p.in[p.pos] != ')' {
		if p.in[p.pos] == '\\' && p.pos+1 < len(p.in) && p.in[p.pos+1] <= 126 {
			p.pos++
		}
		out.WriteByte(p.in[p.pos])
		p.pos++
	}
	if p.pos >= len(p.in) {
		return "", unparsed("Can't find end of a URL at byte offset %d", from)
	}
	p.pos++
	return out.String(), nil
}

// parseMarkdown reads the legacy Markdown style: no nesting, and an entity that does not end is an error.
// Source: core.telegram.org/bots/api#markdown-style.
func parseMarkdown(in string) (string, []entity, error) {
	p := &markdownParser{in: in}
	for p.pos < len(in) {
		c := in[p.pos]
		switch {
		case c == '\\' && p.pos+1 < len(in) && strings.IndexByte("_*`[", in[p.pos+1]) >= 0:
			p.write(in[p.pos+1 : p.pos+2])
			p.pos += 2
		case strings.IndexByte("_*`[", c) < 0:
			_, size := utf8.DecodeRuneInString(in[p.pos:])
			p.write(in[p.pos : p.pos+size])
			p.pos += size
		default:
			if err := p.legacy(c); err != nil {
				return "", nil, err
			}
		}
	}
	return p.out.String(), p.found, nil
}

func (p *markdownParser) legacy(c byte) error {
	mark, closing := string(c), string(c)
	switch {
	case p.rest("```"):
		mark, closing = "```", "```"
	case c == '[':
		closing = "]"
	}
	m := markdownMark{mark: mark, offset: p.units, begin: p.out.Len(), from: p.pos}
	p.pos += len(mark)
	end := strings.Index(p.in[p.pos:], closing)
	if end < 0 {
		return unparsed("Can't find end of the entity starting at byte offset %d", m.from)
	}
	p.write(p.in[p.pos : p.pos+end])
	p.pos += end
	p.open = append(p.open, m)
	return p.end()
}
