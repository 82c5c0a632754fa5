package main

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/desk"
)

// alarm tells operators in the staff channel what is wrong with the service itself.
type alarm struct {
	s      *service
	alerts *desk.Alerts
	wake   chan struct{}
}

// alarmEvery is how often the service is looked at. Real clock.
const alarmEvery = 15 * time.Second

func newAlarm(s *service, people *bureau) *alarm {
	a := &alarm{s: s, wake: make(chan struct{}, 1)}
	if people != nil {
		a.alerts = &desk.Alerts{Desk: people.desk, Known: s.db.Alerts()}
	}
	return a
}

// nudge has the service looked at now.
func (a *alarm) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run looks at the service until ctx ends. Without a desk there is nobody to tell: the log has it all.
func (a *alarm) Run(ctx context.Context) error {
	if a.alerts == nil {
		<-ctx.Done()
		return nil
	}
	every := time.NewTicker(alarmEvery)
	defer every.Stop()
	for {
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			a.s.log.Error("operators could not be told what is wrong; trying again soon", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
		case <-every.C:
		}
	}
}

// look tells what is new.
func (a *alarm) look(ctx context.Context) error {
	all := []desk.Trouble{{Kind: desk.ChannelDead, Well: []string{}}, {Kind: desk.ConfigBroken}, {Kind: desk.ConfigWaits}}
	a.s.mu.Lock()
	for _, c := range a.s.channels {
		switch name := c.Name(); {
		case a.s.dead[name] != nil:
			all[0].Subjects = append(all[0].Subjects, name)
		case a.s.accounts[name] != "":
			all[0].Well = append(all[0].Well, name)
		}
	}
	a.s.mu.Unlock()
	if said := a.s.learner.broken.Load(); said != nil {
		all[1].Subjects = []string{*said}
	}
	if waits := a.s.learner.waits.Load(); waits != nil {
		all[2].Subjects = *waits
	}
	if a.s.due.Holds() { // one process of several looks at what the database knows
		more, err := a.s.db.Alerts().Troubles(ctx)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	return a.alerts.Look(ctx, all, a.s.business.Now())
}
