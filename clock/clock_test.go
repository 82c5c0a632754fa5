package clock_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

func TestMovableWakesWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMovable(24 * time.Hour)
		start := c.Now()
		if d := time.Until(start); d != 24*time.Hour {
			t.Fatalf("the clock is %v ahead", d)
		}
		woken := make(chan time.Time, 1)
		go func() {
			if err := c.WaitUntil(t.Context(), start.Add(time.Hour)); err == nil {
				woken <- c.Now()
			}
		}()
		synctest.Wait()
		c.MoveTo(start.Add(30 * time.Minute))
		synctest.Wait()
		if len(woken) != 0 {
			t.Fatal("woken half an hour early")
		}
		c.MoveTo(start.Add(2 * time.Hour))
		if at := <-woken; !at.Equal(start.Add(2 * time.Hour)) {
			t.Errorf("woken at %v", at)
		}
		c.MoveTo(start) // never back
		if !c.Now().Equal(start.Add(2 * time.Hour)) {
			t.Errorf("the clock went back to %v", c.Now())
		}
	})
}

func TestWaitUntilEndsWithItsContext(t *testing.T) {
	for name, make := range map[string]func() clock.Clock{
		"real":    func() clock.Clock { return clock.Real{} },
		"movable": func() clock.Clock { return clock.NewMovable(0) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := make()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := c.WaitUntil(ctx, c.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("WaitUntil = %v", err)
				}
				if err := c.WaitUntil(t.Context(), c.Now().Add(time.Hour)); err != nil {
					t.Errorf("WaitUntil = %v", err)
				}
			})
		})
	}
}

// list is an agenda of fixed due times that notes when each was run.
type list struct {
	name string
	mu   sync.Mutex
	due  []time.Time
	ran  *[]string
	err  error
}

func (l *list) Name() string { return l.name }

func (l *list) Next(context.Context) (time.Time, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.due) == 0 {
		return time.Time{}, false, nil
	}
	return l.due[0], true, nil
}

func (l *list) RunDue(_ context.Context, now time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false, l.err
	}
	*l.ran = append(*l.ran, fmt.Sprintf("%s %s at %s", l.name, l.due[0].Format("15:04"), now.Format("15:04")))
	l.due = l.due[1:]
	return true, nil
}

func TestAdvanceRunsEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMovable(0)
		day := c.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		at := func(h, m int) time.Time {
			return day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
		}
		var ran []string
		a := &list{name: "a", ran: &ran, due: []time.Time{at(9, 0), at(11, 0), at(23, 0)}}
		b := &list{name: "b", ran: &ran, due: []time.Time{at(10, 0), at(10, 0), at(11, 30)}}
		d := clock.NewDriver(c, slog.New(slog.DiscardHandler), a, b)
		rested := 0
		if err := d.AdvanceTo(t.Context(), at(12, 0), func(context.Context) error { rested++; return nil }); err != nil {
			t.Fatal(err)
		}
		want := []string{"a 09:00 at 09:00", "b 10:00 at 10:00", "b 10:00 at 10:00", "a 11:00 at 11:00", "b 11:30 at 11:30"}
		if !slices.Equal(ran, want) {
			t.Errorf("ran %v, want %v", ran, want)
		}
		if rested != 4 {
			t.Errorf("rested %d times, want once after each of 4 due times", rested)
		}
		if !c.Now().Equal(at(12, 0)) {
			t.Errorf("the clock stands at %v", c.Now())
		}
	})
}

