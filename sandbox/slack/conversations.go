package slack

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// defaultPage is how many results a page has when the caller does not say.
const defaultPage = 100

// paged is one page of a list, and the cursor of the next.
func paged[T any](a args, all []T, otherwise, most int) ([]T, map[string]any, error) {
	limit, err := a.int("limit", otherwise, most)
	if err != nil {
		return nil, nil, err
	}
	from := 0
	if c := a.str("cursor"); c != "" {
		data, derr := base64.StdEncoding.DecodeString(c)
		n, nerr := strconv.Atoi(strings.TrimPrefix(string(data), "next:"))
		if derr != nil || nerr != nil || n < 0 || n > len(all) {
			return nil, nil, refuse("invalid_cursor")
		}
		from = n
	}
	to := min(from+limit, len(all))
	next := ""
	if to < len(all) {
		next = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "next:%d", to))
	}
	return slices.Clone(all[from:to]), map[string]any{"next_cursor": next}, nil
}

// channelJSON is a conversation as the API shows it. Source: docs.slack.dev/reference/objects/conversation-object.
func (l *Lookalike) channelJSON(c *channel) map[string]any {
	if c.owner != nil {
		return map[string]any{
			"id": c.id, "created": 1764666000, "is_im": true, "is_channel": false, "is_group": false, "is_mpim": false,
			"is_archived": c.owner.Deleted, "user": c.owner.ID, "is_user_deleted": c.owner.Deleted, "is_org_shared": false,
			"context_team_id": l.app.team,
		}
	}
	return map[string]any{
		"id": c.id, "name": c.name, "name_normalized": c.name, "created": 1764666000, "creator": l.app.user,
		"is_channel": true, "is_group": false, "is_im": false, "is_mpim": false, "is_private": c.private, "is_archived": c.archived,
		"is_general": false, "is_shared": false, "is_member": !c.outside, "num_members": len(l.membersOf(c)),
		"topic": map[string]any{"value": ""}, "purpose": map[string]any{"value": ""}, "context_team_id": l.app.team,
	}
}

