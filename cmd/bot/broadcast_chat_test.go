package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// chat has people ask and wait for the answer, think, and ask again. It answers how long each answer took.
func (c *crowdRun) chat(ctx context.Context, until time.Time) ([]time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	var first error
	var people sync.WaitGroup
	for i := range chatters {
		people.Go(func() {
			mine, err := c.chatOne(ctx, i, until)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if first == nil {
				first = err
			}
		})
	}
	people.Wait()
	slices.Sort(took)
	return took, first
}

func (c *crowdRun) chatOne(ctx context.Context, i int, until time.Time) (took []time.Duration, err error) {
	who := fmt.Sprint("chatter", i)
	came := make(chan time.Time, 1)
	c.talk.waits.Store(who, came)
	chance := rand.New(rand.NewPCG(7, uint64(i)))
	for time.Now().Before(until) {
		pause := time.NewTimer(think/2 + time.Duration(chance.Int64N(int64(think))))
		select {
		case <-pause.C:
		case <-ctx.Done():
			return took, ctx.Err()
		}
		select { // a second part of the last answer
		case <-came:
		default:
		}
		begun := time.Now()
		err := c.service.engine.Receive(ctx, conversation.Inbound{
			Address: conversation.Address{Channel: c.talk.Name(), Account: c.talk.Name() + ":1", Chat: who},
			EventID: fmt.Sprint("e", c.events.Add(1)), Kind: conversation.KindMessage, Private: true, Text: "What are your opening hours?",
			From: conversation.Sender{UserID: who}, At: begun,
		})
		if err != nil {
			return took, err
		}
		select {
		case at := <-came:
			took = append(took, at.Sub(begun))
		case <-ctx.Done():
			return took, ctx.Err()
		}
	}
	return took, nil
}

// quantile of sorted durations, q in 0..1.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}
