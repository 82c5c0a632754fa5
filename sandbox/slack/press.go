package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// slashKind is the type of a command's envelope.
const slashKind = "slash_commands"

// chosen is what a person presses: an element of a block, and the option of a select.
type chosen struct {
	block   block
	element element
	option  *option
}

// Press implements lookalike.Platform. Like the app it waits for the acknowledgement, at most 3 s.
func (l *Lookalike) Press(ctx context.Context, press lookalike.Press) error {
	l.mu.Lock()
	a, err := l.press(press)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	_, err = l.await(ctx, a)
	return err
}

func (l *Lookalike) press(press lookalike.Press) (*act, error) {
	if press.In == homePlace {
		return l.pressHome(press)
	}
	p, c, thread, err := l.speaker(press.As, press.In)
	if err != nil {
		return nil, err
	}
	e, what, err := find(c, p, thread, press)
	if err != nil {
		return nil, err
	}
	payload := l.interaction("block_actions", p)
	container := map[string]any{
		"type": "message", "message_ts": e.Message.TS, "channel_id": c.id, "is_ephemeral": e.OnlyFor != "",
	}
	if e.Message.ThreadTS != "" {
		container["thread_ts"] = e.Message.ThreadTS
	}
	if e.OnlyFor == "" {
		payload["message"] = l.withFiles(e)
	}
	payload["container"], payload["channel"] = container, map[string]any{"id": c.id, "name": c.title()}
	if payload["response_url"], err = l.newHook(hook{person: p, channel: c, Message: e.Message.TS, Thread: e.root()}); err != nil {
		return nil, err
	}
	l.addAction(payload, what)
	return l.hand("interactive", payload, false)
}

func (l *Lookalike) pressHome(press lookalike.Press) (*act, error) {
	p, err := l.people.Invent(press.As)
	if err != nil {
		return nil, err
	}
	h := l.homes[p.Name]
	if h == nil || h.View == nil {
		return nil, fmt.Errorf("%s has no home tab: %w", p.Name, lookalike.ErrNotFound)
	}
	what, ok := pick(h.View.Blocks, press.Label)
	if !ok {
		return nil, fmt.Errorf("no button %q: %w", press.Label, lookalike.ErrNotFound)
	}
	payload := l.interaction("block_actions", p)
	payload["container"], payload["view"] = map[string]any{"type": "view", "view_id": h.View.ID}, h.View
	l.addAction(payload, what)
	return l.hand("interactive", payload, false)
}

// addAction puts what was pressed into a payload. Source: docs.slack.dev/reference/interaction-payloads.
func (l *Lookalike) addAction(payload map[string]any, what chosen) {
	action := map[string]any{
		"type": what.element.Type, "action_id": what.element.ActionID, "block_id": what.block.BlockID, "action_ts": l.newTS(),
	}
	state := map[string]any{"type": what.element.Type}
	switch what.element.Type {
	case "button":
		action["text"] = what.element.Text
		if what.element.Value != "" {
			action["value"] = what.element.Value
		}
		if style := what.element.styled(); style != "" {
			action["style"] = style
		}
	case "checkboxes", "multi_static_select":
		action["selected_options"] = []option{*what.option}
		state["selected_options"] = action["selected_options"]
	default:
		action["selected_option"] = what.option
		state["selected_option"] = what.option
		if what.element.Placeholder != nil {
			action["placeholder"] = what.element.Placeholder
		}
	}
	values := map[string]any{}
	if what.option != nil && what.element.Type != "overflow" {
		values[what.block.BlockID] = map[string]any{what.element.ActionID: state}
	}
	payload["actions"], payload["state"] = []any{action}, map[string]any{"values": values}
}

// find is the newest message that has the button: in the place itself, else in a thread of it.
func find(c *channel, p *person, thread string, press lookalike.Press) (*entry, chosen, error) {
	for _, anywhere := range []bool{false, true} {
		for _, e := range slices.Backward(c.entries) {
			if !e.seenBy(p) || press.Message != "" && e.Message.TS != press.Message {
				continue
			}
			if !e.in(thread) && (!anywhere || thread != "") && press.Message == "" {
				continue
			}
			if what, ok := pick(e.Message.Blocks, press.Label); ok && e.By == "bot" {
				return e, what, nil
			}
		}
	}
	return nil, chosen{}, fmt.Errorf("no button %q: %w", press.Label, lookalike.ErrNotFound)
}