// membersOf are the user ids of who is in a conversation.
func (l *Lookalike) membersOf(c *channel) []string {
	if c.owner != nil {
		return []string{c.owner.ID, l.app.user}
	}
	var ids []string
	if !c.outside {
		ids = append(ids, l.app.user)
	}
	for _, p := range l.people.All() {
		if p.Staff && !p.Deleted {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (l *Lookalike) conversationsOpen(a args) (map[string]any, error) {
	if c := l.byChan[a.str("channel")]; c != nil && c.owner != nil {
		if c.owner.Deleted {
			return nil, errUserDisabled
		}
		return l.opened(c, a), nil
	}
	users := a.str("users")
	switch {
	case a.str("channel") != "":
		return nil, errChannelNotFound
	case users == "":
		return nil, refuse("users_list_not_supplied")
	case strings.Contains(users, ","):
		return nil, refuse("not_enough_users") // a group of one bot and several people is none of its business here
	}
	p := l.byID[users]
	switch {
	case p == nil:
		return nil, errUserNotFound
	case p.Deleted:
		return nil, errUserDisabled
	}
	return l.opened(l.byChan[p.DM], a), nil
}

// opened answers conversations.open: the id only, unless the caller wants all.
func (l *Lookalike) opened(c *channel, a args) map[string]any {
	out := map[string]any{"no_op": true, "already_open": true, "channel": map[string]any{"id": c.id}}
	if a.bool("return_im") {
		out["channel"] = l.channelJSON(c)
	}
	return out
}

// listed are the types of conversations.list by channel_type; the look-alike has no chats of several people.
var listed = map[string]string{"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": ""}

// conversationsList lists the places that the bot can see: private channels only where it is a member.
func (l *Lookalike) conversationsList(a args) (map[string]any, error) {
	kinds := strings.Split(a.str("types"), ",")
	if a.str("types") == "" {
		kinds = []string{"public_channel"}
	}
	all := []any{}
	for _, one := range kinds {
		kind, known := listed[strings.TrimSpace(one)]
		if !known {
			return nil, refuse("invalid_types")
		}
		if kind == "" {
			continue
		}
		if err := l.mayScope(kindScopes["read"][kind]); err != nil {
			return nil, err // for the whole list, whatever the other kinds are
		}
		for _, c := range l.channels {
			if c.kind() == kind && !c.hidden() && (!c.archived || !a.bool("exclude_archived")) {
				all = append(all, l.channelJSON(c))
			}
		}
	}
	page, next, err := paged(a, all, defaultPage, 1000)
	if err != nil {
		return nil, err
	}
	return map[string]any{"channels": page, "response_metadata": next}, nil
}

// visible finds a conversation that the bot can know of.
func (l *Lookalike) visible(a args) (*channel, error) {
	c := l.byChan[a.str("channel")]
	if c == nil || c.hidden() {
		return nil, errChannelNotFound
	}
	return c, l.mayAt("read", c)
}

func (l *Lookalike) conversationsInfo(a args) (map[string]any, error) {
	c, err := l.visible(a)
	if err != nil {
		return nil, err
	}
	out := l.channelJSON(c)
	if !a.bool("include_num_members") {
		delete(out, "num_members")
	}
	return map[string]any{"channel": out}, nil
}

func (l *Lookalike) conversationsMembers(a args) (map[string]any, error) {
	c, err := l.visible(a)
	if err != nil {
		return nil, err
	}
	page, next, err := paged(a, l.membersOf(c), defaultPage, 1000)
	if err != nil {
		return nil, err
	}
	return map[string]any{"members": page, "response_metadata": next}, nil
}

func (l *Lookalike) conversationsJoin(a args) (map[string]any, error) {
	c := l.byChan[a.str("channel")]
	switch {
	case c == nil, c.hidden():
		return nil, errChannelNotFound
	case c.archived:
		return nil, errArchived
	case c.owner != nil, c.private:
		return nil, refuse("method_not_supported_for_channel_type")
	}
	c.outside = false
	return map[string]any{"channel": l.channelJSON(c)}, nil
}

// readable finds a conversation whose messages the bot may read.
func (l *Lookalike) readable(a args) (*channel, error) {
	c := l.byChan[a.str("channel")]
	switch {
	case c == nil, c.hidden():
		return nil, errChannelNotFound
	case c.outside:
		return nil, errNotInChannel
	}
	return c, l.mayAt("history", c)
}

// within keeps the messages between oldest and latest; the bounds themselves only where the caller wants them.
func within(a args, ts string) bool {
	at, latest, oldest := micros(ts), a.str("latest"), a.str("oldest")
	if latest != "" && (at > bound(latest) || at == bound(latest) && !a.bool("inclusive")) {
		return false
	}
	return oldest == "" || at > bound(oldest) || at == bound(oldest) && a.bool("inclusive")
}

// bound is a ts, or whole seconds, in microseconds.
func bound(ts string) int64 {
	whole, part, _ := strings.Cut(ts, ".")
	return micros(whole + (part + "000000")[:6])
}

func (l *Lookalike) conversationsHistory(a args) (map[string]any, error) {
	c, err := l.readable(a)
	if err != nil {
		return nil, err
	}
	all := []message{}
	for _, e := range slices.Backward(c.entries) {
		if !e.Deleted && e.OnlyFor == "" && e.root() == "" && within(a, e.Message.TS) {
			all = append(all, l.withFiles(e))
		}
	}
	return messagesPage(a, all)
}

func (l *Lookalike) conversationsReplies(a args) (map[string]any, error) {
	c, err := l.readable(a)
	if err != nil {
		return nil, err
	}
	root := c.find(a.str("ts"))
	if root == nil || root.OnlyFor != "" {
		return nil, refuse("thread_not_found")
	}
	all := []message{}
	for _, e := range c.entries {
		if e.Deleted || e.OnlyFor != "" {
			continue
		}
		if e == root || e.Message.ThreadTS == root.Message.TS && within(a, e.Message.TS) {
			all = append(all, l.withFiles(e))
		}
	}
	return messagesPage(a, all)
}

func messagesPage(a args, all []message) (map[string]any, error) {
	page, next, err := paged(a, all, defaultPage, 999)
	if err != nil {
		return nil, err
	}
	out := map[string]any{"messages": page, "has_more": next["next_cursor"] != "", "pin_count": 0}
	if next["next_cursor"] != "" {
		out["response_metadata"] = next
	}
	return out, nil
}

// ChannelID is the id of a channel by its name, empty for none.
func (l *Lookalike) ChannelID(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.named(name); c != nil {
		return c.id
	}
	return ""
}

// named is the channel of a name or id.
func (l *Lookalike) named(name string) *channel {
	name = strings.TrimPrefix(name, "#")
	for _, c := range l.channels {
		if c.owner == nil && (strings.EqualFold(c.name, name) || c.id == name) {
			return c
		}
	}
	return nil
}

// AddChannel makes a channel in which the bot is not yet, and answers its id.
func (l *Lookalike) AddChannel(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.addChannel(name)
	c.outside = true
	return c.id
}

// AddPrivate makes a private channel in which the bot is not yet, so that it cannot know of it, and answers its id.
func (l *Lookalike) AddPrivate(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.addChannel(name)
	c.outside, c.private = true, true
	return c.id
}

// Invite brings the bot into a channel, as somebody who types /invite does.
func (l *Lookalike) Invite(name string) {
	l.alter(name, func(c *channel) { c.outside = false })
}

// Kick removes the bot from a channel: posts there answer not_in_channel, and in a private one channel_not_found.
func (l *Lookalike) Kick(name string) { l.alter(name, func(c *channel) { c.outside = true }) }

// Archive archives a channel: posts there answer is_archived.
func (l *Lookalike) Archive(name string) { l.alter(name, func(c *channel) { c.archived = true }) }

func (l *Lookalike) alter(name string, change func(*channel)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.named(name); c != nil {
		change(c)
		l.changed(c, event())
	}
}
