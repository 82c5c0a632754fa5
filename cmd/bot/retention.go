package main

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/persistence"
)

// keepSettings say how long data is kept. What points, surveys and consents rest on is kept for good.
type keepSettings struct {
	config.At
	Messages  config.Duration `yaml:"messages" check:"min=14d" doc:"What was received and sent. Buttons under older messages stop working."`
	Questions config.Duration `yaml:"questions" check:"min=14d" doc:"Questions that found no answer, for gaps."`
	Audit     config.Duration `yaml:"audit" check:"min=90d" doc:"Who of the staff did what."`
}

// Times of the default, and of the work.
const (
	day             = 24 * time.Hour
	defaultMessages = 180 * day
	defaultAudit    = 3 * 365 * day
	// tidyAfter and tidyEvery are when old data is looked for, real clock: not while the service is still starting, and
	// often enough that each run is short.
	tidyAfter, tidyEvery = time.Minute, time.Hour
)

func defaultKeep() keepSettings {
	return keepSettings{
		Messages: config.Duration(defaultMessages), Questions: config.Duration(defaultMessages), Audit: config.Duration(defaultAudit),
	}
}

// tidy deletes what is older than it is kept, again and again until ctx ends. Several processes may do so at once.
func (s *service) tidy(ctx context.Context) error {
	for wait := tidyAfter; (clock.Real{}).WaitUntil(ctx, time.Now().Add(wait)) == nil; wait = tidyEvery {
		s.expire(ctx)
	}
	return nil
}

// expire deletes what is older than it is kept.
func (s *service) expire(ctx context.Context) {
	keep, now := s.set.Privacy.Keep, s.business.Now()
	for kind, d := range map[persistence.Kind]config.Duration{
		persistence.Messages: keep.Messages, persistence.Questions: keep.Questions, persistence.AuditTrail: keep.Audit,
	} {
		n, err := s.db.Expire(ctx, kind, now.Add(-d.Std()))
		switch {
		case err != nil && ctx.Err() == nil:
			s.log.Warn("old data could not be deleted; it is tried again in an hour", "kind", kind, "error", err.Error())
		case n > 0:
			s.log.Info("old data was deleted", "kind", kind, "rows", n)
		}
	}
	if _, err := s.db.EraseLeftovers(ctx, now.Add(-day)); err != nil && ctx.Err() == nil {
		s.log.Warn("what was written about erased customers at that moment could not be erased; it is tried again in an hour", "error", err.Error())
	}
}
