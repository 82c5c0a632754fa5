package persistence

import (
	"context"
	"strings"
	"time"

	"github.com/lib/pq"
)

// listen hears other processes until ctx ends.
func (n *nudges) listen(ctx context.Context, listener *pq.Listener) {
	defer n.ended.Done()
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		if err := listener.Listen(notifyChannel); err != nil && ctx.Err() == nil {
			n.db.log.Warn("nudges of other processes cannot be heard", "error", err.Error())
		}
	}()
	for {
		select {
		case <-ctx.Done():
			if err := listener.Close(); err != nil {
				n.db.log.Debug("the listening connection was not closed well", "error", err.Error())
			}
			<-listening
			return
		case heard, ok := <-listener.Notify:
			switch {
			case !ok:
				return
			case heard == nil: // connected again: nudges may have been lost
				for _, box := range []Box{BoxInbox, BoxOutbox, BoxBulk, BoxLease, BoxAgenda} {
					n.hear(note{box, ""})
				}
			default:
				from, what, _ := strings.Cut(heard.Extra, " ")
				if box, account, ok := strings.Cut(what, ":"); ok && from != n.origin {
					n.hear(note{Box(box), account})
				}
			}
		}
	}
}

// notify tells other processes until ctx ends, all that has come together since the last time at once. What came while
// it told the last of it is told after that.
func (n *nudges) notify(ctx context.Context) {
	defer n.ended.Done()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
		case <-n.wake:
		}
		if err := n.pass(ctx); err != nil {
			n.db.log.Warn("other processes cannot be nudged", "error", err.Error())
		}
	}
}

// pass tells what has come together. What a process says last, that it gives its leases back, is told although ctx is
// over by then.
func (n *nudges) pass(ctx context.Context) error {
	n.mu.Lock()
	payloads := make([]string, 0, len(n.abroad))
	for what := range n.abroad {
		payloads = append(payloads, n.origin+" "+string(what.box)+":"+what.account)
	}
	clear(n.abroad)
	n.mu.Unlock()
	if len(payloads) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notifyTimeout)
	defer cancel()
	_, err := n.db.statements.exec(ctx, `SELECT pg_notify('`+notifyChannel+`', name) FROM unnest(CAST(? AS text[])) AS t (name)`,
		pq.Array(payloads))
	return err
}

// notifyTimeout is how long telling others may take. They look by themselves, too.
const notifyTimeout = 2 * time.Second
