package config

import (
	"fmt"
	"path/filepath"
)

// At is a place in a configuration file. Embed it in a struct that is decoded
// and it holds the struct's own place, so that later checks can report there:
//
//	r.Errorf(offer.Field("gift"), hint, "there is no reward %q", offer.Gift)
//
// The zero At is a value that no file contains, such as a default. At has no
// String method on purpose: it would become that of every struct it is
// embedded in.
type At struct {
	src              *source
	line, col, width int
	n                *node
}

// IsZero reports whether the value stands in no file.
func (a At) IsZero() bool { return a.src == nil }

// File returns the name of the file as it is shown to the operator.
func (a At) File() string {
	if a.src == nil {
		return ""
	}
	return a.src.name
}

// Line returns the line, from 1; 0 for the zero At.
func (a At) Line() int { return a.line }

// Column returns the column, from 1, counted in characters.
func (a At) Column() int { return a.col }

// Place returns file:line:column.
func (a At) Place() string {
	if a.src == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", a.src.name, a.line, a.col)
}

// Field returns the place of the value under the given keys, as far down as
// they exist: a missing key gives the place of the map that lacks it.
func (a At) Field(names ...string) At {
	for _, name := range names {
		e := a.n.find(name)
		if e == nil {
			return a
		}
		a = e.merged().at()
		if a.n.kind == Mapping || a.n.kind == Null {
			// The key's line tells more than the first line of what is below it.
			a.src, a.line, a.col, a.width = e.at.src, e.at.line, e.at.col, e.at.width
		}
	}
	return a
}

// Key returns the place of a key itself, or a when there is no such key.
func (a At) Key(name string) At {
	if e := a.n.find(name); e != nil {
		return e.at
	}
	return a
}

// Item returns the place of a list's item, from 0, or a outside the list.
func (a At) Item(i int) At {
	if a.n == nil || i < 0 || i >= len(a.n.items) {
		return a
	}
	return a.n.items[i].at()
}

// Has reports whether the map at this place has the key.
func (a At) Has(name string) bool { return a.n.find(name) != nil }

// Resolve returns a path as seen from the folder of the file that names it.
func (a At) Resolve(path string) string {
	if path == "" || filepath.IsAbs(path) || a.src == nil {
		return path
	}
	return filepath.Join(a.src.dir, path)
}
