package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestFaultOfferAtABadPlatform sends an offer while the platform misbehaves: nobody gets it twice, and who has not got
// it is recorded as unknown. Where the platform says itself that it did nothing, everybody gets it.
func TestFaultOfferAtABadPlatform(t *testing.T) {
	t.Parallel()
	people := 24
	if faultsInFull() {
		people = 400
	}
	for _, c := range []struct {
		name    string
		faults  []lookalike.Fault
		unknown int // at most
	}{
		{"it says that it did nothing", []lookalike.Fault{
			{Times: 2, Status: http.StatusTooManyRequests, RetryAfter: 1}, {Times: 3, Status: http.StatusServiceUnavailable},
		}, 0},
		{"done or not, and no word of it", []lookalike.Fault{
			{Times: 2},
			{Times: 2, Late: true},
			{Times: 2, Status: http.StatusBadGateway, Late: true},
			{Times: 2, Status: http.StatusGatewayTimeout, Late: true},
			{Times: 2, Status: http.StatusInternalServerError, Late: true},
		}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			late := lateness(t)
			b := newBroadcast(t, migrated.SQLite(t), people, telegramlike.Limits{})
			for _, f := range c.faults {
				if err := b.like.Fault(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
			b.start()
			b.finish()
			_, twice, missing := b.got()
			unknown := map[int]bool{}
			var roots []int
			if err := b.db.Select(&roots, `SELECT root_id FROM deliveries WHERE state = 'unknown'`); err != nil {
				t.Fatal(err)
			}
			for _, who := range roots {
				unknown[who] = true
			}
			publishOffer(t, people, people-len(missing)-twice, twice, len(unknown), fmt.Sprintf("%d refusals", b.refusals()))
			if twice > 0 {
				t.Errorf("%d people got it twice", twice)
			}
			for _, who := range missing {
				if !unknown[who] {
					t.Errorf("reader %d did not get it and is not recorded as unknown", who)
				}
			}
			// A call has five seconds: on a machine that stands still for so long more are in doubt.
			if len(unknown) > c.unknown && late() < time.Second {
				t.Errorf("%d are unknown, want at most %d", len(unknown), c.unknown)
			}
			if code := b.bot.stop(t); code != 0 {
				t.Errorf("the service ended with %d: %s", code, b.bot.err)
			}
		})
	}
}
