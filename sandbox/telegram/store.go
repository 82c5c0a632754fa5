package telegram

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// record is one line of the look-alike's file; one field is set.
type record struct {
	Person   *person       `json:"person,omitempty"`
	Entry    *entry        `json:"entry,omitempty"`
	Menu     *menuRecord   `json:"menu,omitempty"`
	Update   *update       `json:"update,omitempty"`
	Below    int64         `json:"below,omitempty"` // updates with a lower id are confirmed
	Done     int64         `json:"done,omitempty"`  // this one update is confirmed
	Hook     *hook         `json:"hook,omitempty"`
	Allowed  *[]string     `json:"allowed,omitempty"`
	Commands *commandList  `json:"commands,omitempty"`
	Text     *storedText   `json:"text,omitempty"`
	File     *file         `json:"file,omitempty"`
	Next     *nextCounters `json:"next,omitempty"`
}

type menuRecord struct {
	Chat int64       `json:"chat"`
	Keys [][]menuKey `json:"keys"`
}

type nextCounters struct {
	Message int   `json:"message"`
	Update  int64 `json:"update"`
	Query   int64 `json:"query"`
}

type commandList struct {
	Key  string    `json:"key"`
	List []command `json:"list"`
}

type storedText struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// save keeps what has changed, all of it or nothing.
func (l *Lookalike) save(records ...record) error {
	values := make([]any, len(records))
	for i, r := range records {
		values[i] = r
	}
	return l.log.Append(values...)
}

// replay takes one line of the file back into memory.
func (l *Lookalike) replay(line []byte) error {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("decode a record: %w", err)
	}
	switch {
	case r.Person != nil:
		l.people.Keep(r.Person)
	case r.Entry != nil:
		l.replayEntry(r.Entry)
	case r.Menu != nil:
		if c := l.chats[r.Menu.Chat]; c != nil {
			c.menu = r.Menu.Keys
		}
	case r.Update != nil:
		l.replayUpdate(r.Update)
	case r.Below != 0:
		l.queue.confirmBelow(r.Below)
	case r.Done != 0:
		l.queue.confirm(r.Done)
	case r.Hook != nil:
		l.queue.hook = *r.Hook
	case r.Allowed != nil:
		l.queue.allowed = *r.Allowed
	case r.Commands != nil:
		l.commands[r.Commands.Key] = r.Commands.List
	case r.Text != nil:
		l.texts[r.Text.Key] = r.Text.Value
	case r.File != nil:
		l.files[r.File.ID] = r.File
	case r.Next != nil:
		l.nextMessage = max(l.nextMessage, r.Next.Message)
		l.queue.next = max(l.queue.next, r.Next.Update)
		l.queue.nextQuery = max(l.queue.nextQuery, r.Next.Query)
	}
	return nil
}

// arrived gives a person their private chat with the bot.
func (l *Lookalike) arrived(p *person) {
	l.byID[p.ID] = p
	l.chats[p.ID] = &chat{
		owner: p,
		ref:   chatRef{ID: p.ID, FirstName: lookalike.DisplayName(p.Name), Username: username(p.Name), Type: "private"},
	}
}

func (l *Lookalike) replayEntry(e *entry) {
	c := l.chats[e.Message.Chat.ID]
	if c == nil {
		return
	}
	l.nextMessage = max(l.nextMessage, e.Message.ID+1)
	c.remember(e)
}

func (l *Lookalike) replayUpdate(u *update) {
	l.queue.next = max(l.queue.next, u.ID+1)
	l.queue.pending = append(l.queue.pending, u)
	if u.Query != "" {
		l.queries[u.Query] = &query{at: u.At, by: u.By}
		if n, err := strconv.ParseInt(u.Query, 10, 64); err == nil {
			l.queue.nextQuery = max(l.queue.nextQuery, n+1)
		}
	}
}

// snapshot is everything that is still of use, as records.
func (l *Lookalike) snapshot() []any {
	out := []any{record{Next: &nextCounters{Message: l.nextMessage, Update: l.queue.next, Query: l.queue.nextQuery}}}
	for _, p := range l.people.All() {
		out = append(out, record{Person: p})
	}
	for _, id := range slices.Sorted(maps.Keys(l.chats)) {
		c := l.chats[id]
		for _, e := range c.entries {
			if !e.Deleted {
				out = append(out, record{Entry: e})
			}
		}
		if c.menu != nil {
			out = append(out, record{Menu: &menuRecord{Chat: id, Keys: c.menu}})
		}
	}
	for _, u := range l.queue.pending {
		out = append(out, record{Update: u})
	}
	if l.queue.hook.URL != "" {
		out = append(out, record{Hook: &l.queue.hook})
	}
	if l.queue.allowed != nil {
		out = append(out, record{Allowed: &l.queue.allowed})
	}
	for _, key := range slices.Sorted(maps.Keys(l.commands)) {
		out = append(out, record{Commands: &commandList{Key: key, List: l.commands[key]}})
	}
	for _, key := range slices.Sorted(maps.Keys(l.texts)) {
		out = append(out, record{Text: &storedText{Key: key, Value: l.texts[key]}})
	}
	for _, id := range slices.Sorted(maps.Keys(l.files)) {
		out = append(out, record{File: l.files[id]})
	}
	return out
}
