package discord

import (
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Chat implements lookalike.Platform.
func (l *Lookalike) Chat(as, in string) []lookalike.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []lookalike.Message{}
	p := l.people.Find(as)
	c := l.place
	switch {
	case in != "" && in != Channel:
		return out
	case in == "" && p == nil:
		return out
	case in == "":
		c = l.chats[p.DM]
	}
	for _, e := range c.entries {
		if !e.Deleted && (e.OnlyFor == "" || p != nil && e.OnlyFor == p.Name) {
			out = append(out, l.shown(e))
		}
	}
	return out
}

// thinking is what people read while a deferred response waits for its text.
const thinking = "thinking…"

// shown is a message as a person reads it.
func (l *Lookalike) shown(e *entry) lookalike.Message {
	if e.Message.Flags&flagLoading != 0 {
		return lookalike.Message{ID: e.Message.ID, From: e.By, Text: thinking, Buttons: []string{}, At: e.At, HTML: thinking}
	}
	text, page := l.read(e.Message.Content)
	m := lookalike.Message{ID: e.Message.ID, From: e.By, Text: text, Buttons: []string{}, At: e.At, Edited: e.Edited, HTML: page, Private: e.OnlyFor != ""}
	for _, b := range e.Message.Embeds {
		if e.Message.Flags&flagSuppressEmbeds != 0 {
			break // the flag hides embeds
		}
		for _, words := range []string{b.Title, b.Description} {
			if words != "" {
				plain, page := l.read(words)
				m.Text, m.HTML = strings.TrimPrefix(m.Text+"\n"+plain, "\n"), strings.TrimPrefix(m.HTML+"<br>"+page, "<br>")
			}
		}
		if b.Image != nil {
			m.Image, m.Attachment = l.mediaName(b.Image.URL), lookalike.Photo
		}
	}
	for _, a := range e.Message.Attachments {
		kind := lookalike.File
		switch {
		case e.Message.Flags&flagVoice != 0:
			kind = lookalike.Voice
		case strings.HasPrefix(a.ContentType, "image/"):
			kind, m.Image = lookalike.Photo, l.mediaName(a.URL)
		}
		if m.Attachment == "" {
			m.Attachment, m.FileName = kind, a.Filename
		}
	}
	if len(e.Message.Stickers) > 0 {
		m.Attachment = lookalike.Sticker
	}
	for _, row := range e.Message.Components {
		m.Rows = append(m.Rows, keys(row, &m.Buttons))
	}
	return m
}

// keys are one row of buttons, or a select.
func keys(row component, names *[]string) []lookalike.Key {
	var out []lookalike.Key
	for _, b := range row.Components {
		if b.Type == typeSelect {
			k := lookalike.Key{Label: b.Placeholder, Disabled: b.Disabled}
			for _, o := range b.Options {
				k.Options = append(k.Options, o.Label)
			}
			*names = append(*names, k.Options...)
			out = append(out, k)
			continue
		}
		style := ""
		switch b.Style {
		case stylePrimary:
			style = "primary"
		case styleDanger:
			style = "danger"
		}
		*names = append(*names, b.Label)
		out = append(out, lookalike.Key{Label: b.Label, URL: b.URL, Style: style, Disabled: b.Disabled})
	}
	return out
}
