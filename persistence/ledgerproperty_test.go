package persistence_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/persistence"
)

// TestLedgerBooksBalance does whatever can be done to ledgers, in any order, with repeats, and wants the books to
// balance after every step.
func TestLedgerBooksBalance(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		people, programme := 0, newProgramme(t, db, programmeYAML)
		rapid.Check(t, func(rt *rapid.T) {
			if people++; people > ledgerRuns && !asked("rapid.checks") {
				return
			}
			m := &ledgerMachine{t: t, db: db, now: noon, programme: programme}
			for _, name := range []string{"a", "b"} {
				m.who = append(m.who, customer(t, db, fmt.Sprintf("%s%d", name, people)))
			}
			rt.Repeat(map[string]func(*rapid.T){
				"earn": m.earn, "redeem": m.redeem, "reverse": m.reverse, "lapse": m.lapse, "order": m.order, "return": m.giveBack,
				"replay": m.replay, "link": m.link, "correct": m.correct, "": m.check,
			})
		})
	})
}

// ledgerRuns is how many random lives are led unless -rapid.checks says otherwise: each is some hundred transactions.
const ledgerRuns = 15

// asked reports whether a flag was given.
func asked(name string) (given bool) {
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// ledgerMachine is two people's ledgers and what was done to them.
type ledgerMachine struct {
	t       *testing.T
	db      *persistence.DB
	who     []conversation.CustomerID
	now     time.Time
	n       int
	linked  bool
	acts    []func(rt *rapid.T) // each answers what it answered first, or fails
	entries []int64
	orders  []loyalty.Order

	programme *loyalty.Programme
}

func (m *ledgerMachine) key() string { m.n++; return fmt.Sprintf("%d-%d", m.who[0], m.n) }

func (m *ledgerMachine) anyone(rt *rapid.T) conversation.CustomerID {
	return rapid.SampledFrom(m.who).Draw(rt, "who")
}

func (m *ledgerMachine) lot(rt *rapid.T) loyalty.Lot {
	var l loyalty.Lot
	if rapid.Bool().Draw(rt, "held") {
		l.AvailableAt = m.now.Add(24 * time.Hour)
	}
	if days := rapid.IntRange(0, 5).Draw(rt, "days"); days > 0 {
		l.ExpiresAt = m.now.Add(time.Duration(days) * 24 * time.Hour)
	}
	return l
}

// do runs fn in the books of a person, remembers it for a replay when it went through, and passes refusals.
func (m *ledgerMachine) do(rt *rapid.T, who conversation.CustomerID, fn func(ctx context.Context, b loyalty.Books) (loyalty.Posted, error)) {
	run := func() (p loyalty.Posted, err error) {
		err = books(m.t, m.db, who, func(ctx context.Context, b loyalty.Books) error {
			p, err = fn(ctx, b)
			return err
		})
		return p, err
	}
	p, err := run()
	switch {
	case errors.Is(err, loyalty.ErrInsufficientPoints), errors.Is(err, loyalty.ErrReversed):
		return
	case err != nil:
		rt.Fatalf("%v", err)
	case !p.Fresh:
		rt.Fatalf("a first posting was not fresh: %+v", p)
	}
	m.entries = append(m.entries, p.ID)
	m.acts = append(m.acts, func(rt *rapid.T) {
		again, err := run()
		if err != nil || again.Fresh || again.ID != p.ID || again.Points != p.Points {
			rt.Fatalf("a replay answered %+v, %v; the first answer was %+v", again, err, p)
		}
	})
}

func (m *ledgerMachine) earn(rt *rapid.T) {
	who := m.anyone(rt)
	e := earn(who, m.key(), rapid.Int64Range(1, 100).Draw(rt, "points"), m.lot(rt))
	e.At = m.now
	m.do(rt, who, func(ctx context.Context, b loyalty.Books) (loyalty.Posted, error) { return b.Post(ctx, e) })
}

func (m *ledgerMachine) redeem(rt *rapid.T) {
	who := m.anyone(rt)
	e := redeem(who, m.key(), rapid.Int64Range(0, 150).Draw(rt, "points"), m.now)
	before := m.account(who)
	m.do(rt, who, func(ctx context.Context, b loyalty.Books) (loyalty.Posted, error) { return b.Post(ctx, e) })
	after := m.account(who)
	if want := max(before.Spendable+e.Points, 0); before.Spendable >= -e.Points && after.Spendable != want {
		rt.Fatalf("redeeming %d of %d left %d", -e.Points, before.Spendable, after.Spendable)
	}
	if before.Spendable < -e.Points && after.Spendable != before.Spendable {
		rt.Fatalf("a refused redemption changed %d to %d", before.Spendable, after.Spendable)
	}
}

func (m *ledgerMachine) correct(rt *rapid.T) {
	who := m.anyone(rt)
	points := rapid.Int64Range(-60, 60).Draw(rt, "points")
	e := loyalty.Entry{
		Source: loyalty.SourceStaff, SourceID: m.key(), Kind: loyalty.Adjust, Customer: who, Points: points,
		Reason: loyalty.Reason{Code: "adjust"}, At: m.now, Lot: m.lot(rt),
	}
	m.do(rt, who, func(ctx context.Context, b loyalty.Books) (loyalty.Posted, error) { return b.Post(ctx, e) })
}

func (m *ledgerMachine) reverse(rt *rapid.T) {
	if len(m.entries) == 0 {
		return // there is nothing to reverse
	}
	id := rapid.SampledFrom(m.entries).Draw(rt, "entry")
	who := m.owner(rt, id)
	e := loyalty.Entry{
		Source: loyalty.SourceStaff, SourceID: m.key(), Customer: who, Reason: loyalty.Reason{Code: "reverse"}, At: m.now,
		Lot: loyalty.Lot{ExpiresAt: m.now.Add(48 * time.Hour)},
	}
	m.do(rt, who, func(ctx context.Context, b loyalty.Books) (loyalty.Posted, error) { return b.ReverseEntry(ctx, id, e) })
}

// owner finds whose record an entry was made with.
func (m *ledgerMachine) owner(rt *rapid.T, id int64) conversation.CustomerID {
	for _, who := range m.who {
		entries, err := m.db.Loyalty().History(m.t.Context(), who, 0, 10_000)
		if err != nil {
			rt.Fatal(err)
		}
		for _, e := range entries {
			if e.ID == id {
				return e.Customer
			}
		}
	}
	rt.Fatalf("entry %d is nobody's", id)
	return 0
}

// lapse lets time pass, and writes off what is over in half of the cases.
func (m *ledgerMachine) lapse(rt *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 72).Draw(rt, "hours")) * time.Hour)
	if rapid.Bool().Draw(rt, "late") {
		return
	}
	lots, err := m.db.Loyalty().LapsedLots(m.t.Context(), m.now, 1000)
	if err != nil {
		rt.Fatal(err)
	}
	for _, l := range lots {
		for range 2 {
			err := books(m.t, m.db, l.Customer, func(ctx context.Context, b loyalty.Books) error { return b.ExpireLot(ctx, l.ID, m.now) })
			if err != nil {
				rt.Fatal(err)
			}
		}
	}
}

