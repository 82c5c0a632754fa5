package slack

import (
	"encoding/json"
	"html"
	"path/filepath"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Chat implements lookalike.Platform. Looking at "home" opens the tab.
func (l *Lookalike) Chat(as, in string) []lookalike.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []lookalike.Message{}
	p := l.people.Find(as)
	if in == homePlace {
		return l.homeChat(p)
	}
	c, thread, err := l.place(p, in)
	if err != nil {
		return out
	}
	for _, e := range c.entries {
		if e.seenBy(p) && e.in(thread) {
			out = append(out, l.shown(e))
		}
	}
	return out
}

// in says whether a message is shown in a thread, root included, or with no thread in the channel itself.
func (e *entry) in(thread string) bool {
	if thread == "" {
		return e.root() == ""
	}
	return e.Message.TS == thread || e.Message.ThreadTS == thread
}

func (l *Lookalike) homeChat(p *person) []lookalike.Message {
	out := []lookalike.Message{}
	if p == nil || l.visit(p, homeEvery) != nil {
		return out
	}
	h := l.homes[p.Name]
	if h.View == nil {
		return out
	}
	return append(out, l.shown(&entry{Message: message{TS: homePlace, Blocks: h.View.Blocks}, By: "bot", At: h.At}))
}

// shown is a message as a person reads it.
func (l *Lookalike) shown(e *entry) lookalike.Message {
	m := lookalike.Message{
		ID: e.Message.TS, From: e.By, Buttons: []string{}, At: e.At, Edited: e.Message.Edited != nil, Thread: e.Message.ThreadTS,
	}
	d := &drawing{l: l, m: &m}
	switch {
	case e.By != "bot":
		d.line(l.readTyped(e.Message.Text))
	case len(e.Message.Blocks) > 0:
		for _, b := range e.Message.Blocks {
			d.block(b)
		}
	default:
		d.line(l.read(e.Message.Text))
	}
	d.attachments(e.Message.Attachments)
	for _, fileID := range e.Files {
		d.file(l.files[fileID])
	}
	m.Text, m.HTML = strings.Join(d.text, "\n"), strings.Join(d.page, "<br>")
	m.Private = e.OnlyFor != ""
	return m
}

// drawing gathers the lines of a message.
type drawing struct {
	l          *Lookalike
	m          *lookalike.Message
	text, page []string
}

func (d *drawing) line(plain, page string) {
	if plain != "" {
		d.text, d.page = append(d.text, plain), append(d.page, page)
	}
}

// object draws a text object.
func (d *drawing) object(t *textObject, tag string) {
	if t == nil {
		return
	}
	plain, page := d.l.readObject(*t)
	if tag != "" {
		page = "<" + tag + ">" + page + "</" + tag + ">"
	}
	d.line(plain, page)
}

// readObject shows a text object: plain text is what it is.
func (l *Lookalike) readObject(t textObject) (plain, page string) {
	if t.Type == "mrkdwn" {
		return l.read(t.Text)
	}
	r := &reader{l: l}
	r.put(t.Text)
	return r.plain.String(), r.page.String()
}

func (d *drawing) block(b block) {
	switch b.Type {
	case "header":
		d.object(b.Text, "strong")
	case "section":
		d.object(b.Text, "")
		for i := range b.Fields {
			d.object(&b.Fields[i], "")
		}
		if b.Accessory != nil {
			d.keys([]element{*b.Accessory})
		}
	case "context":
		for _, e := range b.Elements {
			if e.Type != "image" {
				d.object(&textObject{Type: e.Type, Text: e.words()}, "small")
			}
		}
	case "rich_text":
		for _, e := range b.Elements {
			d.line(d.l.readRich(e))
		}
	case "image":
		d.object(b.Title, "small")
		d.m.Image, d.m.Attachment = b.ImageURL, lookalike.Photo
		if b.SlackFile != nil {
			if f := d.l.fileOf(b.SlackFile); f != nil {
				d.m.Image = mediaName(f)
			}
		}
	case "actions":
		d.keys(b.Elements)
	case "input":
		d.object(b.Label, "strong")
	}
}

// keys draws a row of buttons and selects.
func (d *drawing) keys(elements []element) {
	var row []lookalike.Key
	for _, e := range elements {
		switch {
		case e.Type == "button":
			d.m.Buttons = append(d.m.Buttons, e.label())
			row = append(row, lookalike.Key{Label: e.label(), URL: e.URL, Style: e.styled()})
		case chooses[e.Type]:
			k := lookalike.Key{}
			if e.Placeholder != nil {
				k.Label = e.Placeholder.Text
			}
			for _, o := range e.choices() {
				k.Options = append(k.Options, o.Text.Text)
			}
			d.m.Buttons = append(d.m.Buttons, k.Options...)
			row = append(row, k)
		}
	}
	if len(row) > 0 {
		d.m.Rows = append(d.m.Rows, row)
	}
}

func (d *drawing) attachments(data json.RawMessage) {
	var list []struct {
		Pretext, Title, Text, Fallback string
		Blocks                         []block
	}
	if len(data) == 0 || json.Unmarshal(data, &list) != nil {
		return
	}
	for _, a := range list {
		for _, text := range []string{a.Pretext, a.Title, a.Text} {
			d.line(d.l.read(text))
		}
		for _, b := range a.Blocks {
			d.block(b)
		}
		if a.Text == "" && a.Title == "" && len(a.Blocks) == 0 {
			d.line(d.l.read(a.Fallback))
		}
	}
}

func (d *drawing) file(f *file) {
	switch {
	case f == nil:
	case f.Voice:
		d.m.Attachment = lookalike.Voice
	case strings.HasPrefix(f.Type, "image/"):
		d.m.Attachment, d.m.Image = lookalike.Photo, mediaName(f)
	default:
		name := "📎 " + f.Title
		if d.text = append(d.text, name); d.m.Attachment != "" { // the page shows one file as such
			d.page = append(d.page, html.EscapeString(name))
			return
		}
		d.m.Attachment, d.m.FileName = lookalike.File, f.Title
	}
}

// mediaName is the name under which Media finds a file.
func mediaName(f *file) string { return f.ID + filepath.Ext(f.Name) }
