package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// How long the lists of who belongs where are good for.
const (
	memberLife  = 5 * time.Minute
	memberRetry = 30 * time.Second // a list that could not be read is not asked for again before that
	absentLife  = time.Second      // somebody who is not in a list may have just been put there
	// memberTime bounds the questions behind one press or command.
	memberTime  = 4 * time.Second
	memberPages = 20 // of 1000
	maxSeen     = 10_000
)

// members are lists of who belongs to user groups and channels.
type members struct {
	mu    sync.Mutex
	lists map[string]memberList     // by "@handle" or the channel's name or id
	told  map[string]bool           // lists that the server does not give us
	seen  *recall.Ring[dated[bool]] // who acted in which channel of staff, by both ids
}

func newMembers() members {
	return members{lists: map[string]memberList{}, told: map[string]bool{}, seen: recall.NewRing[dated[bool]](maxSeen)}
}

// saw notes that somebody has just acted in a channel: nobody can who is no member of it.
func (m *members) saw(chat, user string) {
	m.seen.Put(chat+" "+user, dated[bool]{true, time.Now().Add(memberLife)})
}

// lacks notes that the server does not give us a list, and says whether that is new.
func (m *members) lacks(list string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	told := m.told[list]
	m.told[list] = true
	return !told
}

// memberList is one of them. When it could not be read anew, what was known before still counts.
type memberList struct {
	users map[string]bool // nil: it was never read
	err   error           // of the last reading
	read  time.Time
	until time.Time
}

// InGroup says whether a user is in the user group with that handle. A group that is not there has nobody.
func (a *Adapter) InGroup(ctx context.Context, handle, user string) (bool, error) {
	handle = strings.ToLower(strings.TrimPrefix(handle, "@"))
	return a.belongs(ctx, "@"+handle, user, func(ctx context.Context) (map[string]bool, error) { return a.readGroup(ctx, handle) })
}

// InChannel says whether a user is a member of a channel, given by id or #name. A channel that the bot does not see has
// nobody. On a server that does not list members only those are known who acted there within the last minutes.
func (a *Adapter) InChannel(ctx context.Context, channel, user string) (bool, error) {
	if seen, ok := a.members.seen.Get(a.places.idOf(channel) + " " + user); ok && seen.fresh() {
		return true, nil
	}
	return a.belongs(ctx, channelName(channel), user, func(ctx context.Context) (map[string]bool, error) { return a.readChannel(ctx, channel) })
}

// belongs looks into a list, which is read when it is too old.
func (a *Adapter) belongs(ctx context.Context, name, user string, read func(context.Context) (map[string]bool, error)) (bool, error) {
	a.members.mu.Lock()
	known, ok := a.members.lists[name]
	a.members.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		switch {
		case known.users == nil:
			return false, known.err
		case known.users[user] || known.err != nil || time.Since(known.read) < absentLife:
			return known.users[user], nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, memberTime)
	defer cancel()
	users, err := read(ctx)
	if lacking(err) {
		if a.members.lacks(name) {
			a.log.Warn("the server does not tell who belongs to a group or channel: only who acts there counts as a member", "of", name, "error", err)
		}
		users, err = map[string]bool{}, nil
	}
	fresh := memberList{users: users, read: time.Now(), until: time.Now().Add(memberLife)}
	if err != nil {
		fresh = memberList{users: known.users, read: known.read, err: err, until: time.Now().Add(memberRetry)}
	}
	a.members.mu.Lock()
	a.members.lists[name] = fresh
	a.members.mu.Unlock()
	if fresh.users == nil {
		return false, fmt.Errorf("list who belongs to %s: %w", name, err)
	}
	return fresh.users[user], nil
}

// readGroup lists the people of a user group.
func (a *Adapter) readGroup(ctx context.Context, handle string) (map[string]bool, error) {
	ex, err := a.call(ctx, &exchange{method: "usergroups.list", form: url.Values{}, repeat: true})
	if err != nil {
		return nil, err
	}
	for _, raw := range list(ex.answer["usergroups"]) {
		g := object(raw)
		if strings.ToLower(text(g["handle"])) != handle {
			continue
		}
		if ex, err = a.call(ctx, &exchange{method: "usergroups.users.list", form: url.Values{"usergroup": {text(g["id"])}}, repeat: true}); err != nil {
			return nil, err
		}
		return idSet(ex.answer["users"]), nil
	}
	a.log.Warn("a user group that a role names is not there", "handle", handle)
	return map[string]bool{}, nil
}

// readChannel lists the members of a channel.
func (a *Adapter) readChannel(ctx context.Context, channel string) (map[string]bool, error) {
	id, err := a.chatOf(ctx, channel)
	if err != nil {
		if conversation.KindOf(err) == conversation.PersonUnreachable {
			return map[string]bool{}, nil
		}
		return nil, err
	}
	users := map[string]bool{}
	form := url.Values{"channel": {id}, "limit": {"1000"}}
	err = a.eachPage(ctx, "conversations.members", form, memberPages, func(answer map[string]json.RawMessage) bool {
		for user := range idSet(answer["members"]) {
			users[user] = true
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}

// idSet reads a list of ids.
func idSet(raw json.RawMessage) map[string]bool {
	set := map[string]bool{}
	for _, one := range list(raw) {
		if id := text(one); isUser(id) {
			set[id] = true
		}
	}
	return set
}
