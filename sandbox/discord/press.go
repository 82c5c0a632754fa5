package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Press implements lookalike.Platform. Like the app it waits for the bot's first response; without one within 3 s the
// person reads "This interaction failed", which answers ErrRefused here.
func (l *Lookalike) Press(ctx context.Context, press lookalike.Press) error {
	i, err := func() (*interaction, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		p, c, err := l.speaker(press.As, press.In)
		if err != nil {
			return nil, err
		}
		e, b, values, err := find(c, p, press)
		if err != nil {
			return nil, err
		}
		data := map[string]any{"custom_id": b.CustomID, "component_type": b.Type}
		if b.Type == typeSelect {
			data["values"] = values
		}
		i := l.interact(3, p, c, data)
		i.message = e.Message.ID
		return i, l.hand(i, map[string]any{"message": e.Message})
	}()
	if err != nil {
		return err
	}
	return l.respond(ctx, i)
}

// find is the component with that label, or the option of a select, on the newest message that has one. A message's
// whole label goes before a part of one.
func find(c *chat, p *person, press lookalike.Press) (*entry, component, []string, error) {
	label := strings.TrimSpace(press.Label)
	for _, e := range slices.Backward(c.entries) {
		if e.Deleted || e.OnlyFor != "" && e.OnlyFor != p.Name || press.Message != "" && e.Message.ID != press.Message {
			continue
		}
		if b, values, ok := pick(e.Message.Components, label); ok {
			if b.Disabled || b.Style == styleLink {
				return nil, component{}, nil, fmt.Errorf("%q cannot be pressed: %w", label, lookalike.ErrRefused)
			}
			return e, b, values, nil
		}
	}
	return nil, component{}, nil, fmt.Errorf("no button %q: %w", label, lookalike.ErrNotFound)
}

// pick finds a component of one message.
func pick(rows []component, label string) (component, []string, bool) {
	for _, exact := range []bool{true, false} {
		for _, row := range rows {
			for _, b := range row.Components {
				if values, ok := b.answersTo(label, exact); ok {
					return b, values, true
				}
			}
		}
	}
	return component{}, nil, false
}

// answersTo says whether a button has the label, or a select such an option.
func (b component) answersTo(label string, exact bool) ([]string, bool) {
	same := func(s string) bool {
		if exact {
			return s == label
		}
		return label != "" && strings.Contains(strings.ToLower(s), strings.ToLower(label))
	}
	if b.Type == typeButton {
		return nil, same(b.Label)
	}
	for _, o := range b.Options {
		if same(o.Label) {
			return []string{o.Value}, true
		}
	}
	return nil, false
}

// Command implements lookalike.Platform. A command that the bot has not registered is sent as a text, as the app does.
func (l *Lookalike) Command(ctx context.Context, as, text, in string) error {
	text = "/" + strings.TrimPrefix(strings.TrimSpace(text), "/")
	i, err := func() (*interaction, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		p, c, err := l.speaker(as, in)
		if err != nil {
			return nil, err
		}
		name, args, _ := strings.Cut(text[1:], " ")
		cmd, ok := l.commandNamed(name, p.Locale)
		if !ok {
			return nil, nil
		}
		data := map[string]any{"id": cmd.ID, "name": cmd.Name, "type": 1}
		if args = strings.TrimSpace(args); args != "" && len(cmd.Options) > 0 {
			data["options"] = []any{map[string]any{"type": cmd.Options[0].Type, "name": cmd.Options[0].Name, "value": args}}
		}
		used := &entry{Message: l.blank(c, p.user()), By: p.Name, At: l.cfg.Now(), Used: true}
		used.Message.Content = text
		if err := l.keepEntry(c, used); err != nil {
			return nil, err
		}
		l.changed(c, lookalike.Event{})
		i := l.interact(2, p, c, data)
		return i, l.hand(i, nil)
	}()
	if err != nil {
		return err
	}
	if i == nil {
		_, err := l.Say(ctx, lookalike.Say{As: as, Text: text, In: in})
		return err
	}
	return l.respond(ctx, i)
}

// commandNamed finds a command by its name, or by its name in the person's language.
func (l *Lookalike) commandNamed(name, locale string) (command, bool) {
	name = strings.ToLower(name)
	for _, c := range l.commands {
		if c.Name == name || locale != "" && c.NameLocalizations[locale] == name {
			return c, true
		}
	}
	return command{}, false
}

// OpenForm implements lookalike.Platform.
func (l *Lookalike) OpenForm(as string) (lookalike.Form, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.openModal(as)
	if i == nil {
		return lookalike.Form{}, false
	}
	form := lookalike.Form{Title: i.modal.Title}
	for _, f := range i.modal.inputs() {
		form.Fields = append(form.Fields, lookalike.FormField{
			Label: f.Label, Value: f.Value, Placeholder: f.Placeholder, Multiline: f.Style == 2,
		})
	}
	return form, true
}

// openModal is the interaction that has opened the newest modal for the person.
func (l *Lookalike) openModal(as string) *interaction {
	var newest *interaction
	for _, i := range l.interactions {
		if i.modal != nil && i.person.Name == lookalike.NameKey(as) && (newest == nil || i.id > newest.id) {
			newest = i
		}
	}
	return newest
}

// Submit implements lookalike.Platform. A field that is not named keeps what it was filled with. Without a response the
// form stays open, as in the app.
func (l *Lookalike) Submit(ctx context.Context, as string, values map[string]string) error {
	from, i, err := l.submit(as, values)
	if err != nil {
		return err
	}
	if err := l.respond(ctx, i); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	from.modal = nil
	return l.keepLoan(from)
}

func (l *Lookalike) submit(as string, values map[string]string) (from, i *interaction, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from = l.openModal(as); from == nil {
		return nil, nil, fmt.Errorf("no form is open for %s: %w", as, lookalike.ErrNotFound)
	}
	rows, err := from.modal.filled(values)
	if err != nil {
		return nil, nil, err
	}
	i = l.interact(5, from.person, from.chat, map[string]any{"custom_id": from.modal.CustomID, "components": rows})
	i.message = from.message
	more := map[string]any{}
	if e := from.chat.find(from.message); e != nil {
		more["message"] = e.Message
	}
	return from, i, l.hand(i, more)
}

// modal is a form that a bot has opened.
type modal struct {
	CustomID   string      `json:"custom_id"`
	Title      string      `json:"title"`
	Components []component `json:"components"`
}

func (m *modal) inputs() []component {
	var out []component
	for _, row := range m.Components {
		out = append(out, row.Components...)
	}
	return out
}

// filled are the rows of a modal as they are submitted.
func (m *modal) filled(values map[string]string) ([]any, error) {
	labels := map[string]bool{}
	rows := []any{}
	for _, f := range m.inputs() {
		labels[f.Label] = true
		value, ok := values[f.Label]
		if !ok {
			value = f.Value
		}
		n := len([]rune(value))
		if n > f.MaxLength && f.MaxLength > 0 || n < f.MinLength || n == 0 && (f.Required == nil || *f.Required) {
			return nil, fmt.Errorf("%q cannot be filled in like that: %w", f.Label, lookalike.ErrRefused)
		}
		rows = append(rows, map[string]any{"type": typeRow, "components": []any{
			map[string]any{"type": typeTextInput, "custom_id": f.CustomID, "value": value},
		}})
	}
	for label := range values {
		if !labels[label] {
			return nil, fmt.Errorf("the form has no field %q: %w", label, lookalike.ErrNotFound)
		}
	}
	return rows, nil
}

// raw is v as JSON; what the look-alike makes itself always can be.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("discord look-alike: " + err.Error())
	}
	return b
}
