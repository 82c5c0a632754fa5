package telegram

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// htmlTypes are the tags of the HTML style and the entities that they make.
// Source: core.telegram.org/bots/api#html-style.
var htmlTypes = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
	"a": "text_link", "tg-emoji": "custom_emoji", "code": "code", "pre": "pre", "blockquote": "blockquote",
}

// htmlTag is a start tag that waits for its end.
type htmlTag struct {
	name, argument string
	offset         int // in UTF-16 units of the result
	begin          int // in bytes of the result
}

// htmlParser follows the server's own parser, which is not an HTML parser: offsets in its errors are in bytes of what
// was sent.
type htmlParser struct {
	in    string
	pos   int
	out   strings.Builder
	units int // UTF-16 units written
	open  []htmlTag
	found []entity
}

// parseHTML reads the HTML style. Its errors carry the real server's texts.
func parseHTML(in string) (string, []entity, error) {
	p := &htmlParser{in: in}
	for p.pos < len(in) {
		if err := p.step(); err != nil {
			return "", nil, err
		}
	}
	if len(p.open) > 0 {
		return "", nil, unparsed("Can't find end tag corresponding to start tag %q", p.open[len(p.open)-1].name)
	}
	for i := range p.found {
		switch p.found[i].Type {
		case "text_link":
			p.found[i].URL, _ = checkedURL(p.found[i].URL)
		case "code":
			p.found[i].Language = ""
		}
	}
	found := slices.DeleteFunc(p.found, func(e entity) bool { return e.Type == "text_link" && e.URL == "" })
	sortEntities(found)
	return p.out.String(), found, nil
}

func (p *htmlParser) step() error {
	switch c := p.at(p.pos); c {
	case '&':
		if r, end := decodeEntity(p.in, p.pos); r != 0 {
			p.pos = end
			p.write(string(r))
			return nil
		}
		p.pos++
		p.write("&")
	case '<':
		if p.at(p.pos+1) == '/' {
			return p.endTag()
		}
		return p.startTag()
	default:
		_, size := utf8.DecodeRuneInString(p.in[p.pos:])
		p.write(p.in[p.pos : p.pos+size])
		p.pos += size
	}
	return nil
}

// at is the byte at i, 0 beyond the end.
func (p *htmlParser) at(i int) byte {
	if i < len(p.in) {
		return p.in[i]
	}
	return 0
}

func (p *htmlParser) write(s string) {
	p.out.WriteString(s)
	p.units += utf16Len(s)
}

