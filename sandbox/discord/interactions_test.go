package discord_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// used is a command that somebody has used, and that waits for its response.
type used struct {
	id, token string
	done      <-chan error
	event     obj
}

// use has vera use /balance in a place and reads the event from the gateway.
func (s *stage) use(w *wire, in string) used {
	s.Helper()
	s.is("set the commands", s.call("PUT", "applications/"+s.l.BotID()+"/commands", []any{obj{"name": "balance", "description": "x"}}), 200, 0)
	return s.interaction(w, func() error { return s.l.Command(s.Context(), "vera", "/balance", in) })
}

func (s *stage) interaction(w *wire, do func() error) used {
	s.Helper()
	done := inBackground(do)
	all := w.want(0, "INTERACTION_CREATE")
	var event obj
	s.must(json.Unmarshal(all[len(all)-1].D, &event))
	id, _ := event["id"].(string)
	token, _ := event["token"].(string)
	return used{id: id, token: token, done: done, event: event}
}

func (s *stage) respond(u used, body any) answer {
	return s.call("POST", "interactions/"+u.id+"/"+u.token+"/callback", body)
}

func (s *stage) lent(u used) string { return "webhooks/" + s.l.BotID() + "/" + u.token }

func (s *stage) sees(as, in string, want ...string) {
	s.Helper()
	var got []string
	for _, m := range s.l.Chat(as, in) {
		if m.From == "bot" {
			got = append(got, m.Text)
		}
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		s.Errorf("%s reads %q, want %q", as, got, want)
	}
}

// TestThreeSeconds: a first response has three seconds, and there is only one.
func TestThreeSeconds(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		u := s.use(w, "")
		s.is("an answer before a response", s.call("POST", s.lent(u), obj{"content": "x"}), 404, 10015)
		s.after(2900 * time.Millisecond)
		s.is("a response in time", s.respond(u, obj{"type": 5}), 204, 0)
		s.is("a second one", s.respond(u, obj{"type": 5}), 400, 40060)
		s.must(<-u.done)
		late := s.use(w, "")
		s.after(3100 * time.Millisecond)
		s.is("a response too late", s.respond(late, obj{"type": 5}), 404, 10062)
		s.is("an answer by a dead token", s.call("POST", s.lent(late), obj{"content": "x"}), 404, 10015)
		if err := <-late.done; err == nil {
			s.Error("the person does not read that the interaction failed")
		}
	})
}

// TestDeferred: the promise stands in the chat, takes its text, and its readers were settled with it.
func TestDeferred(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		u := s.use(w, discord.Channel)
		s.is("defer", s.respond(u, obj{"type": 5, "data": obj{"flags": 64}}), 204, 0)
		s.sees("vera", discord.Channel, "thinking…")
		flags, _ := s.call("GET", s.lent(u)+"/messages/@original", nil).body["flags"].(float64)
		if int(flags) != 64|128 {
			s.Errorf("the promise has the flags %v", flags)
		}
		filled := s.call("PATCH", s.lent(u)+"/messages/@original", obj{"content": "42"})
		s.is("fill", filled, 200, 0)
		s.sees("vera", discord.Channel, "42")
		s.sees("ayla", discord.Channel)
		id, _ := filled.body["id"].(string)
		place, _ := filled.body["channel_id"].(string)
		s.is("edit it as a message", s.call("PATCH", "channels/"+place+"/messages/"+id, obj{"content": "x"}), 404, 10008)
		s.is("edit it by its token", s.call("PATCH", s.lent(u)+"/messages/"+id, obj{"content": "43"}), 200, 0)
		s.is("follow up for all", s.call("POST", s.lent(u), obj{"content": "public"}), 200, 0)
		s.is("follow up for one", s.call("POST", s.lent(u), obj{"content": "private", "flags": 64}), 200, 0)
		s.sees("vera", discord.Channel, "43", "public", "private")
		s.sees("ayla", discord.Channel, "public")
		other := s.use(w, discord.Channel)
		s.is("defer another", s.respond(other, obj{"type": 5}), 204, 0)
		s.is("edit by another's token", s.call("PATCH", s.lent(other)+"/messages/"+id, obj{"content": "x"}), 404, 10008)
		s.is("the first follow-up fills", s.call("POST", s.lent(other), obj{"content": "filled"}), 200, 0)
		s.is("then there is nothing to fill with nothing", s.call("PATCH", s.lent(other)+"/messages/@original", obj{"content": ""}), 400, 50006)
		s.sees("ayla", discord.Channel, "public", "filled")
		s.after(15*time.Minute + time.Second)
		s.is("after a quarter of an hour", s.call("POST", s.lent(u), obj{"content": "x"}), 401, 50027)
	})
}

