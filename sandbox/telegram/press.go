package telegram

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Press implements lookalike.Platform. It looks at the newest message with an inline keyboard first, then at the keys
// under the input, then at older messages. A press on a link opens it, which the bot does not notice.
func (l *Lookalike) Press(_ context.Context, press lookalike.Press) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, c, err := l.speaker(press.As, press.In)
	if err != nil {
		return err
	}
	if press.Message != "" {
		e := c.find(messageID(press.Message))
		if e == nil {
			return fmt.Errorf("message %s: %w", press.Message, lookalike.ErrNotFound)
		}
		if b, ok := buttonOn(e, press.Label); ok {
			return l.tap(p, c, e, b)
		}
		if k, ok := keyOn(e.Menu, press.Label); ok && c.owner != nil {
			return l.tapKey(p, c, k)
		}
		return fmt.Errorf("button %q on message %s: %w", press.Label, press.Message, lookalike.ErrNotFound)
	}
	key, onMenu := keyOn(c.menu, press.Label)
	newest := true
	for _, e := range slices.Backward(c.entries) {
		if e.Deleted || e.Message.ReplyMarkup == nil {
			continue
		}
		if !newest && onMenu {
			break
		}
		if b, ok := buttonOn(e, press.Label); ok {
			return l.tap(p, c, e, b)
		}
		newest = false
	}
	if onMenu {
		return l.tapKey(p, c, key)
	}
	return fmt.Errorf("button %q: %w", press.Label, lookalike.ErrNotFound)
}

// tap presses an inline button.
func (l *Lookalike) tap(p *person, c *chat, e *entry, b inlineButton) error {
	switch {
	case b.CallbackData != "":
		return l.press(p, c, e.Message, b.CallbackData)
	case b.SwitchInline != nil, b.SwitchCurrent != nil:
		return fmt.Errorf("the sandbox has no inline queries: %w", lookalike.ErrUnsupported)
	}
	return nil
}

// tapKey presses a key under the input, which sends its text, or the contact or place that it asks for.
func (l *Lookalike) tapKey(p *person, c *chat, k menuKey) error {
	s := lookalike.Say{As: p.Name, Text: k.Text}
	switch {
	case k.RequestContact:
		s.Attach = lookalike.Contact
	case k.RequestLocation:
		s.Attach = lookalike.Location
	}
	list, err := l.typed(p, s)
	if err != nil {
		return err
	}
	_, err = l.say(p, c, list...)
	return err
}

// matches are the ways in which a label can be meant, the closest first.
var matches = []func(have, want string) bool{
	func(have, want string) bool { return have == want },
	strings.Contains,
	func(have, want string) bool { return strings.Contains(strings.ToLower(have), strings.ToLower(want)) },
}

func buttonOn(e *entry, label string) (inlineButton, bool) {
	label = strings.TrimSpace(label)
	if e.Message.ReplyMarkup == nil || label == "" {
		return inlineButton{}, false
	}
	for _, match := range matches {
		for _, row := range e.Message.ReplyMarkup.Keyboard {
			for _, b := range row {
				if match(b.Text, label) {
					return b, true
				}
			}
		}
	}
	return inlineButton{}, false
}

func keyOn(menu [][]menuKey, label string) (menuKey, bool) {
	label = strings.TrimSpace(label)
	if label == "" {
		return menuKey{}, false
	}
	for _, match := range matches {
		for _, row := range menu {
			for _, k := range row {
				if match(k.Text, label) {
					return k, true
				}
			}
		}
	}
	return menuKey{}, false
}
