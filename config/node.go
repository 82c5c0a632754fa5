package config

// Kind says what a node of the file is.
type Kind uint8

// The kinds of nodes. None is the kind of a Node that stands for nothing, such
// as a key that the file does not have.
const (
	None Kind = iota
	Null
	Scalar
	List
	Mapping
)

// String names the kind as problems do ("a list").
func (k Kind) String() string {
	switch k {
	case Null:
		return "nothing"
	case Scalar:
		return "a single value"
	case List:
		return "a list"
	case Mapping:
		return "a map of keys"
	default:
		return "no value"
	}
}

// node is a value in the tree, with its place.
type node struct {
	kind      Kind
	src       *source
	line, col int
	width     int // of the value in its line, in runes

	text     string // of a scalar, after expansion
	written  string // of a scalar, as it stands in the file (after quotes)
	quoted   bool   // "…" or '…'
	block    bool   // | or >
	expanded bool   // at least one ${NAME} was filled in
	missing  []string
	secret   bool // never echo text or written

	items   []*node
	entries []*entry
	partial bool // a part of this map could not be read; do not complain about missing keys
	size    int  // nodes below and including this one, aliases counted each time
}

// entry is a key of a map with its value.
type entry struct {
	key    string
	at     At
	value  *node
	second *entry // the same key in another included file
	odd    bool   // the key's letters were reported already
	via    At     // the "<<" that brought the entry here; zero for a key written here
}

// Node is a value of the file for decoders that look for themselves. The zero
// Node stands for nothing.
type Node struct{ n *node }

// Entry is a key of a map with its value.
type Entry struct {
	Key   string
	At    At // of the key
	Value Node
}

// Kind says what the node is.
func (n Node) Kind() Kind {
	if n.n == nil {
		return None
	}
	return n.n.kind
}

// IsZero reports whether the node is absent or has no value.
func (n Node) IsZero() bool { return n.n == nil || n.n.kind == Null }

// At returns the node's place.
func (n Node) At() At { return n.n.at() }

// Text returns a scalar's text, with ${NAME} filled in. Never put it into a
// problem: use Quote.
func (n Node) Text() string {
	if n.n == nil {
		return ""
	}
	return n.n.text
}

// Quote returns a scalar as a problem may show it: shortened, with ${NAME}
// instead of what it stands for, and never a secret.
func (n Node) Quote() string {
	if n.n == nil {
		return `""`
	}
	return n.n.quote()
}

// Unset returns the names of the environment variables that the scalar asks for
// and that are not set.
func (n Node) Unset() []string {
	if n.n == nil {
		return nil
	}
	return n.n.missing
}

// Field returns the value of a key, and whether the key is there.
func (n Node) Field(name string) (Node, bool) {
	e := n.n.find(name)
	if e == nil {
		return Node{}, false
	}
	return Node{e.merged()}, true
}

// Entries returns a map's keys in the order of the file.
func (n Node) Entries() []Entry {
	if n.n == nil {
		return nil
	}
	out := make([]Entry, 0, len(n.n.entries))
	for _, e := range n.n.entries {
		out = append(out, Entry{Key: e.key, At: e.at, Value: Node{e.merged()}})
	}
	return out
}

// Items returns a list's values.
func (n Node) Items() []Node {
	if n.n == nil {
		return nil
	}
	out := make([]Node, 0, len(n.n.items))
	for _, item := range n.n.items {
		out = append(out, Node{item})
	}
	return out
}

func (n *node) at() At {
	if n == nil {
		return At{}
	}
	return At{src: n.src, line: n.line, col: n.col, width: n.width, n: n}
}

func (n *node) find(name string) *entry {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == name {
			return e
		}
	}
	return nil
}

// merged returns the entry's value, joined with the same key of another file
// when both are maps. Conflicts below are kept in the joined entries.
func (e *entry) merged() *node {
	if e.second == nil || e.value.kind != Mapping || e.second.value.kind != Mapping {
		return e.value
	}
	return joined(e.value, e.second.merged())
}

// joined returns a map with the keys of both. A key of both keeps the second
// value beside the first for whoever knows whether that is a conflict.
func joined(a, b *node) *node {
	out := *a
	out.partial = a.partial || b.partial
	out.entries = make([]*entry, 0, len(a.entries)+len(b.entries))
	index := make(map[string]int, len(a.entries))
	for _, e := range a.entries {
		index[e.key] = len(out.entries)
		out.entries = append(out.entries, e)
	}
	for _, e := range b.entries {
		i, both := index[e.key]
		if !both {
			out.entries = append(out.entries, e)
			continue
		}
		out.entries[i] = out.entries[i].with(e)
	}
	return &out
}

// with returns a copy of e that has other as a further definition.
func (e *entry) with(other *entry) *entry {
	first := *e
	if first.second == nil {
		first.second = other
		return &first
	}
	first.second = first.second.with(other)
	return &first
}
