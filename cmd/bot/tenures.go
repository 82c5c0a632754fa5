package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
)

// Several processes may run on one PostgreSQL. Of each bot account one has the lease: it receives, takes the turns and
// sends. The others stand by; what a platform hands them over HTTP they keep, and nudge the holder.

// agendaLease is the lease under which due times are run; accounts have a colon in their names.
const agendaLease = "agenda"

// processName names this start of this process in leases.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%d", host, os.Getpid(), time.Now().UnixNano())
}

// tenures are the leases that this process has on accounts.
type tenures struct {
	mu      sync.Mutex
	under   map[string]context.Context // by account; each ends with its lease
	changed chan struct{}              // closed and replaced when an account is taken
}

func newTenures() *tenures {
	return &tenures{under: map[string]context.Context{}, changed: make(chan struct{})}
}

// take notes that the account is this process's until ctx ends.
func (t *tenures) take(ctx context.Context, account string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.under[account] = ctx
	close(t.changed)
	t.changed = make(chan struct{})
}

// await waits until the account is this process's. Its error is ctx's.
func (t *tenures) await(ctx context.Context, account string) (tenure context.Context, err error) {
	for {
		t.mu.Lock()
		tenure, changed := t.under[account], t.changed
		t.mu.Unlock()
		if tenure != nil && tenure.Err() == nil {
			return tenure, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// holds says whether the account is this process's at this moment.
func (s *service) holds(account string) bool {
	s.mu.Lock()
	w := s.workers[account]
	s.mu.Unlock()
	return w != nil && w.Holds()
}

// heldAccounts are the accounts that are this process's at this moment.
func (s *service) heldAccounts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var held []string
	for account, w := range s.workers {
		if w.Holds() {
			held = append(held, account)
		}
	}
	return held
}

// taken is called when an account has become this process's: what others received and did not answer is there to be
// answered, and what they learned to be known.
func (s *service) taken(ctx context.Context, account string) {
	s.tenures.take(ctx, account)
	s.engine.Reread()
	s.learner.refresh()
}

// role says what this process does for a channel: "ok" when it runs its account, "standby" when another does,
// "connecting" before the platform has answered. The caller has locked s.mu.
func (s *service) role(channel string) string {
	w := s.workers[s.accounts[channel]]
	switch {
	case w == nil:
		return "connecting"
	case w.Holds():
		return "ok"
	}
	return "standby"
}

// heldInbox is the inbox as far as this process runs its accounts. That two processes never settle one event is not
// its doing, since either may have stood still after it looked: it is the version of the conversation and the state of
// the event, which every turn checks in its transaction. This keeps a process from deciding what another decides.
type heldInbox struct {
	*persistence.Conversations
	service *service
}

var _ conversation.Store = heldInbox{}

// Unsettled implements conversation.Store.
func (h heldInbox) Unsettled(ctx context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	return h.UnsettledOf(ctx, h.service.heldAccounts(), after, limit)
}

// Load implements conversation.Store.
func (h heldInbox) Load(ctx context.Context, in conversation.Inbound) (conversation.State, error) {
	if !h.service.holds(in.Account) {
		return conversation.State{}, conversation.ErrElsewhere
	}
	return h.Conversations.Load(ctx, in)
}

// Settle implements conversation.Store.
func (h heldInbox) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	if !h.service.holds(t.In.Account) {
		return conversation.ErrElsewhere
	}
	return h.Conversations.Settle(ctx, t, c)
}

// Failed implements conversation.Store.
func (h heldInbox) Failed(ctx context.Context, in conversation.Inbound, cause string) (int, error) {
	if !h.service.holds(in.Account) {
		return 0, conversation.ErrElsewhere
	}
	return h.Conversations.Failed(ctx, in, cause)
}
