package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// OpenForm implements lookalike.Platform.
func (l *Lookalike) OpenForm(as string) (lookalike.Form, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.topModal(as)
	if v == nil {
		return lookalike.Form{}, false
	}
	form := lookalike.Form{Title: v.Title.Text}
	for _, b := range v.inputs() {
		f := lookalike.FormField{Label: b.Label.Text, Value: b.Element.initial(), Multiline: b.Element.Multiline}
		if b.Element.Placeholder != nil {
			f.Placeholder = b.Element.Placeholder.Text
		}
		if options := b.Element.choices(); len(options) > 0 {
			var labels []string
			for _, o := range options {
				labels = append(labels, o.Text.Text)
			}
			f.Placeholder = strings.Join(labels, " / ")
		}
		form.Fields = append(form.Fields, f)
	}
	return form, true
}

// topModal is the modal that a person sees.
func (l *Lookalike) topModal(as string) *view {
	open := l.modals[lookalike.NameKey(as)]
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}

func (v *view) inputs() []block {
	var out []block
	for _, b := range v.Blocks {
		if b.Type == "input" {
			out = append(out, b)
		}
	}
	return out
}

// initial is what an input was filled with.
func (e element) initial() string {
	if e.InitialOption != nil && e.InitialOption.Text != nil {
		return e.InitialOption.Text.Text
	}
	return e.InitialValue
}

// Submit implements lookalike.Platform. A field that is not named keeps what it was filled with; the app may refuse
// what is in a field, which answers ErrRefused with its words and leaves the form open.
func (l *Lookalike) Submit(ctx context.Context, as string, values map[string]string) error {
	l.mu.Lock()
	v := l.topModal(as)
	if v == nil {
		l.mu.Unlock()
		return fmt.Errorf("no form is open for %s: %w", as, lookalike.ErrNotFound)
	}
	p := l.people.Find(as)
	a, err := l.submit(p, v, values)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	answer, err := l.await(ctx, a)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.submitted(p, v, answer)
}

func (l *Lookalike) submit(p *person, v *view, values map[string]string) (*act, error) {
	state, err := v.filled(l, values)
	if err != nil {
		return nil, err
	}
	sent := *v
	sent.State = map[string]any{"values": state}
	payload := l.interaction("view_submission", p)
	payload["view"], payload["response_urls"] = sent, []any{}
	return l.hand("interactive", payload, true)
}

// submitted does what the acknowledgement of a form says. Source: docs.slack.dev/surfaces/modals#response_actions.
func (l *Lookalike) submitted(p *person, v *view, answer json.RawMessage) error {
	var in struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(answer) > 0 && json.Unmarshal(answer, &in) != nil {
		return fmt.Errorf("the app's answer to the form is broken: %w", lookalike.ErrRefused)
	}
	defer l.hub.Publish(lookalike.Event{Platform: l.Name(), Person: p.Name})
	switch in.Action {
	case "errors":
		var words []string
		for _, b := range sortedKeys(in.Errors) {
			words = append(words, in.Errors[b])
		}
		return fmt.Errorf("the form is not accepted: %s: %w", strings.Join(words, "; "), lookalike.ErrRefused)
	case "clear":
		l.forgetModals(p.Name, 0)
	case "update", "push":
		next, err := l.readView(in.View, "modal")
		if err != nil {
			return fmt.Errorf("the app's answer to the form: %w: %w", err, lookalike.ErrRefused)
		}
		if in.Action == "push" {
			l.show(p, next, v)
		} else {
			l.become(v, next)
		}
	default:
		open := l.modals[p.Name]
		for i, one := range open {
			if one == v {
				l.forgetModals(p.Name, i)
				break
			}
		}
	}
	return l.keepModals(p.Name)
}

// filled are the values of a form by block and action.
func (v *view) filled(l *Lookalike, values map[string]string) (map[string]any, error) {
	labels, state := map[string]bool{}, map[string]any{}
	for _, b := range v.inputs() {
		labels[b.Label.Text] = true
		value, given := values[b.Label.Text]
		if !given {
			value = b.Element.initial()
		}
		in, err := l.input(b, value)
		if err != nil {
			return nil, err
		}
		state[b.BlockID] = map[string]any{b.Element.ActionID: in}
	}
	for label := range values {
		if !labels[label] {
			return nil, fmt.Errorf("the form has no field %q: %w", label, lookalike.ErrNotFound)
		}
	}
	return state, nil
}

// input is one field of a form as it is sent.
func (l *Lookalike) input(b block, value string) (map[string]any, error) {
	e := b.Element
	refused := fmt.Errorf("%q cannot be filled in like that: %w", b.Label.Text, lookalike.ErrRefused)
	n := utf8.RuneCountInString(value)
	if n == 0 && !b.Optional || n > 0 && n < e.MinLength || n > maxInputLetters || e.MaxLength != nil && n > *e.MaxLength {
		return nil, refused
	}
	out := map[string]any{"type": e.Type}
	if e.Type == "users_select" {
		out["selected_user"] = nil
		if p := l.people.Find(value); p != nil {
			out["selected_user"] = p.ID
		} else if n > 0 {
			return nil, refused
		}
		return out, nil
	}
	if !chooses[e.Type] {
		out["value"] = nil
		if n > 0 {
			out["value"] = value
		}
		return out, nil
	}
	many := e.Type == "checkboxes" || e.Type == "multi_static_select"
	if many {
		out["selected_options"] = []option{}
	} else {
		out["selected_option"] = nil
	}
	if n == 0 {
		return out, nil
	}
	for _, o := range e.choices() {
		if o.Text.Text != value {
			continue
		}
		if many {
			out["selected_options"] = []option{o}
		} else {
			out["selected_option"] = o
		}
		return out, nil
	}
	return nil, refused
}

// Dismiss closes the modal that is open for a person; an app that asked for it is told with view_closed.
func (l *Lookalike) Dismiss(ctx context.Context, as string) error {
	l.mu.Lock()
	v, p := l.topModal(as), l.people.Find(as)
	if v == nil {
		l.mu.Unlock()
		return fmt.Errorf("no form is open for %s: %w", as, lookalike.ErrNotFound)
	}
	l.forgetModals(p.Name, len(l.modals[p.Name])-1)
	if err := l.keepModals(p.Name); err != nil || !v.NotifyOnClose {
		l.mu.Unlock()
		return err
	}
	payload := l.interaction("view_closed", p)
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = v, false
	a, err := l.hand("interactive", payload, false)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = l.await(ctx, a)
	return err
}