func TestDriverWaitsForDueTimesAndOneFailureHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMovable(0)
		var ran []string
		start := c.Now()
		bad := &list{name: "bad", ran: &ran, due: []time.Time{start}, err: errors.New("broken")}
		good := &list{name: "good", ran: &ran, due: []time.Time{start.Add(time.Hour), start.Add(2 * time.Hour)}}
		d := clock.NewDriver(c, slog.New(slog.DiscardHandler), bad, good)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		<-time.After(90 * time.Minute)
		synctest.Wait()
		if len(ran) != 1 {
			t.Errorf("after an hour and a half %v ran", ran)
		}
		c.MoveTo(start.Add(3 * time.Hour))
		<-time.After(time.Minute)
		synctest.Wait()
		if len(ran) != 2 {
			t.Errorf("after moving the clock %v ran", ran)
		}
		bad.mu.Lock()
		bad.err = nil
		bad.mu.Unlock()
		<-time.After(time.Minute)
		synctest.Wait()
		if len(ran) != 3 {
			t.Errorf("after the failure was mended %v ran", ran)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// pages is an agenda with so many pages at once.
type pages struct {
	list
	left int
	at   func() // after each page
}

func (p *pages) Next(context.Context) (time.Time, bool, error) { return time.Time{}, p.left > 0, nil }

func (p *pages) RunDue(context.Context, time.Time) (bool, error) {
	*p.ran = append(*p.ran, p.name)
	p.left--
	if p.at != nil {
		p.at()
	}
	return p.left > 0, nil
}

func TestWhatHasManyPagesHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran []string
		page := func(name string, left int) *pages { return &pages{list{name: name, ran: &ran}, left, nil} }
		d := clock.NewDriver(clock.NewMovable(0), slog.New(slog.DiscardHandler), page("offers", 4), page("desk", 1), page("surveys", 2))
		if err := d.AdvanceTo(t.Context(), time.Now().Add(time.Minute), func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if want := []string{"offers", "desk", "surveys", "offers", "surveys", "offers", "offers"}; !slices.Equal(ran, want) {
			t.Errorf("ran %v, want %v", ran, want)
		}
		ran = nil
		offers, desk := page("offers", 60), page("desk", 0)
		offers.at = func() {
			if offers.left == 50 {
				desk.left = 1
			}
		}
		d = clock.NewDriver(clock.NewMovable(0), slog.New(slog.DiscardHandler), offers, desk)
		if err := d.AdvanceTo(t.Context(), time.Now().Add(time.Minute), func(context.Context) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if n := slices.Index(ran, "desk"); n < 0 || n > 30 {
			t.Errorf("what became due after 10 pages of another ran after %d", n)
		}
	})
}

// asked counts how often it is asked for its due time. It is never due.
type asked struct{ times atomic.Int64 }

func (*asked) Name() string { return "asked" }

func (a *asked) Next(context.Context) (time.Time, bool, error) {
	a.times.Add(1)
	return time.Time{}, false, nil
}

func (*asked) RunDue(context.Context, time.Time) (bool, error) { return false, nil }

func TestManyNudgesAreFewLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &asked{}
		d := clock.NewDriver(clock.NewMovable(0), slog.New(slog.DiscardHandler), a)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		for range 1000 {
			d.Nudge()
			<-time.After(time.Millisecond)
		}
		if n := a.times.Load(); n < 40 || n > 90 { // two questions a look
			t.Errorf("1,000 nudges in a second led to %d questions", n)
		}
		<-time.After(time.Second)
		before := a.times.Load()
		d.Nudge()
		synctest.Wait()
		if a.times.Load() == before {
			t.Error("a single nudge waits")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestANudgeIsPassedOnWhileAnotherProcessRunsTheAgendas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := clock.NewDriver(clock.NewMovable(0), slog.New(slog.DiscardHandler))
		passed := 0
		d.PassOn(func() { passed++ })
		d.Nudge()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		synctest.Wait()
		d.Nudge()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		d.Nudge()
		if passed != 2 {
			t.Errorf("%d nudges were passed on, want those before and after Run", passed)
		}
	})
}

// TestStepping: the machine's time has no part in it; who waits waits for a move.
func TestStepping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
		c := clock.NewStepping(start)
		first := c.Now()
		<-time.After(time.Hour)
		if second := c.Now(); second.Sub(first) != time.Millisecond || first.Sub(start) != time.Millisecond {
			t.Errorf("looked at %v and an hour later at %v", first, second)
		}
		waited := make(chan error, 1)
		go func() { waited <- c.WaitUntil(t.Context(), start.Add(time.Minute)) }()
		<-time.After(time.Hour)
		select {
		case err := <-waited:
			t.Errorf("the waiting ended without a move: %v", err)
		default:
		}
		c.MoveTo(start.Add(time.Minute))
		if err := <-waited; err != nil {
			t.Error(err)
		}
		c.MoveTo(start)
		if now := c.Now(); now.Before(start.Add(time.Minute)) || now.After(start.Add(time.Minute+time.Second)) {
			t.Errorf("after the move it is %v", now)
		}
	})
}
