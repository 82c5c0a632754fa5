package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stopWithin is how long the stages may take to end, all together.
const stopWithin = 15 * time.Second

// stages are the parts of the service in the order in which they are started. They are ended in the opposite order,
// each only after the one before has ended, so that what is inside outlives what feeds it.
type stages struct {
	ctx  context.Context
	list []*stage
	died chan struct{} // closed when a stage ended by itself
}

type stage struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

func newStages(ctx context.Context) *stages {
	return &stages{ctx: ctx, died: make(chan struct{}, 1)}
}

// start runs a stage that blocks until its context ends.
func (s *stages) start(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.ctx))
	st := &stage{name: name, cancel: cancel, done: make(chan struct{})}
	s.list = append(s.list, st)
	go func() {
		defer close(st.done)
		st.err = run(ctx)
		select {
		case s.died <- struct{}{}:
		default:
		}
	}()
}

// wait blocks until the context ends or a stage ends by itself, then ends them all and joins their errors.
func (s *stages) wait() error {
	select {
	case <-s.ctx.Done():
	case <-s.died:
	}
	s.stop()
	var errs []error
	for _, st := range s.list {
		select {
		case <-st.done:
			if st.err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", st.name, st.err))
			}
		default:
			errs = append(errs, fmt.Errorf("%s did not end in time", st.name))
		}
	}
	return errors.Join(errs...)
}

// stop ends the stages from the last to the first, within stopWithin.
func (s *stages) stop() {
	timer := time.NewTimer(stopWithin)
	defer timer.Stop()
	late := false
	for i := len(s.list) - 1; i >= 0; i-- {
		st := s.list[i]
		st.cancel()
		if late {
			continue
		}
		select {
		case <-st.done:
		case <-timer.C:
			late = true
		}
	}
}
