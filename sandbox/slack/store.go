package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// record is one line of the look-alike's file; one field is set.
type record struct {
	Person *person   `json:"person,omitempty"`
	Entry  *entry    `json:"entry,omitempty"`
	File   *file     `json:"file,omitempty"`
	Home   *home     `json:"home,omitempty"`
	Modals *modals   `json:"modals,omitempty"` // what is open for a person now
	Hook   *hook     `json:"hook,omitempty"`   // as it stands now
	Event  *delivery `json:"event,omitempty"`  // one that the app has not acknowledged
	Acked  int64     `json:"acked,omitempty"`  // the event with that number is done
	LastTS int64     `json:"last_ts,omitempty"`
	LastNo int64     `json:"last_no,omitempty"` // the newest event's number
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
	case r.File != nil:
		l.files[r.File.ID] = r.File
	case r.Home != nil:
		l.homes[r.Home.Person] = r.Home
	case r.Modals != nil:
		l.replayModals(r.Modals)
	case r.Hook != nil:
		l.replayHook(r.Hook)
	case r.Event != nil:
		l.queue.next = max(l.queue.next, r.Event.No)
		l.queue.pending = append(l.queue.pending, r.Event)
	case r.Acked != 0:
		l.queue.forget(r.Acked)
	case r.LastTS != 0:
		l.lastTS = max(l.lastTS, r.LastTS)
	case r.LastNo != 0:
		l.queue.next = max(l.queue.next, r.LastNo)
	}
	return nil
}

// arrived gives a person their private chat with the bot.
func (l *Lookalike) arrived(p *person) {
	l.byID[p.ID] = p
	c := &channel{id: p.DM, owner: p}
	l.channels = append(l.channels, c)
	l.byChan[c.id] = c
}

// addChannel makes a public channel in which the bot is.
func (l *Lookalike) addChannel(name string) *channel {
	name = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "#"))
	c := &channel{id: id("C", "channel", name), name: name}
	if channelForm(name) { // the configuration names it by its id
		c.id, c.name = strings.ToUpper(name), "channel-"+name
	}
	if known := l.byChan[c.id]; known != nil {
		return known
	}
	l.channels = append(l.channels, c)
	l.byChan[c.id] = c
	return c
}

// channelForm says whether a lower-cased name is a channel's id and no name.
func channelForm(name string) bool {
	return len(name) >= 9 && name[0] == 'c' && strings.ContainsAny(name, "0123456789") && !strings.ContainsAny(name, "-_ ")
}

func (l *Lookalike) replayEntry(e *entry) {
	c := l.byChan[e.Channel]
	if c == nil {
		return
	}
	l.lastTS = max(l.lastTS, micros(e.Message.TS))
	c.remember(e)
}

// micros is a ts as a number, 0 for what is none.
func micros(ts string) int64 {
	whole, part, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// keepEntry saves a message in its present state together with the events that it makes, and adds it if it is new.
func (l *Lookalike) keepEntry(c *channel, e *entry, events ...map[string]any) error {
	records := []record{{Entry: e}}
	fresh := make([]*delivery, len(events))
	for i, event := range events {
		fresh[i] = l.event(event)
		records = append(records, record{Event: fresh[i]})
	}
	if err := l.save(records...); err != nil {
		return err
	}
	c.remember(e)
	l.enqueue(fresh...)
	return nil
}

// emit sends an event that belongs to no message.
func (l *Lookalike) emit(event map[string]any) error {
	d := l.event(event)
	if err := l.save(record{Event: d}); err != nil {
		return err
	}
	l.enqueue(d)
	return nil
}

// snapshot is everything that is still of use, as records.
func (l *Lookalike) snapshot() []any {
	out := []any{record{LastTS: max(l.lastTS, 1)}, record{LastNo: max(l.queue.next, 1)}}
	for _, p := range l.people.All() {
		out = append(out, record{Person: p})
	}
	for _, c := range l.channels {
		for _, e := range c.entries {
			if !e.Deleted {
				out = append(out, record{Entry: e})
			}
		}
	}
	for _, fileID := range sortedKeys(l.files) {
		out = append(out, record{File: l.files[fileID]})
	}
	for _, name := range sortedKeys(l.homes) {
		out = append(out, record{Home: l.homes[name]})
	}
	for _, name := range sortedKeys(l.modals) {
		out = append(out, record{Modals: &modals{Person: name, Open: l.modals[name]}})
	}
	for _, secret := range sortedKeys(l.hooks) {
		if h := l.hooks[secret]; !h.expired() {
			out = append(out, record{Hook: h})
		}
	}
	for _, d := range l.queue.pending {
		out = append(out, record{Event: d})
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
