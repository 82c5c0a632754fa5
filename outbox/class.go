package outbox

import "github.com/rapport-chat/rapport/conversation"

// class is what is claimed and settled in one transaction. Bulk has its own: the gate's many questions, and the records
// that each settling writes, would otherwise be waited for by an answer that happens to be claimed beside them.
type class int

const (
	classAnswers class = iota // answers and notices
	classBulk
	classes = 2
)

// classOf is the class of a lane.
func classOf(lane conversation.Lane) class {
	if lane == conversation.LaneBulk {
		return classBulk
	}
	return classAnswers
}

// byClass sorts a batch, in its order.
func byClass(batch []picked) (out [classes][]picked) {
	for _, p := range batch {
		c := classOf(p.Lane)
		out[c] = append(out[c], p)
	}
	return out
}

// bulkHeld is how many of so many messages in flight may be bulk, claimed and not settled: a third is called while the
// third before is being settled, and an answer always finds a place, even when a settling of bulk takes its time.
func bulkHeld(inFlight int) int { return max(1, inFlight*2/3) }

// room is how many messages of each class may be claimed now. That for answers is also the most for both together.
func (t *tenure) room() (room [classes]int) {
	free := max(0, t.cfg.InFlight-len(t.held))
	if t.failures.claim > 0 { // it may be a single row that cannot be claimed
		if t.claiming != [classes]bool{} {
			return room
		}
		free = min(free, 1)
	}
	room[classAnswers] = free
	room[classBulk] = max(0, min(free, bulkHeld(t.cfg.InFlight)-t.heldBulk))
	if open, most := t.pace.bulkRoom(); open < most {
		// A claim of bulk costs much and its messages little: one by one, as calls end, they would cost the most.
		if room[classBulk] = min(room[classBulk], open); 2*room[classBulk] < most {
			room[classBulk] = 0
		}
	}
	for c, busy := range t.claiming {
		if busy {
			room[c] = 0
		}
	}
	return room
}

// keep notes a message that is about to be claimed.
func (t *tenure) keep(p picked) {
	t.held[p.ID] = p
	if classOf(p.Lane) == classBulk {
		t.heldBulk++
	}
}

// letGo forgets a message that was settled, or not claimed after all.
func (t *tenure) letGo(p picked) {
	delete(t.held, p.ID)
	if classOf(p.Lane) == classBulk {
		t.heldBulk--
	}
}

// came takes what a claim or a call led to, for the next settling.
func (t *tenure) came(p picked, v verdict) {
	v.Lane = p.Lane
	c := classOf(p.Lane)
	t.results[c] = append(t.results[c], v)
}

// idle says that nothing is claimed, in flight, or to be settled.
func (t *tenure) idle() bool {
	return len(t.held) == 0 && t.claiming == [classes]bool{} && t.settling == [classes]bool{} &&
		len(t.results[classAnswers])+len(t.results[classBulk]) == 0
}
