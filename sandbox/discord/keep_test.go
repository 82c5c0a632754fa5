package discord_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// TestKeepsInteractions: a restarted look-alike knows the tokens that the bot may still answer by, and the forms that stand
// open in people's apps; what was submitted or has not been answered is over.
func TestKeepsInteractions(t *testing.T) {
	t.Parallel()
	cfg := discord.Config{Dir: t.TempDir(), Limits: unlimited}
	var answered, deferred, silent used
	onStage(t, cfg, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		answered = s.use(w, discord.Channel)
		s.is("answer", s.respond(answered, obj{"type": 4, "data": obj{"content": "at once", "flags": 64}}), 204, 0)
		s.must(<-answered.done)
		deferred = s.use(w, discord.Channel)
		s.is("defer", s.respond(deferred, obj{"type": 5}), 204, 0)
		s.must(<-deferred.done)
		form := obj{"type": 9, "data": obj{"custom_id": "f:1", "title": "Words", "components": []any{obj{"type": 1, "components": []any{
			obj{"type": 4, "custom_id": "text", "label": "Text", "style": 2},
		}}}}}
		for _, submit := range []bool{true, false} {
			u := s.use(w, discord.Channel)
			s.is("open a form", s.respond(u, form), 204, 0)
			s.must(<-u.done)
			if submit {
				sent := s.interaction(w, func() error { return s.l.Submit(s.Context(), "vera", map[string]string{"Text": "one"}) })
				s.is("take it", s.respond(sent, obj{"type": 4, "data": obj{"content": "thanks", "flags": 64}}), 204, 0)
				s.must(<-sent.done)
			}
		}
		silent = s.use(w, discord.Channel)
		<-time.After(4 * time.Second)
		if err := <-silent.done; err == nil {
			s.Error("nobody answered, and it did not fail")
		}
	})
	onStage(t, cfg, func(s *stage) {
		w, _ := s.identify()
		defer w.close()
		s.sees("vera", discord.Channel, "at once", "thinking…", "thanks")
		s.is("edit", s.call("PATCH", s.lent(answered)+"/messages/@original", obj{"content": "later"}), 200, 0)
		s.is("fill", s.call("POST", s.lent(deferred), obj{"content": "thought"}), 200, 0)
		s.is("by the token of what failed", s.call("POST", s.lent(silent), obj{"content": "x"}), 404, 10015)
		s.sees("vera", discord.Channel, "later", "thought", "thanks")
		form, open := s.l.OpenForm("vera")
		if !open || form.Title != "Words" {
			s.Fatalf("the form is gone: %+v", form)
		}
		sent := s.interaction(w, func() error { return s.l.Submit(s.Context(), "vera", map[string]string{"Text": "two"}) })
		s.is("take it", s.respond(sent, obj{"type": 4, "data": obj{"content": "thanks again", "flags": 64}}), 204, 0)
		s.must(<-sent.done)
		if _, open := s.l.OpenForm("vera"); open {
			s.Error("a form that was submitted is open")
		}
		if _, open := s.l.OpenForm(lookalike.NameKey("ayla")); open {
			s.Error("somebody else has it")
		}
	})
	onStage(t, cfg, func(s *stage) {
		s.sees("vera", discord.Channel, "later", "thought", "thanks", "thanks again")
		if _, open := s.l.OpenForm("vera"); open {
			s.Error("a form that was submitted is open again")
		}
		s.after(16 * time.Minute)
		s.is("after a quarter of an hour", s.call("POST", s.lent(answered), obj{"content": "x"}), 401, 50027)
	})
}