func (p *htmlParser) startTag() error {
	begin := p.pos
	p.pos++
	for c := p.at(p.pos); c != 0 && c != '>' && !space(c); c = p.at(p.pos) {
		p.pos++
	}
	if p.at(p.pos) == 0 {
		return unparsed("Unclosed start tag at byte offset %d", begin)
	}
	name := strings.ToLower(p.in[begin+1 : p.pos])
	if _, ok := htmlTypes[name]; !ok {
		return unparsed("Unsupported start tag \"%s\" at byte offset %d", name, begin)
	}
	argument, err := p.attributes(name, begin)
	if err != nil {
		return err
	}
	p.pos++ // the closing >
	if name == "span" && argument != "spoiler" {
		return unparsed("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	p.open = append(p.open, htmlTag{name: name, argument: argument, offset: p.units, begin: p.out.Len()})
	return nil
}

// attributes reads up to the closing >, and answers the one value that matters for the tag.
func (p *htmlParser) attributes(tag string, begin int) (argument string, err error) {
	for {
		p.skipSpace()
		if p.at(p.pos) == '>' {
			return argument, nil
		}
		start := p.pos
		for c := p.at(p.pos); c != 0 && c != '=' && c != '>' && !space(c); c = p.at(p.pos) {
			p.pos++
		}
		name := p.in[start:p.pos]
		if name == "" {
			return "", unparsed("Empty attribute name in the tag \"%s\" at byte offset %d", tag, begin)
		}
		p.skipSpace()
		if p.at(p.pos) != '=' {
			if p.at(p.pos) == 0 {
				return "", unparsed("Unclosed start tag \"%s\" at byte offset %d", tag, begin)
			}
			if tag == "blockquote" && name == "expandable" {
				argument = "expandable"
			}
			continue
		}
		p.pos++
		value, err := p.attributeValue(tag, begin)
		if err != nil {
			return "", err
		}
		if v, ok := meaningful(tag, name, value); ok {
			argument = v
		}
	}
}

func (p *htmlParser) attributeValue(tag string, begin int) (string, error) {
	p.skipSpace()
	quote := p.at(p.pos)
	if quote == 0 {
		return "", unparsed("Unclosed start tag \"%s\" at byte offset %d", tag, begin)
	}
	if quote != '\'' && quote != '"' {
		start := p.pos
		for nameByte(p.at(p.pos)) {
			p.pos++
		}
		if c := p.at(p.pos); c != '>' && !space(c) {
			return "", unparsed("Unexpected end of name token at byte offset %d", start)
		}
		return strings.ToLower(p.in[start:p.pos]), nil
	}
	p.pos++
	var value strings.Builder
	for c := p.at(p.pos); c != 0 && c != quote; c = p.at(p.pos) {
		if r, end := decodeEntity(p.in, p.pos); c == '&' && r != 0 {
			value.WriteRune(r)
			p.pos = end
			continue
		}
		value.WriteByte(c)
		p.pos++
	}
	if p.at(p.pos) == quote {
		p.pos++
	}
	if p.at(p.pos) == 0 {
		return "", unparsed("Unclosed start tag at byte offset %d", begin)
	}
	return value.String(), nil
}

// meaningful picks the attribute that a tag uses.
func meaningful(tag, name, value string) (string, bool) {
	switch {
	case tag == "a" && name == "href", tag == "tg-emoji" && name == "emoji-id":
		return value, true
	case tag == "code" && name == "class":
		return strings.CutPrefix(value, "language-")
	case tag == "span" && name == "class":
		return strings.CutPrefix(value, "tg-")
	case tag == "blockquote" && name == "expandable":
		return "expandable", true
	}
	return "", false
}

func (p *htmlParser) endTag() error {
	begin := p.pos
	if len(p.open) == 0 {
		return unparsed("Unexpected end tag at byte offset %d", begin)
	}
	p.pos += 2
	for c := p.at(p.pos); c != 0 && c != '>' && !space(c); c = p.at(p.pos) {
		p.pos++
	}
	name := strings.ToLower(p.in[begin+2 : p.pos])
	p.skipSpace()
	if p.at(p.pos) != '>' {
		return unparsed("Unclosed end tag at byte offset %d", begin)
	}
	p.pos++
	tag := p.open[len(p.open)-1]
	if name != "" && name != tag.name {
		return unparsed("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, tag.name, name)
	}
	p.open = p.open[:len(p.open)-1]
	if p.units > tag.offset {
		p.add(tag)
	}
	return nil
}

// add turns a closed tag into its entity.
func (p *htmlParser) add(tag htmlTag) {
	e := entity{Type: htmlTypes[tag.name], Offset: tag.offset, Length: p.units - tag.offset}
	switch tag.name {
	case "a":
		e.URL = tag.argument
		if e.URL == "" {
			e.URL = p.out.String()[tag.begin:]
		}
	case "tg-emoji":
		e.EmojiID = tag.argument
	case "blockquote":
		if tag.argument != "" {
			e.Type = "expandable_blockquote"
		}
	case "code":
		if p.inside("pre") {
			e.Language = tag.argument // taken over by the pre, or dropped at the end
		}
	case "pre":
		// <pre><code class="language-x"> is one block of code in that language.
		if n := len(p.found) - 1; n >= 0 && p.found[n].Type == "code" && p.found[n].Offset == e.Offset && p.found[n].Length == e.Length {
			e.Language = p.found[n].Language
			p.found = p.found[:n]
		}
	}
	p.found = append(p.found, e)
}

func (p *htmlParser) inside(name string) bool {
	return slices.ContainsFunc(p.open, func(t htmlTag) bool { return t.name == name })
}

func (p *htmlParser) skipSpace() {
	for space(p.at(p.pos)) {
		p.pos++
	}
}

// decodeEntity reads the reference that starts at the & at pos, 0 if there is none that the server knows.
func decodeEntity(s string, pos int) (r rune, end int) {
	at := func(i int) byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	end = pos + 1
	if at(end) == '#' {
		return numericEntity(s, pos)
	}
	for c := at(end); c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'; c = at(end) {
		end++
	}
	named := map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"'}
	r, ok := named[s[pos+1:end]]
	if !ok {
		return 0, pos
	}
	if at(end) == ';' {
		end++
	}
	return r, end
}

func numericEntity(s string, pos int) (r rune, end int) {
	end, base, digits := pos+2, 10, "0123456789"
	if end < len(s) && s[end] == 'x' {
		end, base, digits = end+1, 16, "0123456789abcdefABCDEF"
	}
	start := end
	for end < len(s) && strings.IndexByte(digits, s[end]) >= 0 {
		end++
	}
	n, err := strconv.ParseUint(s[start:end], base, 32)
	if err != nil || n == 0 || n >= 0x10ffff || end-pos >= 10 || !utf8.ValidRune(rune(n)) {
		return 0, pos
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	return rune(n), end
}

func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-'
}
