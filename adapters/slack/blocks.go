package slack

import (
	"regexp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Figures of Block Kit. Source: docs.slack.dev/reference/block-kit, November 2026.
const (
	maxBlocks   = 50
	maxElements = 25 // in one actions block
	maxSection  = 3000
	maxLabel    = 75
	maxActionID = 255
	maxValue    = 2000
	maxURL      = 3000
	maxAlt      = 2000
)

// What an action's id begins with.
const (
	pressPrefix = "p:"
	formPrefix  = "f:"
	linkPrefix  = "u:" // a link: the platform reports its press too
)

// bareAddress is an address in a text, shown as a link as it stands.
var bareAddress = regexp.MustCompile(`https?://[^\s<>|"` + "`" + `]+[^\s<>|"'.,:;!?)\]}` + "`" + `]`)

// richText renders a text as structured rich text, in which nothing is markup and nothing mentions anybody.
func richText(words texts.Rich) slack.Block {
	section := slack.NewRichTextSection()
	for _, s := range words {
		style := &slack.RichTextSectionTextStyle{
			Bold: s.Style&texts.Bold != 0, Italic: s.Style&texts.Italic != 0, Code: s.Style&texts.Code != 0,
		}
		if *style == (slack.RichTextSectionTextStyle{}) {
			style = nil
		}
		if s.URL != "" && linkable(s.URL) {
			section.Elements = append(section.Elements, slack.NewRichTextSectionLinkElement(s.URL, clean(s.Text), style))
			continue
		}
		section.Elements = append(section.Elements, pieces(clean(s.Text), style)...)
		if s.URL != "" {
			section.Elements = append(section.Elements, slack.NewRichTextSectionTextElement(" ("+clean(s.URL)+")", style))
		}
	}
	return slack.NewRichTextBlock("", section)
}

// pieces are a text and the addresses in it.
func pieces(s string, style *slack.RichTextSectionTextStyle) []slack.RichTextSectionElement {
	var out []slack.RichTextSectionElement
	add := func(s string) {
		for _, part := range apart(s) {
			out = append(out, slack.NewRichTextSectionTextElement(part, style))
		}
	}
	if style != nil && style.Code {
		add(s)
		return out
	}
	for {
		at := bareAddress.FindStringIndex(s)
		if at == nil || !linkable(s[at[0]:at[1]]) {
			add(s)
			return out
		}
		add(s[:at[0]])
		out = append(out, slack.NewRichTextSectionLinkElement(s[at[0]:at[1]], s[at[0]:at[1]], style))
		s = s[at[1]:]
	}
}

// mention is how a text mentions somebody in the platform's markup.
var mention = regexp.MustCompile(`<[!@#]`)

// apart cuts a text inside of what would be a mention if it were markup. In rich text it is not, and reads the same; a
// server that is not quite the original cannot take it for one either.
func apart(s string) (parts []string) {
	for at := mention.FindStringIndex(s); at != nil; at = mention.FindStringIndex(s) {
		parts = append(parts, s[:at[1]-1])
		s = s[at[1]-1:]
	}
	if s != "" {
		parts = append(parts, s)
	}
	return parts
}

// sections render a text without styles, for servers that do not know rich text.
func sections(words texts.Rich) []slack.Block {
	var out []slack.Block
	for _, piece := range texts.Split(withAddresses(words), maxSection, fitting.Units) {
		out = append(out, slack.NewSectionBlock(plainText(piece.Plain()), nil, nil))
	}
	return out
}

// withAddresses writes the addresses of links behind their labels.
func withAddresses(words texts.Rich) texts.Rich {
	var out texts.Rich
	for _, s := range words {
		out = out.Append(texts.Literal(s.Text))
		if s.URL != "" && s.URL != s.Text {
			out = out.Append(texts.Literal(" (" + s.URL + ")"))
		}
	}
	return out
}

// plainText is a text object in which nothing is markup, and in which :signs: are not made pictures of.
func plainText(s string) *slack.TextBlockObject {
	off := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: clean(s), Emoji: &off}
}

// actions lay out the buttons: as the rows stand, else as closely as they can. Links that cannot be buttons come back to
// be shown in the text.
func (a *Adapter) actions(rows [][]conversation.Button) (out []slack.Block, asText []conversation.Button, err error) {
	var lines [][]conversation.Button
	var all []conversation.Button
	seen := map[string]bool{}
	for _, row := range rows {
		var line []conversation.Button
		for _, b := range row {
			if b.URL != "" && !linkable(b.URL) {
				asText = append(asText, b)
				continue
			}
			if b.URL == "" && (b.Token == "" || fitting.Units(b.Token) > maxActionID-len(pressPrefix)) {
				return nil, nil, payload("bad_button", "a button's token has %d characters, not 1 to %d", fitting.Units(b.Token), maxActionID-len(pressPrefix))
			}
			if b.URL == "" && seen[b.Token] {
				continue // the same button twice: ids are unique
			}
			seen[b.Token] = true
			line = append(line, b)
		}
		all = append(all, line...)
		lines = append(lines, cutLine(line)...)
	}
	const room = maxBlocks - 5 // the rest is for the text and the picture
	if len(lines) > room {
		lines = cutLine(all)
	}
	if len(lines) > room {
		return nil, nil, payload("too_many_buttons", "%d buttons do not fit into a message", len(all))
	}
	links := 0
	for _, line := range lines {
		block := slack.NewActionBlock("")
		for _, b := range line {
			block.Elements.ElementSet = append(block.Elements.ElementSet, a.button(b, &links))
		}
		out = append(out, block)
	}
	return out, asText, nil
}

// cutLine cuts a row into lines of as many buttons as one block takes.
func cutLine(line []conversation.Button) (out [][]conversation.Button) {
	for len(line) > maxElements {
		out, line = append(out, line[:maxElements]), line[maxElements:]
	}
	if len(line) > 0 {
		out = append(out, line)
	}
	return out
}

// button is one button; the form that it opens goes along, and comes back with the press.
func (a *Adapter) button(b conversation.Button, links *int) *slack.ButtonBlockElement {
	out := slack.NewButtonBlockElement("", "", plainText(fitting.Label(b.Label, maxLabel)))
	on := true
	out.Text.Emoji = &on
	switch b.Style {
	case "primary":
		out.Style = slack.StylePrimary
	case "danger":
		out.Style = slack.StyleDanger
	}
	if b.URL != "" {
		out.URL = b.URL
		out.ActionID = linkPrefix + string(rune('a'+*links%26)) + strings.Repeat("+", *links/26)
		*links++
		return out
	}
	if fits(b.Form) {
		out.ActionID, out.Value = formPrefix+b.Token, a.keepForm(b.Token, *b.Form)
		return out
	}
	out.ActionID = pressPrefix + b.Token
	return out
}

// linkable says whether the platform takes an address for a button or a link.
func linkable(address string) bool { return fitting.WebAddress(address, maxURL) }
