package discord

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// record is one line of the look-alike's file; one field is set.
type record struct {
	Person   *person    `json:"person,omitempty"`
	Entry    *entry     `json:"entry,omitempty"`
	Commands *[]command `json:"commands,omitempty"`
	File     *file      `json:"file,omitempty"`
	LastID   uint64     `json:"last_id,omitempty"`
	Waiting  string     `json:"waiting,omitempty"` // a message that the bot has not seen
	Seen     string     `json:"seen,omitempty"`
	Loan     *loan      `json:"loan,omitempty"` // as it stands now
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
	case r.Commands != nil:
		l.commands = *r.Commands
	case r.File != nil:
		l.files[r.File.ID] = r.File
	case r.Loan != nil:
		l.replayLoan(r.Loan)
	case r.LastID != 0:
		l.lastID = max(l.lastID, r.LastID)
	case r.Waiting != "":
		l.waiting[r.Waiting] = true
	case r.Seen != "":
		delete(l.waiting, r.Seen)
	}
	return nil
}

// arrived gives a person their private chat with the bot.
func (l *Lookalike) arrived(p *person) {
	l.byID[p.ID] = p
	l.chats[p.DM] = &chat{id: p.DM, owner: p}
}

func (l *Lookalike) replayEntry(e *entry) {
	c := l.chats[e.Message.ChannelID]
	if c == nil {
		return
	}
	if id, err := strconv.ParseUint(e.Message.ID, 10, 64); err == nil {
		l.lastID = max(l.lastID, id)
	}
	c.remember(e)
}

// keepEntry saves a message in its present state, and adds it if it is new.
func (l *Lookalike) keepEntry(c *chat, e *entry, more ...record) error {
	if err := l.save(append([]record{{Entry: e}}, more...)...); err != nil {
		return err
	}
	c.remember(e)
	return nil
}

// snapshot is everything that is still of use, as records.
func (l *Lookalike) snapshot() []any {
	out := []any{record{LastID: max(l.lastID, 1)}}
	for _, p := range l.people.All() {
		out = append(out, record{Person: p})
	}
	for _, id := range slices.Sorted(maps.Keys(l.chats)) {
		for _, e := range l.chats[id].entries {
			if !e.Deleted {
				out = append(out, record{Entry: e})
			}
		}
	}
	if l.commands != nil {
		out = append(out, record{Commands: &l.commands})
	}
	for _, id := range slices.Sorted(maps.Keys(l.files)) {
		out = append(out, record{File: l.files[id]})
	}
	for _, id := range slices.Sorted(maps.Keys(l.waiting)) {
		out = append(out, record{Waiting: id})
	}
	return append(out, l.loans()...)
}

// seen notes that the bot has been handed a message.
func (l *Lookalike) seen(id string) error {
	if !l.waiting[id] {
		return nil
	}
	delete(l.waiting, id)
	return l.save(record{Seen: id})
}