// TestComponents: what a press can be answered with, and what not.
func TestComponents(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		s.say("vera", "hello")
		s.call("POST", s.direct("vera"), obj{"content": "Yes?", "components": []any{row(pressable("p", "Yes"))}})
		press := func() used {
			return s.interaction(w, func() error { return s.l.Press(s.Context(), lookalike.Press{As: "vera", Label: "Yes"}) })
		}
		u := press()
		if u.event["user"] == nil || u.event["member"] != nil || u.event["message"] == nil {
			s.Errorf("the event of a press is %v", u.event)
		}
		field := obj{"type": 4, "custom_id": "city", "label": "City", "style": 1}
		for what, form := range map[string]obj{
			"a title of 46":   {"title": strings.Repeat("x", 46), "custom_id": "f", "components": []any{row(field)}},
			"no title":        {"title": "", "custom_id": "f", "components": []any{row(field)}},
			"no field":        {"title": "x", "custom_id": "f", "components": []any{}},
			"six fields":      {"title": "x", "custom_id": "f", "components": many(6, func(int) any { return row(field) })},
			"the field twice": {"title": "x", "custom_id": "f", "components": []any{row(field), row(field)}},
			"a button in it":  {"title": "x", "custom_id": "f", "components": []any{row(pressable("a", "x"))}},
			"two in a row":    {"title": "x", "custom_id": "f", "components": []any{row(field, field)}},
			"a label of 46":   {"title": "x", "custom_id": "f", "components": []any{row(obj{"type": 4, "custom_id": "c", "label": strings.Repeat("x", 46), "style": 1})}},
			"a text too long": {"title": "x", "custom_id": "f", "components": []any{row(obj{"type": 4, "custom_id": "c", "label": "x", "style": 1, "value": "abc", "max_length": 2})}},
		} {
			s.is(what, s.respond(u, obj{"type": 9, "data": form}), 400, 50035)
		}
		s.is("a kind of tomorrow", s.respond(u, obj{"type": 99}), 400, 50035)
		s.is("a form", s.respond(u, obj{"type": 9, "data": obj{"title": "x", "custom_id": "f", "components": []any{row(field)}}}), 204, 0)
		s.must(<-u.done)
		sent := s.interaction(w, func() error { return s.l.Submit(s.Context(), "vera", map[string]string{"City": "Bakı"}) })
		s.is("a form after a form", s.respond(sent, obj{"type": 9, "data": obj{"title": "x", "custom_id": "f", "components": []any{row(field)}}}), 400, 50035)
		s.is("taken note of", s.respond(sent, obj{"type": 6}), 204, 0)
		s.must(<-sent.done)
		again := press()
		s.is("taken note of", s.respond(again, obj{"type": 6}), 204, 0)
		s.is("the pressed message changed", s.call("PATCH", s.lent(again)+"/messages/@original", obj{"content": "Pressed", "components": []any{}}), 200, 0)
		s.must(<-again.done)
		s.sees("vera", "", "Pressed")
		if err := s.l.Press(s.Context(), lookalike.Press{As: "vera", Label: "Yes"}); err == nil {
			s.Error("a button that has gone can be pressed")
		}
		cmd := s.use(w, "")
		s.is("a command is no component", s.respond(cmd, obj{"type": 6}), 400, 50035)
		s.is("answered at once", s.respond(cmd, obj{"type": 4, "data": obj{"content": "42"}}), 204, 0)
		s.must(<-cmd.done)
	})
}

// TestNobodyListens: without a gateway connection a press fails at once.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		s.call("POST", s.direct("vera"), obj{"content": "Yes?", "components": []any{row(pressable("p", "Yes"))}})
		if err := s.l.Press(s.Context(), lookalike.Press{As: "vera", Label: "Yes"}); err == nil {
			s.Error("the press went somewhere")
		}
	})
}
