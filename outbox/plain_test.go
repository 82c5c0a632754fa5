package outbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// TestARefusedAnswerGoesOnceMoreAsWords: only what a person waits for, once, in its place before what follows.
func TestARefusedAnswerGoesOnceMoreAsWords(t *testing.T) {
	t.Parallel()
	rich := conversation.Body{Text: texts.Literal("till ten").In(texts.Bold), Rows: [][]conversation.Button{{conversation.Act("Thanks", "s", "v", nil)}}}
	refused := &conversation.SendError{Kind: conversation.OurPayload, Code: "bad_request"}
	for _, c := range []struct {
		name  string
		lane  conversation.Lane
		alter func(*conversation.Outgoing)
		times int // how often the platform refuses
		want  state
		calls int
	}{
		{name: "an answer", times: 1, want: sent, calls: 2},
		{name: "an answer, refused again", times: 9, want: failed, calls: 2},
		{name: "a notice", lane: conversation.LaneNotice, times: 9, want: failed, calls: 1},
		{name: "bulk", lane: conversation.LaneBulk, times: 9, want: failed, calls: 1},
		{name: "to nobody", alter: func(o *conversation.Outgoing) { o.Customer = -1 }, times: 9, want: failed, calls: 1},
		{name: "a reply of staff", alter: func(o *conversation.Outgoing) { o.Report.Kind = "ticket_reply" }, times: 9, want: failed, calls: 1},
		{name: "never twice", alter: func(o *conversation.Outgoing) { o.AfterCrash = conversation.Unknown }, times: 9, want: failed, calls: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var bodies []conversation.Body
				p := &platform{perSecond: 30, answer: func(_ context.Context, s conversation.Sending) error {
					bodies = append(bodies, s.Body)
					if len(bodies) <= c.times {
						return refused
					}
					return nil
				}}
				b := start(t, p, nil)
				o := to("ayla", c.lane)
				o.Body, o.Customer = rich, 7
				if c.alter != nil {
					c.alter(&o)
				}
				id := b.store.add(o)
				b.Nudge()
				pass(5 * time.Second)
				synctest.Wait()
				b.finish(t)
				if got := b.store.get(id); got.state != c.want || len(bodies) != c.calls {
					t.Errorf("%s after %d calls, want %s after %d", got.state, len(bodies), c.want, c.calls)
				}
				if len(bodies[0].Rows) != 1 || bodies[0].Plain {
					t.Errorf("the first call was %+v", bodies[0])
				}
				if len(bodies) > 1 && (bodies[1].Rows != nil || bodies[1].Text.Plain() != "till ten\nThanks" || bodies[1].Text[0].Style != 0) {
					t.Errorf("the second call was %+v", bodies[1])
				}
			})
		})
	}
}

// TestARefusedAnswerKeepsItsPlace: what follows in the same chat waits for the words.
func TestARefusedAnswerKeepsItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		p := &platform{perSecond: 30, answer: func(_ context.Context, s conversation.Sending) error {
			if s.Body.Text.Plain() == "first" && !s.Body.Plain {
				return &conversation.SendError{Kind: conversation.OurPayload}
			}
			said = append(said, s.Body.Text.Plain())
			return nil
		}}
		b := start(t, p, nil)
		for _, words := range []string{"first", "second"} {
			o := to("ayla", conversation.LaneAnswer)
			o.Body.Text = texts.Literal(words)
			b.store.add(o)
		}
		b.Nudge()
		pass(5 * time.Second)
		synctest.Wait()
		b.finish(t)
		if len(said) != 2 || said[0] != "first" {
			t.Errorf("said %q, want first, second", said)
		}
	})
}
