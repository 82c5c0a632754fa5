package conversation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// memory is a strict store in memory: what the database promises, without the database.
type memory struct {
	mu       sync.Mutex
	rows     []*row
	states   map[string]conversation.State
	people   map[conversation.CustomerID]conversation.Person
	buttons  map[string]conversation.Pressed
	sent     []conversation.Outgoing
	sentAt   time.Time // business clock, of the newest
	tickets  []conversation.Handoff
	settleAs func(t conversation.Turn) error // a fault to answer instead
	settled  chan struct{}
}

type row struct {
	in     conversation.Inbound
	done   bool
	parked string
}

func newMemory() *memory {
	return &memory{
		states: map[string]conversation.State{}, people: map[conversation.CustomerID]conversation.Person{},
		buttons: map[string]conversation.Pressed{}, settled: make(chan struct{}, 10_000),
	}
}

func (m *memory) Accept(_ context.Context, ins ...conversation.Inbound) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := 0
next:
	for _, in := range ins {
		for _, r := range m.rows {
			if r.in.Account == in.Account && r.in.EventID == in.EventID {
				continue next
			}
		}
		in.ID = int64(len(m.rows) + 1)
		in.Customer = 1
		m.rows = append(m.rows, &row{in: in})
		fresh++
	}
	return fresh, nil
}

func (m *memory) Unsettled(_ context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []conversation.Inbound
	for _, r := range m.rows {
		if !r.done && r.in.ID > after && len(out) < limit {
			out = append(out, r.in)
		}
	}
	return out, nil
}

func (m *memory) Load(_ context.Context, in conversation.Inbound) (conversation.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.states[in.Chat]
	st.Person = m.people[in.Customer]
	st.Person.ID, st.Person.Root = in.Customer, in.Customer
	return st, nil
}

func (m *memory) FindButton(_ context.Context, _ conversation.Address, token string) (conversation.Pressed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.buttons[token]; ok {
		return p, nil
	}
	return conversation.Pressed{}, conversation.ErrNotFound
}

func (m *memory) LastAsked(context.Context, conversation.Address, conversation.CustomerID) (conversation.Asked, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sent) == 0 || len(m.sent[len(m.sent)-1].Body.Rows) == 0 {
		return conversation.Asked{}, conversation.ErrNotFound
	}
	o := m.sent[len(m.sent)-1]
	return conversation.Asked{ID: conversation.OutgoingID(len(m.sent)), Body: o.Body, SentAt: m.sentAt}, nil
}

func (m *memory) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.settleAs != nil {
		if err := m.settleAs(t); err != nil {
			return err
		}
	}
	if m.states[t.In.Chat].Dialogue.Version != t.Dialogue.Version {
		return conversation.ErrConflict
	}
	for _, p := range t.Parts {
		if m.rows[p.ID-1].done {
			return conversation.ErrSettled
		}
	}
	tx := &memoryTx{m: m, turn: t}
	d := t.Dialogue
	if c != nil {
		var err error
		if d, err = c(ctx, tx); err != nil {
			return err
		}
	}
	d.Version = t.Dialogue.Version + 1
	st := m.states[t.In.Chat]
	st.Dialogue = d
	m.states[t.In.Chat] = st
	if len(tx.sent) > 0 {
		m.sent, m.sentAt = append(m.sent, tx.sent...), t.Now
	}
	m.tickets = append(m.tickets, tx.tickets...)
	if tx.person != nil {
		m.people[t.In.Customer] = *tx.person
	}
	for _, p := range t.Parts {
		m.rows[p.ID-1].done, m.rows[p.ID-1].parked = true, t.Park
		m.settled <- struct{}{}
	}
	return nil
}

func (m *memory) Failed(_ context.Context, in conversation.Inbound, _ string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[in.ID-1].in.Attempts++
	return m.rows[in.ID-1].in.Attempts, nil
}

// said is everything that was sent, a line each.
func (m *memory) said() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := make([]string, len(m.sent))
	for i, o := range m.sent {
		lines[i] = o.Body.Text.Plain()
	}
	return strings.Join(lines, "\n")
}

type memoryTx struct {
	m       *memory
	turn    conversation.Turn
	sent    []conversation.Outgoing
	tickets []conversation.Handoff
	person  *conversation.Person
}

func (x *memoryTx) Send(_ context.Context, o conversation.Outgoing) (conversation.OutgoingID, error) {
	if o.Body.Text.Empty() && o.Body.Kind == conversation.BodyNew {
		return 0, errors.New("an empty message")
	}
	x.sent = append(x.sent, o)
	for i, r := range o.Body.Rows {
		for j, b := range r {
			x.m.buttons[fmt.Sprintf("%s/%d/%d", b.Label, i, j)] = conversation.Pressed{Action: b.Action}
		}
	}
	return conversation.OutgoingID(len(x.m.sent) + len(x.sent)), nil
}

func (x *memoryTx) OpenTicket(_ context.Context, h conversation.Handoff) error {
	x.tickets = append(x.tickets, h)
	return nil
}

func (x *memoryTx) Attended(context.Context) (bool, error) {
	return len(x.tickets)+len(x.m.tickets) > 0, nil
}

func (x *memoryTx) SavePerson(_ context.Context, p conversation.Person) error {
	x.person = &p
	return nil
}

func (x *memoryTx) RecordConsent(context.Context, conversation.Consent) error { return nil }
