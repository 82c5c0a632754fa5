package slack

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackutilsx"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// part is one message of the platform. A body that does not fit into one becomes several.
type part struct {
	words   texts.Rich
	picture *slack.ImageBlock
	actions []slack.Block
	mark    map[string]any // by which it is found again, nil for none
}

var errNoPicture = errors.New("the picture has neither an address, a path nor data")

// alone is what stands for a message without words where only text is shown.
const alone = "🖼"

// fallback is what notifications and readers aloud get. It is markup, so that it is escaped.
func (p part) fallback() string {
	if p.words.Empty() {
		return alone
	}
	return slackutilsx.EscapeMessage(clean(withAddresses(p.words).Plain()))
}

// blocks render the part; plain is for servers that do not take rich text.
func (p part) blocks(plain bool) []slack.Block {
	var out []slack.Block
	if p.picture != nil {
		out = append(out, p.picture)
	}
	switch {
	case p.words.Empty():
	case plain:
		out = append(out, sections(p.words)...)
	default:
		out = append(out, richText(p.words))
	}
	return append(out, p.actions...)
}

// split cuts a text into pieces that fit into a message, escaped and with the addresses of links.
func split(words texts.Rich) []texts.Rich {
	extra := 0
	for _, s := range words {
		if s.URL != "" {
			extra += fitting.Units(s.URL) + len(" ()")
		}
	}
	limit := max(maxText-extra, maxText/2)
	return texts.Split(words, limit, func(s string) int { return fitting.Units(slackutilsx.EscapeMessage(s)) })
}

// plan cuts a body into the messages that carry it: the picture with the first, the buttons with the last. A menu has
// no place here: commands are the platform's own.
func (a *Adapter) plan(ctx context.Context, s conversation.Sending) ([]part, error) {
	b := s.Body
	actions, asText, err := a.actions(b.Rows)
	if err != nil {
		return nil, err
	}
	words := withLinks(b.Text, asText)
	var parts []part
	if !words.Empty() {
		for _, piece := range split(words) {
			parts = append(parts, part{words: piece})
		}
	}
	if len(parts) == 0 && (b.Image != nil || len(actions) > 0 && b.Document != nil) {
		parts = []part{{}}
	}
	if len(parts) == 0 && b.Document == nil {
		return nil, payload("empty", "there is nothing to send")
	}
	if b.Image != nil {
		picture, err := a.picture(ctx, s.Nonce, b)
		switch {
		case err == nil:
			parts[0].picture = picture
		case words.Empty() || conversation.KindOf(err) != conversation.OurPayload:
			return nil, err
		default:
			a.log.Error("a picture could not be used; the message goes without it", "error", err)
		}
	}
	if len(parts) > 0 {
		parts[len(parts)-1].actions = actions
	}
	return parts, nil
}

// picture is a body's picture as a block. One that has no address is uploaded first.
func (a *Adapter) picture(ctx context.Context, nonce string, b conversation.Body) (*slack.ImageBlock, error) {
	img, alt := b.Image, alone
	if !b.Text.Empty() {
		alt = b.Text.Plain()
	}
	block := &slack.ImageBlock{Type: slack.MBTImage, AltText: fitting.Label(alt, maxAlt)}
	name, data := img.Name, img.Data
	switch {
	case len(data) > 0:
	case img.Path != "":
		var err error
		if data, err = fitting.ReadPicture(img.Path, maxFileBytes); err != nil {
			return nil, payload(codeBadPicture, "%w", err)
		}
		name = filepath.Base(img.Path)
	case linkable(img.URL):
		block.ImageURL = img.URL
		return block, nil
	default:
		return nil, payload(codeBadPicture, "%w", errNoPicture)
	}
	key := nonce + " picture"
	if done, ok := a.progress.Get(key); ok && nonce != "" {
		block.SlackFile = &slack.SlackFileObject{ID: done[0]}
		return block, nil
	}
	id, err := a.upload(ctx, fileName(name, "picture.png"), data, nil)
	if err != nil {
		return nil, err
	}
	if nonce != "" {
		a.progress.Put(key, []string{id})
	}
	block.SlackFile = &slack.SlackFileObject{ID: id}
	return block, nil
}

// withLinks adds the links that cannot be buttons to a text.
func withLinks(words texts.Rich, links []conversation.Button) texts.Rich {
	for _, l := range links {
		words = texts.Lines(words, texts.Literal(l.Label+": "+l.URL))
	}
	return words
}