func (m *ledgerMachine) order(rt *rapid.T) {
	o := loyalty.Order{
		Source: "till", ID: m.key(), Customer: m.anyone(rt), Total: rapid.Int64Range(0, 10_000).Draw(rt, "total"), Currency: "AZN", At: m.now,
	}
	p := m.programme
	first, err := p.Purchase(m.t.Context(), o, m.now)
	if err != nil || !first.Fresh || first.Points != o.Total/100 {
		rt.Fatalf("Purchase() = %+v, %v; want %d points", first, err, o.Total/100)
	}
	again, err := p.Purchase(m.t.Context(), o, m.now)
	if err != nil || again.Fresh || again.Points != first.Points || again.Balance != first.Balance {
		rt.Fatalf("the same order again: %+v, %v; the first was %+v", again, err, first)
	}
	m.orders = append(m.orders, o)
}

func (m *ledgerMachine) giveBack(rt *rapid.T) {
	if len(m.orders) == 0 {
		return // there is nothing to return
	}
	o := rapid.SampledFrom(m.orders).Draw(rt, "order")
	o.Returned, o.Customer = true, 0
	p := m.programme
	if _, err := p.Purchase(m.t.Context(), o, m.now); err != nil {
		rt.Fatal(err)
	}
	if again, err := p.Purchase(m.t.Context(), o, m.now); err != nil || again.Points != 0 {
		rt.Fatalf("the same return again: %+v, %v", again, err)
	}
}

func (m *ledgerMachine) replay(rt *rapid.T) {
	if len(m.acts) == 0 {
		return // there is nothing to replay
	}
	before := m.account(m.who[0])
	rapid.SampledFrom(m.acts).Draw(rt, "act")(rt)
	if after := m.account(m.who[0]); after.Spendable != before.Spendable || after.Pending != before.Pending || after.Owed != before.Owed {
		rt.Fatalf("a replay changed %+v to %+v", before, after)
	}
}

// link joins the two people, or separates them: what both have together stays the same.
func (m *ledgerMachine) link(rt *rapid.T) {
	before := m.total(rt)
	m.linked = !m.linked
	root := m.who[1]
	if m.linked {
		root = m.who[0]
	}
	err := m.db.Do(m.t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := persistence.Exec(ctx, tx, `UPDATE customers SET root_id = ? WHERE id = ?`, int64(root), int64(m.who[1]))
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
	if after := m.total(rt); after != before {
		rt.Fatalf("linking changed %d points to %d", before, after)
	}
}

func (m *ledgerMachine) total(*rapid.T) int64 {
	sum := m.account(m.who[0]).Spendable
	if !m.linked {
		sum += m.account(m.who[1]).Spendable
	}
	return sum
}

func (m *ledgerMachine) account(who conversation.CustomerID) loyalty.Account {
	m.t.Helper()
	a, err := m.db.Loyalty().ReadAccount(m.t.Context(), who, m.now, time.Time{})
	if err != nil {
		m.t.Fatal(err)
	}
	return a
}

func (m *ledgerMachine) check(rt *rapid.T) {
	proof, err := m.db.Loyalty().Verify(m.t.Context(), 10)
	if err != nil || len(proof.Findings) > 0 {
		rt.Fatalf("Verify() = %+v, %v", proof.Findings, err)
	}
	for _, who := range m.who {
		if a := m.account(who); a.Spendable < 0 || a.Pending < 0 || a.Owed < 0 {
			rt.Fatalf("an account is below nought: %+v", a)
		}
	}
}
