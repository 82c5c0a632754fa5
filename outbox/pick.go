package outbox

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// picked is a message that may be claimed and sent now.
type picked struct {
	*ref
	slot *Slot
}

// lanes is how many lanes there are.
const lanes = int(conversation.LaneBulk) + 1

// The orders in which the lanes are asked.
var (
	answersFirst = []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk}
	bulkFirst    = []conversation.Lane{conversation.LaneBulk, conversation.LaneAnswer, conversation.LaneNotice}
)

// pick takes messages that may be sent at once, of each class as many as there is room for, and says on the real clock
// when there may be more; zero when only an event can bring more. The room for answers is that for all together.
func (p *plan) pick(now time.Time, pace *Pace, room [classes]int) (out []picked, wake time.Time) {
	most := max(room[classAnswers], room[classBulk])
	var taken [classes]int
	order := answersFirst
	if pace.BulkFirst(now) {
		order = bulkFirst
	}
	for _, id := range order {
		l, c := p.lanes[id], classOf(id)
		for len(out) < most && taken[c] < room[c] && len(l.ready.lines) > 0 {
			ok, at := pace.Room(now, id)
			if !ok {
				wake = sooner(wake, at)
				break
			}
			n := l.ready.lines[0]
			if ok, at := pace.Chat(now, n.chat); !ok {
				p.keepBack(n, at)
				continue
			}
			n.leave()
			out = append(out, picked{n.take(), pace.Reserve(now, id, n.chat)})
			taken[c]++
			if id == conversation.LaneBulk && &order[0] == &bulkFirst[0] {
				break // one, and the answers have their turn
			}
		}
		if len(l.delayed.lines) > 0 {
			wake = sooner(wake, l.delayed.lines[0].at)
		}
	}
	return out, wake
}

// keepBack lets a line wait for its chat.
func (p *plan) keepBack(n *line, at time.Time) {
	if at.IsZero() {
		n.leave()
		p.parked[n.chat] = append(p.parked[n.chat], n)
		n.parked = true
		return
	}
	n.wait(at)
}

// freed says that the chat's call has ended.
func (p *plan) freed(chat string, now time.Time) {
	lines := p.parked[chat]
	delete(p.parked, chat)
	for _, n := range lines {
		n.parked = false
		n.place(now)
	}
}

// take claims the line's head.
func (n *line) take() *ref {
	r := n.refs[0]
	n.refs[0] = nil
	n.refs = n.refs[1:]
	n.claimed, r.claimed = r, true
	n.lane.queued--
	return r
}

// gone says that a claimed ref needs no more: it was settled for good, or the store keeps it back. In the second case
// its row is looked at again.
func (p *plan) gone(r *ref, again bool, now time.Time) {
	n := r.line
	l := n.lane
	if again {
		l.recheckFrom(r.ID)
	}
	n.claimed, r.claimed = nil, false
	delete(p.waiting, r.of)
	delete(l.known, r.ID)
	l.settled[r.ID] = p.reads
	n.place(now)
}

// back says that a claimed ref is pending again, from at on. aside lets later ones of its line pass.
func (p *plan) back(r *ref, at time.Time, aside bool, now time.Time) {
	l := r.line.lane
	of := p.waiting[r.of]
	p.gone(r, false, now)
	if r.ID > l.cursor {
		return // the lane was rewound meanwhile: it will be read again in its turn
	}
	delete(l.settled, r.ID)
	r.RetryAt, r.changed = at, p.reads
	if aside {
		r.waits++
		p.waiting[r.of] = of
	}
	l.enqueue(r, now)
}

// awaits notes that a claimed edit or deletion waits for its target.
func (p *plan) awaits(r *ref, target conversation.OutgoingID) {
	r.of = target
	if !slices.Contains(p.waiting[target], r) {
		p.waiting[target] = append(p.waiting[target], r)
	}
}

// targetSent lets the edits and deletions of a message that has just been sent try again at once.
func (p *plan) targetSent(id conversation.OutgoingID, now time.Time) {
	for _, r := range p.waiting[id] {
		if n := r.line; n != nil && !r.claimed && r.RetryAt.After(now) {
			r.RetryAt = now
			n.place(now)
		}
	}
	delete(p.waiting, id)
}

// lineHeap is a heap of lines that know their place in it.
type lineHeap struct {
	lines []*line
	less  func(a, b *line) bool
}

func (h *lineHeap) Len() int           { return len(h.lines) }
func (h *lineHeap) Less(i, j int) bool { return h.less(h.lines[i], h.lines[j]) }
func (h *lineHeap) Swap(i, j int) {
	h.lines[i], h.lines[j] = h.lines[j], h.lines[i]
	h.lines[i].pos, h.lines[j].pos = i, j
}

// Push implements heap.Interface.
func (h *lineHeap) Push(x any) {
	n := x.(*line)
	n.pos = len(h.lines)
	h.lines = append(h.lines, n)
}

// Pop implements heap.Interface.
func (h *lineHeap) Pop() any {
	last := len(h.lines) - 1
	n := h.lines[last]
	h.lines[last] = nil
	h.lines = h.lines[:last]
	return n
}

// dueHeap is a heap of refs by when they are due on the business clock.
type dueHeap []*ref

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return compareDue(h[i], h[j]) < 0 }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(*ref)) }

// Pop implements heap.Interface.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return r
}

var _, _ heap.Interface = (*lineHeap)(nil), (*dueHeap)(nil)

// compareDue orders by due time and then by id.
func compareDue(a, b *ref) int {
	return cmp.Or(a.NotBefore.Compare(b.NotBefore), cmp.Compare(a.ID, b.ID))
}

// sooner is the earlier of two times, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
