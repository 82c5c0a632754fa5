package telegram

import (
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// part is one message of the platform. A body that does not fit into one becomes several.
type part struct {
	words  texts.Rich
	medium *medium
	markup any // *inlineKeyboard, *menuKeyboard or nil
}

// plan cuts a body into the messages that carry it: media, then text, the buttons under the last one.
func (a *Adapter) plan(b conversation.Body, group bool) ([]part, error) {
	keyboard, links, err := inline(b.Rows)
	if err != nil {
		return nil, err
	}
	words := presentable(b.Text, group)
	for _, l := range links {
		words = texts.Lines(words, texts.Literal(l.Label+": "+l.URL))
	}
	parts, err := a.media(b)
	if err != nil {
		return nil, err
	}
	switch {
	case words.Empty():
	case len(parts) > 0 && fitting.Units(words.Plain()) <= maxCaption:
		parts[len(parts)-1].words = words.Trim()
	default:
		for _, piece := range texts.Split(words, maxText, fitting.Units) {
			parts = append(parts, part{words: piece})
		}
	}
	if len(parts) == 0 {
		return nil, payload("empty", "there is nothing to send")
	}
	return withMarkup(parts, keyboard, menu(b.Menu)), nil
}

// media are the picture and the file of a body, each a message. A picture that cannot be read costs the picture, not
// the words that somebody waits for.
func (a *Adapter) media(b conversation.Body) ([]part, error) {
	var parts []part
	if b.Image != nil {
		m, err := a.pictures.load(b.Image)
		switch {
		case err == nil:
			parts = append(parts, part{medium: &m})
		case b.Text.Empty():
			return nil, payload(codeBadPicture, "%w", err)
		default:
			a.log.Error("a picture could not be read; the message goes without it", "error", err)
		}
	}
	if d := b.Document; d != nil {
		parts = append(parts, part{medium: &medium{name: nameOf(d.Name, "file"), data: d.Data}})
	}
	return parts, nil
}

// withMarkup hangs the buttons under the last message. A message carries one keyboard, so that a menu beside buttons
// needs a message of its own, before the one with the buttons.
func withMarkup(parts []part, keyboard *inlineKeyboard, m *menuKeyboard) []part {
	last := len(parts) - 1
	switch {
	case keyboard == nil && m == nil:
	case keyboard == nil:
		parts[last].markup = m
	case m == nil:
		parts[last].markup = keyboard
	default:
		if last == 0 {
			first, rest := halve(parts[0].words)
			parts[0].words = first
			parts = append(parts, part{words: rest})
			last = 1
		}
		parts[0].markup, parts[last].markup = m, keyboard
	}
	return parts
}

// halve parts the last paragraph, else the last line, from the rest. A text of one line stays whole, and a sign takes
// the place of the second half.
func halve(r texts.Rich) (first, rest texts.Rich) {
	plain := r.Plain()
	for _, end := range []string{"\n\n", "\n"} {
		at := strings.LastIndex(plain, end)
		if at <= 0 || strings.TrimSpace(plain[:at]) == "" || strings.TrimSpace(plain[at:]) == "" {
			continue
		}
		return between(r, 0, at).Trim(), between(r, at, len(plain)).Trim()
	}
	return r, texts.Literal(menuAfterKey)
}

// between is the part of r from one byte of its plain text to another.
func between(r texts.Rich, from, to int) texts.Rich {
	var out texts.Rich
	at := 0
	for _, s := range r {
		start, end := max(from-at, 0), min(to-at, len(s.Text))
		at += len(s.Text)
		if start < end {
			s.Text = s.Text[start:end]
			out = append(out, s)
		}
	}
	return out
}

// A message of ours may stand in several of the platform's. Its id then lists all, the one with the buttons last;
// bare media, which have no words to edit, are marked.
const (
	idSeparator = ","
	mediaMark   = "m"
)

type sentPart struct {
	id   int
	bare bool // a picture or file without words
}

func joinIDs(parts []sentPart) string {
	ids := make([]string, len(parts))
	for i, p := range parts {
		ids[i] = strconv.Itoa(p.id)
		if p.bare && len(parts) > 1 {
			ids[i] = mediaMark + ids[i]
		}
	}
	return strings.Join(ids, idSeparator)
}

func splitIDs(s string) ([]sentPart, error) {
	var out []sentPart
	for id := range strings.SplitSeq(s, idSeparator) {
		digits, bare := strings.CutPrefix(id, mediaMark)
		n, err := strconv.Atoi(digits)
		if err != nil || n == 0 {
			return nil, payload(codeGone, "the platform's id of the message is not known")
		}
		out = append(out, sentPart{id: n, bare: bare})
	}
	return out, nil
}

// maxProgress bounds how many half-sent messages are remembered.
const maxProgress = 1024