// pick finds an element by its whole label, else by a part of it.
func pick(blocks []block, label string) (chosen, bool) {
	if what, ok := pickAs(blocks, label, true); ok {
		return what, true
	}
	return pickAs(blocks, label, false)
}

func pickAs(blocks []block, label string, exact bool) (chosen, bool) {
	label = strings.TrimSpace(label)
	same := func(s string) bool {
		if exact {
			return s == label
		}
		return label != "" && strings.Contains(strings.ToLower(s), strings.ToLower(label))
	}
	for _, b := range blocks {
		elements := b.Elements
		if b.Type == "section" && b.Accessory != nil {
			elements = []element{*b.Accessory}
		} else if b.Type != "actions" {
			continue
		}
		for _, e := range elements {
			if e.Type == "button" && same(e.label()) {
				return chosen{block: b, element: e}, true
			}
			for _, o := range e.choices() {
				if same(o.Text.Text) {
					return chosen{block: b, element: e, option: &o}, true
				}
			}
		}
	}
	return chosen{}, false
}

// Command implements lookalike.Platform. The answer that comes with the acknowledgement is shown.
func (l *Lookalike) Command(ctx context.Context, as, text, in string) error {
	if in == homePlace {
		return l.OpenHome(as)
	}
	if bot, ok := strings.CutPrefix(strings.TrimSpace(text), "/invite @"); ok && strings.EqualFold(bot, l.cfg.Username) {
		return l.invite(as, in)
	}
	l.mu.Lock()
	a, h, err := l.command(as, text, in)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	answer, err := l.await(ctx, a)
	if err != nil {
		return err
	}
	var values map[string]json.RawMessage
	if json.Unmarshal(answer, &values) != nil || len(values) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.respondTo(h, args{values: values}); err != nil {
		return fmt.Errorf("the command's answer: %w: %w", err, lookalike.ErrRefused)
	}
	return nil
}

// invite brings the bot into a channel, as Slack's own command does; the app is told.
func (l *Lookalike) invite(as, in string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, c, _, err := l.speaker(as, in)
	switch {
	case err != nil:
		return err
	case c.owner != nil:
		return fmt.Errorf("nobody can be invited into a private chat: %w", lookalike.ErrRefused)
	case !c.outside:
		return fmt.Errorf("@%s is already in #%s: %w", l.cfg.Username, c.name, lookalike.ErrRefused)
	}
	c.outside = false
	l.changed(c, event())
	return l.emit(map[string]any{
		"type": "member_joined_channel", "user": l.app.user, "channel": c.id, "channel_type": "C", "team": l.app.team, "inviter": p.ID,
	})
}

func (l *Lookalike) command(as, text, in string) (*act, *hook, error) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "/"), " ")
	p, c, thread, err := l.speaker(as, in)
	if err != nil {
		return nil, nil, err
	}
	known := func(one string) bool { return strings.EqualFold(strings.TrimPrefix(one, "/"), name) }
	switch {
	case thread != "":
		return nil, nil, fmt.Errorf("/%s is not supported in threads: %w", name, lookalike.ErrRefused)
	case !slices.ContainsFunc(l.cfg.Commands, known):
		return nil, nil, fmt.Errorf("/%s is not a valid command: %w", name, lookalike.ErrRefused)
	}
	h := hook{person: p, channel: c}
	address, err := l.newHook(h)
	if err != nil {
		return nil, nil, err
	}
	payload := map[string]any{
		"token": "sandbox-verification", "team_id": l.app.team, "team_domain": "sandbox", "channel_id": c.id,
		"channel_name": c.title(), "user_id": p.ID, "user_name": p.Name, "command": "/" + strings.ToLower(name),
		"text": strings.TrimSpace(rest), "api_app_id": l.app.app, "is_enterprise_install": "false",
		"response_url": address, "trigger_id": l.newTrigger(p),
	}
	a, err := l.hand(slashKind, payload, true)
	return a, &h, err
}
