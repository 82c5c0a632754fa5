package slack

import (
	"context"
	"net/url"
	"slices"
	"time"
)

// What is done on servers that do not list channels, or not for this app: staff's channels are written to by name, and
// their ids are learned from what the platform says of them on other occasions.

// unlisted notes that the server does not list channels, and says whether that is new.
func (p *places) unlisted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.blind
	p.blind, p.asked = true, time.Now()
	return !was
}

func (p *places) isBlind() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.blind
}

// learn takes the id of a channel by its name, when it is one of staff's that no list has shown.
func (p *places) learn(name, id string) {
	name = channelName(name)
	if !isPlace(id) || isDirect(id) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blind && slices.Contains(p.wanted, name) && p.names[name] == "" {
		p.ids[name], p.staff[id] = id, true
	}
}

// idOf is the id of a channel as far as it is known, given by id or #name.
func (p *places) idOf(channel string) string {
	if isPlace(channel) {
		return channel
	}
	id, _ := p.known(channelName(channel))
	return id
}

// wonder asks for the name of a channel that may be one of staff's. Each channel is asked for rarely.
func (a *Adapter) wonder(ctx context.Context, chat string) {
	if !isPlace(chat) || isDirect(chat) || !a.places.isBlind() || a.places.isStaff(chat) || a.places.complete() {
		return
	}
	if asked, ok := a.wondered.Get(chat); ok && asked.fresh() {
		return
	}
	a.wondered.Put(chat, dated[bool]{true, time.Now().Add(placeLife)})
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	ex, err := a.call(ctx, &exchange{method: "conversations.info", form: url.Values{"channel": {chat}}, repeat: true})
	if err == nil {
		a.places.learn(text(object(ex.answer["channel"])["name"]), chat)
	}
}
