package discord

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// maxFileBytes is the largest file. Source: docs.discord.com/developers/reference#uploading-files, November 2026.
const maxFileBytes = 10 << 20

// part is one message of the platform. A body that does not fit into one becomes several.
type part struct {
	content string
	rows    []discordgo.MessageComponent
	files   []upload
	image   string // the address of the picture in its embed
	flags   discordgo.MessageFlags
}

var errNoPicture = errors.New("the picture has neither an address, a path nor data")

// plan cuts a body into the messages that carry it: the picture with the first, the file and the buttons with the last.
// A menu has no place here: its commands are the platform's own.
func (a *Adapter) plan(b conversation.Body) ([]part, error) {
	rows, asText, err := a.components(b.Rows)
	if err != nil {
		return nil, err
	}
	words := withLinks(b.Text, asText)
	var parts []part
	if !words.Empty() {
		for _, piece := range split(words) {
			parts = append(parts, part{content: piece})
		}
	}
	if len(parts) == 0 {
		if b.Image == nil && b.Document == nil {
			return nil, payload("empty", "there is nothing to send")
		}
		parts = []part{{}}
	}
	if b.Image != nil {
		err := parts[0].picture(b.Image)
		switch {
		case err == nil:
		case words.Empty():
			return nil, payload(codeBadPicture, "%w", err)
		default:
			a.log.Error("a picture could not be read; the message goes without it", "error", err)
		}
	}
	last := &parts[len(parts)-1]
	if d := b.Document; d != nil {
		if len(d.Data) == 0 || len(d.Data) > maxFileBytes {
			return nil, payload("too_large", "the file has %d bytes, not 1 to %d", len(d.Data), maxFileBytes)
		}
		last.files = append(last.files, upload{name: fileName(d.Name, "file"), data: d.Data})
	}
	last.rows = rows
	if b.Quiet {
		for i := range parts {
			parts[i].flags |= discordgo.MessageFlagsSuppressNotifications
		}
	}
	return parts, nil
}

// picture hangs a picture under a part, as an embed.
func (p *part) picture(img *conversation.Image) error {
	name, data := img.Name, img.Data
	switch {
	case len(data) > 0:
	case img.Path != "":
		var err error
		if data, err = fitting.ReadPicture(img.Path, maxFileBytes); err != nil {
			return err
		}
		name = filepath.Base(img.Path)
	case img.URL != "":
		p.image = img.URL
		return nil
	default:
		return errNoPicture
	}
	if len(data) > maxFileBytes {
		return fmt.Errorf("the picture has more than %d bytes", maxFileBytes)
	}
	name = fileName(name, "picture.png")
	p.files = append(p.files, upload{name: name, data: data})
	p.image = "attachment://" + name
	return nil
}

// withoutPicture is the part without its picture; ok is false when it has none, or nothing besides.
func (p *part) withoutPicture() (plain part, ok bool) {
	if p.image == "" || p.content == "" {
		return part{}, false
	}
	plain = *p
	if strings.HasPrefix(p.image, "attachment://") {
		plain.files = p.files[1:]
	}
	plain.image = ""
	return plain, true
}

// fileName is a file's name in the signs that the platform leaves as they are, so that an embed can name it.
func fileName(name, otherwise string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '-', c == '_':
			return c
		}
		return '_'
	}, filepath.Base(name))
	if strings.Trim(name, "._") == "" {
		return otherwise
	}
	return name
}

// split renders a text into pieces that fit. What the marks will take is not known before, so that the limit is
// lowered until every piece fits.
func split(words texts.Rich) []string {
	for limit := maxText; limit > maxText/16; limit -= maxText / 16 {
		var out []string
		whole := true
		for _, piece := range texts.Split(words, limit, func(s string) int { return fitting.Units(escape(s)) }) {
			s := markdown(piece)
			whole = whole && fitting.Units(s) <= maxText
			out = append(out, s)
		}
		if whole {
			return out
		}
	}
	var out []string
	for _, piece := range texts.Split(texts.Literal(words.Plain()), maxText, func(s string) int { return fitting.Units(escape(s)) }) {
		out = append(out, fitting.Cut(escape(piece.Plain()), maxText))
	}
	return out
}
