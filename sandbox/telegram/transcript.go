package telegram

import (
	"path/filepath"
	"strconv"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Chat implements lookalike.Platform. Deleted messages are left out.
func (l *Lookalike) Chat(as, in string) []lookalike.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []lookalike.Message{}
	p := l.people.Find(as)
	if p == nil || in != "" && in != Group {
		return out
	}
	c := l.chats[p.ID]
	if in == Group {
		c = l.group
	}
	for _, e := range c.entries {
		if !e.Deleted {
			out = append(out, l.shown(e))
		}
	}
	return out
}

// Menu is the reply keyboard that stands under the person's input now, row by row.
func (l *Lookalike) Menu(as string) [][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.people.Find(as)
	if p == nil {
		return nil
	}
	var rows [][]string
	for _, row := range l.chats[p.ID].menu {
		rows = append(rows, labels(row))
	}
	return rows
}

func labels(row []menuKey) []string {
	var out []string
	for _, k := range row {
		out = append(out, k.Text)
	}
	return out
}

// shown is a message as a person reads it.
func (l *Lookalike) shown(e *entry) lookalike.Message {
	text, entities := e.body()
	m := lookalike.Message{
		ID: strconv.Itoa(e.Message.ID), From: e.By, Text: text, Buttons: []string{}, At: e.At,
		Edited: e.Edited, HTML: pageHTML(text, entities), Attachment: attachment(e.Message),
	}
	if e.Message.Document != nil {
		m.FileName = e.Message.Document.FileName
	}
	if n := len(e.Message.Photo); n > 0 {
		if f := l.files[e.Message.Photo[n-1].FileID]; f != nil {
			m.Image = filepath.Base(f.Path)
		}
	}
	if kb := e.Message.ReplyMarkup; kb != nil {
		for _, row := range kb.Keyboard {
			var keys []lookalike.Key
			for _, b := range row {
				m.Buttons = append(m.Buttons, b.Text)
				keys = append(keys, lookalike.Key{Label: b.Text, URL: b.URL, Style: b.Style})
			}
			m.Rows = append(m.Rows, keys)
		}
	}
	for _, row := range e.Menu {
		m.Buttons = append(m.Buttons, labels(row)...)
		m.Menu = append(m.Menu, labels(row)...)
	}
	return m
}

// attachment names the kind of file or object in a message.
func attachment(m message) string {
	switch {
	case m.Voice != nil, m.Audio != nil:
		return lookalike.Voice
	case len(m.Photo) > 0:
		return lookalike.Photo
	case m.Sticker != nil:
		return lookalike.Sticker
	case m.Contact != nil:
		return lookalike.Contact
	case m.Location != nil:
		return lookalike.Location
	case m.Document != nil, m.Video != nil:
		return lookalike.File
	}
	return ""
}
