package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

// watchEvery is how often the machine's clock is looked at. Real clock.
const watchEvery = 15 * time.Second

// clockWatch tells operators when the machine's clock is not the one that people go by. Leases, pace and deadlines do
// not follow it; due times, quiet hours and the times in what people read do.
type clockWatch struct {
	log   *slog.Logger
	ahead func(context.Context) (time.Duration, error) // how far the database's clock is before this machine's

	wall   time.Time     // at the last look; zero before the first
	steady time.Duration // then
	off    bool          // it was told that the two clocks differ
}

// Run looks until ctx ends.
func (c *clockWatch) Run(ctx context.Context) error {
	begun := time.Now()
	for {
		now := time.Now()
		c.look(ctx, now.Round(0), now.Sub(begun))
		if (clock.Real{}).WaitUntil(ctx, now.Add(watchEvery)) != nil {
			return nil
		}
	}
}

// look compares the wall clock with the steady one, which says how long it is since a moment that stays the same, and
// with the database's.
func (c *clockWatch) look(ctx context.Context, wall time.Time, steady time.Duration) {
	if jump := wall.Sub(c.wall) - (steady - c.steady); !c.wall.IsZero() && jump.Abs() > clockDoubt {
		c.log.Warn("the machine's clock has jumped: it was set, or the machine slept; offers, surveys and quiet hours go by it",
			"by", jump.Round(time.Second))
	}
	c.wall, c.steady = wall, steady
	ahead, err := c.ahead(ctx)
	if err != nil {
		return // who works with the database tells of that
	}
	switch off := ahead.Abs() > clockDoubt; {
	case off && !c.off:
		c.log.Warn("the database's clock is not this machine's; set both by a time server", "ahead", ahead.Round(time.Millisecond))
	case !off && c.off:
		c.log.Info("the database's clock is this machine's again")
	}
	c.off = ahead.Abs() > clockDoubt
}
