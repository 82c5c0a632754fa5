package config

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// The parser recurses for every level and for every key of a block map, and
// takes quadratic time in the keys of one map (40,000 keys: 4 s). These limits
// keep a file from overflowing the stack, which no recover can catch.
const (
	// maxDepth bounds how deep a file may nest.
	maxDepth = 60
	// maxKeys bounds the keys of one map.
	maxKeys = 10_000
)

var deepHint = fmt.Sprintf("use at most %d levels", maxDepth)

const (
	tooDeep     = "the file is nested too deeply"
	tooManyKeys = "the map has too many keys"
)

// limits walks the tokens and keeps the columns of the open block maps.
type limits struct {
	flow    int // open { and [
	markers int // anchors, tags and ? in a row: each nests a level
	open    []openMap
}

type openMap struct{ column, keys int }

// beyondLimits returns the place and the reason of the first token that goes
// beyond a limit, or nil.
func beyondLimits(tokens token.Tokens) (place *token.Position, message string) {
	var l limits
	for _, tk := range tokens {
		if message := l.add(tk); message != "" {
			return tk.Position, message
		}
	}
	return nil, ""
}

func (l *limits) add(tk *token.Token) string {
	switch tk.Type {
	case token.MappingStartType, token.SequenceStartType:
		l.flow++
	case token.MappingEndType, token.SequenceEndType:
		l.flow = max(l.flow-1, 0)
	case token.AnchorType, token.TagType, token.MappingKeyType:
		l.markers++
	case token.SequenceEntryType:
		l.markers = 0
		l.block(tk.Position.Column)
	case token.MappingValueType:
		l.markers = 0
		if key := tk.Prev; key != nil && key.Position.Line == tk.Position.Line {
			return l.key(key.Position.Column)
		}
	case token.CollectEntryType:
		l.markers = 0
	}
	if l.flow+l.markers+len(l.open) > 2*maxDepth {
		return tooDeep
	}
	return ""
}

// key counts a key of a block map.
func (l *limits) key(column int) string {
	if l.flow > 0 {
		return ""
	}
	l.block(column)
	top := &l.open[len(l.open)-1]
	top.keys++
	if top.keys > maxKeys {
		return tooManyKeys
	}
	return ""
}

// block closes what is indented deeper than the column and opens it.
func (l *limits) block(column int) {
	if l.flow > 0 {
		return
	}
	for len(l.open) > 0 && l.open[len(l.open)-1].column > column {
		l.open = l.open[:len(l.open)-1]
	}
	if len(l.open) == 0 || l.open[len(l.open)-1].column < column {
		l.open = append(l.open, openMap{column: column})
	}
}
