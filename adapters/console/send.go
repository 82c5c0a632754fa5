package console

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

const (
	maxText = 100_000 // characters: no terminal has a limit, but somebody has to read it
	maxSaid = 500     // messages that can still be changed
	noLabel = "…"     // a button without a label can be pressed all the same
)

// choice is a button that can be pressed by its number.
type choice struct{ token, message string }

// said is a message that stands on the terminal.
type said struct{ id, text string }

// A message of ours may stand in several of the terminal's. Its id then lists all, the one with the buttons last.
const idSeparator = ","

var (
	errOtherChat = errors.New("the terminal is another person's")
	errNothing   = errors.New("there is nothing to say")
	errUnknown   = errors.New("the message does not stand on this terminal")
)

// Send implements conversation.Channel.
func (a *Adapter) Send(_ context.Context, s conversation.Sending) (conversation.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.To.Chat != a.person {
		return conversation.Receipt{}, &conversation.SendError{Kind: conversation.PersonUnreachable, Code: "unknown_chat", Err: errOtherChat}
	}
	var ids []string
	var err error
	switch s.Body.Kind {
	case conversation.BodyNew:
		ids, err = a.say(s.Body)
	case conversation.BodyEdit:
		ids, err = a.edit(strings.Split(s.MessageID, idSeparator), s.Body)
	case conversation.BodyDelete:
		err = a.remove(strings.Split(s.MessageID, idSeparator))
	default:
		err = payload("bad_body", errNothing)
	}
	if err != nil {
		return conversation.Receipt{}, err
	}
	return conversation.Receipt{MessageID: strings.Join(ids, idSeparator)}, nil
}

func payload(code string, err error) *conversation.SendError {
	return &conversation.SendError{Kind: conversation.OurPayload, Code: code, Err: err}
}

// split cuts a text between its sentences.
func split(text texts.Rich) (out []string) {
	for _, piece := range texts.Split(text, maxText, utf8.RuneCountInString) {
		out = append(out, piece.Plain())
	}
	return out
}

// say prints a new message: the picture with the first piece of its text, the file and the buttons with the last.
func (a *Adapter) say(b conversation.Body) (ids []string, err error) {
	pieces := split(b.Text)
	if strings.TrimSpace(strings.Join(pieces, "")) == "" {
		if b.Image == nil && b.Document == nil {
			return nil, payload("empty", errNothing)
		}
		pieces = []string{""}
	}
	for i, text := range pieces {
		a.sent++
		m := Message{ID: a.session[:8] + "-" + strconv.Itoa(a.sent), Text: text}
		if i == 0 && b.Image != nil {
			m.Image = place(b.Image)
		}
		if i == len(pieces)-1 {
			if b.Document != nil {
				m.File = b.Document.Name
			}
			m.Buttons = a.number(m.ID, b.Rows)
		}
		if err := a.print(m); err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	return ids, nil
}

// edit prints a message anew. Nothing can be put between messages, so that too long a text ends in the last one; pieces
// that are no longer needed are taken away.
func (a *Adapter) edit(ids []string, b conversation.Body) ([]string, error) {
	for _, id := range ids {
		if !a.stands(id) {
			return nil, payload("message_gone", errUnknown)
		}
	}
	pieces := split(b.Text)
	if b.Text.Empty() {
		pieces = pieces[:0]
		for _, id := range ids {
			pieces = append(pieces, a.textOf(id))
		}
	}
	if over := len(pieces) - len(ids); over > 0 {
		pieces = append(pieces[:len(ids)-1], strings.Join(pieces[len(ids)-1:], " "))
	}
	spare := len(ids) - len(pieces)
	if err := a.remove(ids[:spare]); err != nil {
		return nil, err
	}
	for i, text := range pieces {
		m := Message{ID: ids[spare+i], Text: text, Edited: true}
		a.retire(m.ID)
		if i == len(pieces)-1 {
			m.Buttons = a.number(m.ID, b.Rows)
		}
		if err := a.print(m); err != nil {
			return nil, err
		}
	}
	return ids[spare:], nil
}

// remove takes messages away; one that is gone already counts as taken away.
func (a *Adapter) remove(ids []string) error {
	for _, id := range ids {
		if !a.stands(id) {
			continue
		}
		a.retire(id)
		if err := a.print(Message{ID: id, Deleted: true}); err != nil {
			return err
		}
	}
	return nil
}

// number gives the buttons of a message their numbers: they press what was said last.
func (a *Adapter) number(message string, rows [][]conversation.Button) (out []Choice) {
	if len(rows) > 0 {
		a.choices = a.choices[:0]
	}
	for _, row := range rows {
		for _, b := range row {
			label := strings.TrimSpace(b.Label)
			if label == "" {
				label = noLabel
			}
			a.choices = append(a.choices, choice{token: b.Token, message: message})
			out = append(out, Choice{Number: len(a.choices), Label: label, URL: b.URL, Action: b.Action})
		}
	}
	return out
}

// retire takes the buttons of a message out of use.
func (a *Adapter) retire(message string) {
	for i := range a.choices {
		if a.choices[i].message == message {
			a.choices[i].token = ""
		}
	}
}

func (a *Adapter) stands(id string) bool {
	return slices.ContainsFunc(a.said, func(s said) bool { return s.id == id })
}

func (a *Adapter) textOf(id string) string {
	if i := slices.IndexFunc(a.said, func(s said) bool { return s.id == id }); i >= 0 {
		return a.said[i].text
	}
	return ""
}

// print shows a message and remembers that it stands there.
func (a *Adapter) print(m Message) error {
	if err := a.printer.Print(m); err != nil {
		return &conversation.SendError{Kind: conversation.OurCredentials, Code: "closed", Err: err}
	}
	a.said = slices.DeleteFunc(a.said, func(s said) bool { return s.id == m.ID })
	if !m.Deleted {
		a.said = append(a.said, said{m.ID, m.Text})
	}
	a.said = a.said[max(len(a.said)-maxSaid, 0):]
	return nil
}

// place is where a picture is, for people.
func place(i *conversation.Image) string {
	for _, where := range []string{i.URL, i.Path, i.Name} {
		if where != "" {
			return where
		}
	}
	return "picture"
}
