package main

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
)

// receiver is the engine as channels see it, with what a channel asks that must look for what it missed by itself.
type receiver struct {
	*conversation.Engine
	db    *persistence.DB
	holds func() bool // whether the channel's account is still this process's
}

// Receive implements conversation.Receiver. What comes after the lease has ended is left to the next holder, to whom
// the platform will give it: nothing is acknowledged under a lease that is over.
func (r receiver) Receive(ctx context.Context, in ...conversation.Inbound) error {
	if !r.holds() {
		return conversation.ErrElsewhere
	}
	return r.Engine.Receive(ctx, in...)
}

var _ discord.Recaller = receiver{}

// Recall implements discord.Recaller: the private chats in which somebody wrote since then. Which message was the last
// is not kept; the adapter looks back by time, and what is known already ends at the inbox's key.
func (r receiver) Recall(ctx context.Context, account string, since time.Time) (map[string]string, error) {
	chats, err := r.db.RecentChats(ctx, account, since)
	if err != nil {
		return nil, err
	}
	newest := make(map[string]string, len(chats))
	for _, chat := range chats {
		newest[chat] = ""
	}
	return newest, nil
}
