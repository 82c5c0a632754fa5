package persistence

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Look is what there is to erase of a person.
type Look struct {
	Customer conversation.CustomerID // the number that stays
	Channels []string                // on which the person writes
	Before   time.Time               // erased before, then; zero: never
	Asked    bool                    // an unresolved ticket asks for it
	Parts    []Part                  // without those of which there is nothing
	traces   traces
}

// Part is one kind of data of which something is erased.
type Part struct {
	Name string `json:"name"`
	Rows int    `json:"rows"`
}

// LookForErasure looks for everything that is to be erased of a person, given by any linked record, without writing.
// conversation.ErrNotFound for nobody.
func (db *DB) LookForErasure(ctx context.Context, who conversation.CustomerID) (Look, error) {
	var l Look
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		root, err := rootOf(ctx, &r.statements, who)
		if err != nil {
			return err
		}
		p, err := r.erasable(ctx, root)
		if err != nil {
			return err
		}
		l = Look{Customer: root, Before: instant(p.forgotten)}
		if l.traces, err = findTraces(ctx, &r.statements, p, traceMarks{}); err != nil {
			return err
		}
		return r.count(ctx, p, &l)
	})
	if err != nil {
		return l, fmt.Errorf("look what is to be erased of %d: %w", who, err)
	}
	return l, nil
}

// countedTables are those that are not erased by wipedTables.
var countedTables = []wiped{
	{name: "messages received", table: "inbox", column: "customer_id"},
	{name: "messages sent", table: "outbox", column: "customer_id"},
	{name: "answers to surveys", table: "survey_responses", column: "customer_id"},
}

// count fills in how much there is of each kind.
func (s *statements) count(ctx context.Context, p *erasable, l *Look) error {
	who := ids(s.d, p.records)
	if err := s.list(ctx, &l.Channels, `SELECT DISTINCT channel FROM identities WHERE user_id NOT LIKE 'forgotten:%' AND `+s.d.in("customer_id")+` ORDER BY channel`, who); err != nil {
		return err
	}
	err := s.get(ctx, &l.Asked, `SELECT CASE WHEN EXISTS (SELECT 1 FROM tickets WHERE state <> 'resolved' AND reason = '`+conversation.ReasonPrivacy+`' AND `+
		s.d.in("customer_id")+`) THEN 1 ELSE 0 END`, who)
	if err != nil {
		return err
	}
	for _, w := range append(countedTables[:len(countedTables):len(countedTables)], wipedTables...) {
		if w.name == "" {
			continue
		}
		var n int
		if err := s.get(ctx, &n, `SELECT count(*) FROM `+w.table+` WHERE `+s.d.in(w.column), who); err != nil {
			return err
		}
		if n > 0 {
			l.Parts = append(l.Parts, Part{w.name, n})
		}
	}
	if n := len(l.traces.inbox) + len(l.traces.outbox) + len(l.traces.redacted); n > 0 {
		l.Parts = append(l.Parts, Part{"messages among staff", n})
	}
	return nil
}

// ErrBadCustomer is the answer of FindByName to what is neither a number nor an account on a channel.
var ErrBadCustomer = errors.New("a customer is named by number, #ticket or channel:user-id")

// FindByName finds a person as operators name them: the number that "my data" tells, the number of a ticket with its
// sign, or channel:user-id. conversation.ErrNotFound for nobody.
func (db *DB) FindByName(ctx context.Context, name string) (conversation.CustomerID, error) {
	name = strings.TrimSpace(name)
	if channel, user, ok := strings.Cut(name, ":"); ok && channel != "" && user != "" {
		return db.FindCustomer(ctx, channel, user)
	}
	query := `SELECT id FROM customers WHERE id = ?`
	number, isTicket := strings.CutPrefix(name, "#")
	if isTicket {
		query = `SELECT customer_id FROM tickets WHERE id = ? AND customer_id IS NOT NULL`
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id <= 0 {
		return 0, ErrBadCustomer
	}
	var found int64
	if err := db.statements.get(ctx, &found, query, id); err != nil {
		return 0, fmt.Errorf("find %s: %w", name, err)
	}
	return conversation.CustomerID(found), nil
}
