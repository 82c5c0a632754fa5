package slack

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// connections are held at once: while one is replaced, the other takes what comes.
	connections = 2
	// steady is how long a connection has to hold for the waits to start anew.
	steady = 30 * time.Second
	// Addresses may be asked for 50 times a minute (tier 3); we stay well below, whatever the platform does.
	openGap   = 2 * time.Second
	openBurst = 4
	// disabledWait is between tries while Socket Mode is turned off in the app's settings.
	disabledWait = time.Minute
)

// supervisor holds the connections for one Run.
type supervisor struct {
	a       *Adapter
	keeper  *keeper
	opens   *allowance
	keeping sync.WaitGroup
}

func newSupervisor(a *Adapter, in conversation.Receiver) *supervisor {
	return &supervisor{a: a, keeper: newKeeper(a, in), opens: &allowance{}}
}

// run holds the connections until ctx ends or the credentials are dead.
func (s *supervisor) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	s.keeping.Go(func() { s.keeper.run(ctx) })
	var holding sync.WaitGroup
	ends := make(chan error, connections)
	for range connections {
		holding.Go(func() { ends <- s.hold(ctx) })
	}
	err := <-ends
	stop()
	s.keeping.Wait()
	holding.Wait()
	return err
}

// hold keeps one connection standing, and replaces it when it ends.
func (s *supervisor) hold(ctx context.Context) error {
	wait := calling.Backoff{Longest: longWait}
	var old sync.WaitGroup // connections that are being replaced
	defer old.Wait()
	for {
		if err := s.opens.wait(ctx); err != nil {
			return err
		}
		began := time.Now()
		err := s.once(ctx, &old)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case conversation.KindOf(err) == conversation.OurCredentials:
			return err
		case time.Since(began) > steady:
			wait.Reset()
			if errors.Is(err, errBye) {
				continue
			}
		}
		d := wait.After(err)
		if errors.Is(err, errLinkDisabled) {
			d = disabledWait
			s.a.log.Error("no events can be received", "error", err)
		}
		s.a.log.Info("a connection has ended", "again_in", d, "error", err)
		if err := calling.Pause(ctx, d); err != nil {
			return err
		}
	}
}

// once holds one connection until it ends or is to be replaced. In the latter case it is still read for a while.
func (s *supervisor) once(ctx context.Context, old *sync.WaitGroup) error {
	c, err := s.a.connect(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.a.hearing.Failed(err)
		}
		return err
	}
	began := time.Now()
	var reading error // set before ended is closed
	ended := make(chan struct{})
	pinging, stopPings := context.WithCancel(ctx)
	old.Go(func() {
		defer stopPings()
		var pings, opening sync.WaitGroup
		pings.Go(func() { c.pings(pinging) })
		// The reading ends with ctx, the connection only after everything that is kept has been acknowledged.
		stopReading := context.AfterFunc(ctx, c.stopReading)
		reading = c.read(ctx, s.keeper, &opening)
		opening.Wait()
		if !stopReading() {
			s.keeping.Wait()
		}
		c.close()
		stopPings()
		pings.Wait()
		close(ended)
	})
	select {
	case <-ended:
		return reading
	case <-c.replace:
	}
	if time.Since(began) < steady { // a platform that sends everybody away gets no further connections for it
		c.close()
		<-ended
		return errBye
	}
	timer := time.AfterFunc(drainFor, c.close)
	old.Go(func() {
		<-ended
		timer.Stop()
	})
	return errBye
}

// allowance bounds how often an address is asked for, over all connections.
type allowance struct {
	mu   sync.Mutex
	next time.Time // when the burst is used up
}

// wait returns when one more may be asked for.
func (l *allowance) wait(ctx context.Context) error {
	l.mu.Lock()
	now := time.Now()
	if floor := now.Add(-openBurst * openGap); l.next.Before(floor) {
		l.next = floor
	}
	l.next = l.next.Add(openGap)
	left := l.next.Sub(now)
	l.mu.Unlock()
	return calling.Pause(ctx, max(left, 0))
}
