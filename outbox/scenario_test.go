package outbox_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/conversation"
)

// spec is one item of a scenario.
type spec struct {
	chat, lane int
	crash      conversation.CrashRule
	at         time.Duration // when it is written
	late       time.Duration // how long its transaction stays open after its id was taken
	due        time.Duration // NotBefore, counted from at on the business clock; 0 for none
	deferred   time.Duration // what the gate adds at the first claim; 0 for nothing
	edits      bool          // an edit of the item before it
	errs       []conversation.ErrorKind
}

// trouble is something that happens to a process.
type trouble struct {
	at     time.Duration
	worker int
	frozen time.Duration // how long it stands still; 0 for being killed and started again
}

// scenario is everything chance decides.
type scenario struct {
	seed     uint64
	items    []spec
	troubles []trouble
	travel   time.Duration // most of a call's time
	store    time.Duration // most of an operation's time
	faulty   bool          // the store fails now and then
	move     time.Duration // by how much the business clock is moved after 20 s
}

// hash is a number that depends on the scenario and what is asked.
func (s scenario) hash(what ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprint(h, s.seed, what)
	return rand.NewPCG(h.Sum64(), 1).Uint64()
}

// drawScenario draws one.
func drawScenario(t *rapid.T) scenario {
	ms := func(label string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * time.Millisecond
	}
	item := rapid.Custom(func(t *rapid.T) spec {
		s := spec{
			chat: rapid.IntRange(0, 5).Draw(t, "chat"),
			lane: rapid.IntRange(0, 2).Draw(t, "lane"),
			at:   ms("at", 20_000),
		}
		if rapid.Bool().Draw(t, "unknown") {
			s.crash = conversation.Unknown
		}
		switch rapid.IntRange(0, 9).Draw(t, "special") {
		case 0:
			s.late = ms("late", 4000)
		case 1:
			s.due = ms("due", 30_000)
		case 2:
			s.deferred = ms("deferred", 30_000)
		case 3:
			s.edits = true
		case 4, 5:
			s.errs = rapid.SliceOfN(rapid.SampledFrom([]conversation.ErrorKind{
				conversation.Temporary, conversation.PersonGone, conversation.PersonUnreachable,
				conversation.OurPayload, conversation.RateLimited, conversation.OutcomeUnknown,
			}), 1, 4).Draw(t, "errors")
		}
		return s
	})
	return scenario{
		seed:  rapid.Uint64().Draw(t, "seed"),
		items: rapid.SliceOfN(item, 1, 60).Draw(t, "items"),
		troubles: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) trouble {
			tr := trouble{at: ms("at", 25_000), worker: rapid.IntRange(0, 1).Draw(t, "worker")}
			if rapid.Bool().Draw(t, "freeze") {
				tr.frozen = ms("frozen", 20_000)
			}
			return tr
		}), 0, 4).Draw(t, "troubles"),
		travel: ms("travel", 900),
		store:  ms("store", 40),
		faulty: rapid.Bool().Draw(t, "faulty"),
		move:   ms("move", 20_000),
	}
}
