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
	s.T.Helper()
	id, err := s.DB.FindCustomer(s.T.Context(), "telegram", who)
	if err != nil {
		s.T.Fatal(err)
	}
	err = s.DB.ForCustomer(s.T.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		return tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked"})
	})
	if err != nil {
		s.T.Fatal(err)
	}
}

// beside opens the database beside the program, once.
func (s *shop) beside() *sqlx.DB {
	s.T.Helper()
	if s.raw != nil {
		return s.raw
	}
	driver, source := "postgres", s.URL
	if path, ok := strings.CutPrefix(s.URL, "sqlite://"); ok {
		driver, source = "sqlite", path
	}
	db, err := sqlx.ConnectContext(s.T.Context(), driver, source)
	if err != nil {
		s.T.Fatal(err)
	}
	s.raw = db
	s.T.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.T.Errorf("close: %v", err)
		}
	})
	return db
}

// resolveTickets resolves all, as the desk would.
func (s *shop) resolveTickets() {
	s.T.Helper()
	s.exec(`UPDATE tickets SET state = 'resolved'`)
}

func (s *shop) exec(query string) {
	s.T.Helper()
	if _, err := s.beside().ExecContext(s.T.Context(), query); err != nil {
		s.T.Fatal(err)
	}
}

func (s *shop) count(query string) (n int) {
	s.T.Helper()
	if err := s.beside().GetContext(s.T.Context(), &n, query); err != nil {
		s.T.Fatal(err)
	}
	return n
}

func (s *shop) strings(query string) (list []string) {
	s.T.Helper()
	if err := s.beside().SelectContext(s.T.Context(), &list, query); err != nil {
		s.T.Fatal(err)
	}
	return list
}

// tickets counts those that were opened.
func (s *shop) tickets() int { return int(s.opened.Load()) }

// countTickets begins counting.
func (s *shop) countTickets() {
	s.DB.OnTicket(func(_ context.Context, _ *persistence.Tx, t persistence.Ticket) error {
		if t.Fresh {
			s.opened.Add(1)
		}
		return nil
	})
}
