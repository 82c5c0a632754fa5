package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"unicode"
)

// Map is a map keyed by id that keeps the order of the file and the place of
// each key. The ids of one Map are unique over all included files.
type Map[T any] struct {
	At
	Entries []MapEntry[T]
}

// MapEntry is one id of a Map with what it stands for.
type MapEntry[T any] struct {
	ID    string
	At    At // of the id
	Value T
}

// Get returns the entry of an id.
func (m *Map[T]) Get(id string) (*T, bool) {
	for i := range m.Entries {
		if m.Entries[i].ID == id {
			return &m.Entries[i].Value, true
		}
	}
	return nil, false
}

// All iterates over the entries in the order of the file. The pointers lead
// into the map, so that changes stay.
func (m *Map[T]) All() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		for i := range m.Entries {
			if !yield(m.Entries[i].ID, &m.Entries[i].Value) {
				return
			}
		}
	}
}

// IDs returns the ids in the order of the file.
func (m *Map[T]) IDs() []string {
	ids := make([]string, 0, len(m.Entries))
	for i := range m.Entries {
		ids = append(ids, m.Entries[i].ID)
	}
	return ids
}

// Len returns how many entries there are.
func (m *Map[T]) Len() int { return len(m.Entries) }

// MarshalJSON writes an object with the ids in the order of the file.
func (m Map[T]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, e := range m.Entries {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(e.ID)
		if err != nil {
			return nil, fmt.Errorf("write the id %q: %w", e.ID, err)
		}
		value, err := json.Marshal(e.Value)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", e.ID, err)
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (m *Map[T]) decode(d *decoder, n *node, ru rules, s spot) {
	if n.kind == Null {
		return
	}
	if n.kind != Mapping {
		d.r.Errorf(n.at(), "write “id: …” lines below it, indented", "expected a map of ids%s, found %s", named(" for ", s.name), n.kind)
		return
	}
	m.At = structAt(n, s)
	m.Entries = make([]MapEntry[T], 0, len(n.entries))
	for _, e := range n.entries {
		if !d.id(e, ru) {
			continue
		}
		one := MapEntry[T]{ID: e.key, At: e.at}
		v := reflect.ValueOf(&one.Value).Elem()
		setDefaults(v)
		d.value(e.value, v, ru.forItems(), spot{at: e.at, name: e.key, via: e.via})
		m.Entries = append(m.Entries, one)
	}
	size := reflect.ValueOf(&m.Entries).Elem()
	d.bounds(n, size, ru)
}

// maxIDLength is the longest id, in characters: ids stand in commands, reports
// and keys of the database.
const maxIDLength = 64

// id checks an id, and that no other file has it.
func (d *decoder) id(e *entry, ru rules) bool {
	at := e.at
	at.n = nil
	if e.second != nil {
		other := e.second.at
		other.n = nil
		d.r.Errorf(other, fmt.Sprintf("it is already in %s; ids are unique over all files", e.at.Place()), "the id %s is defined twice", quoted(e.key))
	}
	if e.odd {
		return false
	}
	if ru.keys != nil && !slices.Contains(ru.keys, e.key) {
		d.r.Errorf(at, Suggest(e.key, ru.keys), "%s is not possible here", quoted(e.key))
		return false
	}
	if runes := []rune(e.key); len(runes) == 0 || len(runes) > maxIDLength {
		d.r.Errorf(at, fmt.Sprintf("use 1 to %d letters, digits, _ or -", maxIDLength), "the id %s has a wrong length", quoted(e.key))
		return false
	}
	for _, c := range e.key {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' && c != '-' && c != '.' && !unicode.Is(unicode.Mn, c) {
			d.r.Errorf(at, "use letters, digits, _ and -, such as free_latte", "the id %s contains %q", quoted(e.key), string(c))
			return false
		}
	}
	return true
}

// Located is a single value that keeps its own place, for checks that need it
// after decoding (expressions, references).
type Located[T any] struct {
	At
	Value T
}

// MarshalJSON writes the value alone.
func (l Located[T]) MarshalJSON() ([]byte, error) { return json.Marshal(l.Value) }

func (l *Located[T]) decode(d *decoder, n *node, ru rules, s spot) {
	l.At = n.at()
	d.value(n, reflect.ValueOf(&l.Value).Elem(), ru, s)
}
