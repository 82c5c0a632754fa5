package survey_test

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the test changes the database beside the program
	_ "modernc.org/sqlite"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
)

// openTicket opens one for a person.
func (s *shop) openTicket(who string) {
	s.t.Helper()
	id, err := s.db.FindCustomer(s.t.Context(), "telegram", who)
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.db.ForCustomer(s.t.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		return tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked"})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// beside opens the database beside the program, once.
func (s *shop) beside() *sqlx.DB {
	s.t.Helper()
	if s.raw != nil {
		return s.raw
	}
	driver, source := "postgres", s.url
	if path, ok := strings.CutPrefix(s.url, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sqlx.ConnectContext(s.t.Context(), driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	s.raw = db
	s.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.t.Errorf("close: %v", err)
		}
	})
	return db
}

// resolveTickets resolves all, as the desk would.
func (s *shop) resolveTickets() {
	s.t.Helper()
	s.exec(`UPDATE tickets SET state = 'resolved'`)
}

func (s *shop) exec(query string) {
	s.t.Helper()
	if _, err := s.beside().ExecContext(s.t.Context(), query); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) count(query string) (n int) {
	s.t.Helper()
	if err := s.beside().GetContext(s.t.Context(), &n, query); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *shop) strings(query string) (list []string) {
	s.t.Helper()
	if err := s.beside().SelectContext(s.t.Context(), &list, query); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// tickets counts those that were opened.
func (s *shop) tickets() int { return int(s.opened.Load()) }

// countTickets begins counting.
func (s *shop) countTickets() {
	s.db.OnTicket(func(_ context.Context, _ *persistence.Tx, t persistence.Ticket) error {
		if t.Fresh {
			s.opened.Add(1)
		}
		return nil
	})
}
