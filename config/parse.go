package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxNodes bounds a file with its aliases written out.
	maxNodes = 2_000_000
)

// syntaxError is the parser's complaint with its place.
type syntaxError struct {
	line, col int
	message   string
	final     bool // the rest is not worth parsing
}

func (e *syntaxError) Error() string { return e.message }

// parseYAML reads text into the parser's tree. The parser is a third party's
// and the text a stranger's: a panic becomes an error.
func parseYAML(text string) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			file, err = nil, &syntaxError{line: 1, col: 1, message: "the YAML parser cannot read this file"}
		}
	}()
	tokens := lexer.Tokenize(text)
	if place, message := beyondLimits(tokens); place != nil {
		return nil, &syntaxError{line: place.Line, col: place.Column, message: message, final: true}
	}
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file, nil
	}
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &located) && located.GetToken() != nil && located.GetToken().Position != nil {
		at := located.GetToken().Position
		return nil, &syntaxError{line: max(at.Line, 1), col: max(at.Column, 1), message: located.GetMessage()}
	}
	return nil, &syntaxError{line: 1, col: 1, message: "this is not YAML"}
}

// converter turns the parser's tree into nodes, with anchors and merges
// resolved and variables filled in.
type converter struct {
	src     *source
	r       *Report
	anchors map[string]*node
}

// convert returns the node of a value, never nil.
func (c *converter) convert(n ast.Node, depth int) *node {
	if depth > maxDepth {
		out := &node{kind: Null, src: c.src, line: 1, col: 1}
		if n != nil {
			out = c.start(n, Null)
		}
		c.r.Errorf(out.at(), deepHint, "%s", tooDeep)
		return out
	}
	out := c.value(n, depth)
	if out.size == 0 {
		out.size = 1
	}
	return out
}

func (c *converter) value(n ast.Node, depth int) *node {
	switch v := n.(type) {
	case nil:
		return &node{kind: Null, src: c.src, line: 1, col: 1}
	case *ast.MappingNode:
		return c.mapping(v, v.Values, depth)
	case *ast.MappingValueNode:
		return c.mapping(v, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		return c.sequence(v, depth)
	case *ast.AnchorNode:
		out := c.convert(v.Value, depth+1)
		c.anchors[v.Name.GetToken().Value] = out
		return out
	case *ast.AliasNode:
		return c.alias(v)
	case *ast.TagNode:
		return c.tagged(v, depth)
	case *ast.NullNode:
		return c.start(n, Null)
	case *ast.LiteralNode:
		return c.literal(v)
	default:
		return c.scalar(n)
	}
}

func (c *converter) start(n ast.Node, kind Kind) *node {
	out := &node{kind: kind, src: c.src, line: 1, col: 1, width: 1, size: 1}
	if tk := n.GetToken(); tk != nil && tk.Position != nil {
		out.line, out.col = max(tk.Position.Line, 1), max(tk.Position.Column, 1)
		out.col = columnOf(c.src.line(out.line), out.col, tk)
	}
	return out
}

// columnOf corrects a token's column: the scanner does not count the tabs
// outside quotes. The token is looked for as far to the right as there are tabs.
func columnOf(line string, column int, tk *token.Token) int {
	tabs := strings.Count(line, "\t")
	if tabs == 0 {
		return column
	}
	want := tk.Value
	switch tk.Type {
	case token.DoubleQuoteType:
		want = `"`
	case token.SingleQuoteType:
		want = "'"
	case token.ImplicitNullType:
		return column
	}
	want, _, _ = strings.Cut(want, "\n")
	runes := []rune(line)
	for _, start := range []string{want, firstRune(want)} {
		for at := column; at <= column+tabs && at <= len(runes); at++ {
			if strings.HasPrefix(string(runes[at-1:]), start) {
				return at
			}
		}
	}
	return column
}

func firstRune(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

func (c *converter) scalar(n ast.Node) *node {
	out := c.start(n, Scalar)
	tk := n.GetToken()
	out.text, out.written = tk.Value, tk.Value
	out.quoted = tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
	out.width = widthInLine(c.src.line(out.line), out.col, tk, out.quoted)
	if !out.quoted && isNull(out.text) {
		out.kind = Null
		return out
	}
	c.checkTab(out)
	c.checkCurly(out)
	c.expand(out)
	return out
}

func (c *converter) literal(n *ast.LiteralNode) *node {
	out := c.start(n, Scalar)
	out.block = true
	if n.Value != nil {
		out.text = n.Value.Value
	}
	out.written = out.text
	c.expand(out)
	return out
}

// widthInLine returns how much of its line a scalar takes.
func widthInLine(line string, col int, tk *token.Token, isQuoted bool) int {
	rest := len([]rune(line)) - (col - 1)
	length := len([]rune(strings.TrimSpace(tk.Origin)))
	if !isQuoted {
		length = len([]rune(tk.Value))
	}
	return max(min(length, rest), 1)
}

func isNull(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

func (c *converter) sequence(n *ast.SequenceNode, depth int) *node {
	out := c.start(n, List)
	out.size = 1
	for _, value := range n.Values {
		item := c.convert(value, depth+1)
		if item.kind == Null && value == nil {
			item.line, item.col = out.line, out.col
		}
		out.items = append(out.items, item)
		out.size += item.size
	}
	c.budget(out)
	return out
}

func (c *converter) mapping(n ast.Node, values []*ast.MappingValueNode, depth int) *node {
	out := c.start(n, Mapping)
	first := make(map[string]*entry, len(values))
	var merges []*ast.MappingValueNode
	for i, value := range values {
		if value.Key.IsMergeKey() {
			merges = append(merges, value)
			continue
		}
		e := c.entry(value, depth)
		if i == 0 && !isFlow(n) {
			out.line, out.col, out.width = e.at.line, e.at.col, e.at.width
		}
		out.size += e.value.size
		if earlier := first[e.key]; earlier != nil {
			c.r.Errorf(e.at, fmt.Sprintf("it is already in line %d; keep one of the two", earlier.at.line),
				"the key %s is here twice", quoted(e.key))
			continue
		}
		first[e.key] = e
		out.entries = append(out.entries, e)
	}
	for _, m := range merges {
		c.merge(out, first, m, depth)
	}
	c.budget(out)
	return out
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

func (c *converter) entry(value *ast.MappingValueNode, depth int) *entry {
	key := c.key(value.Key)
	e := &entry{key: key.text, at: key.at()}
	e.value = c.convert(value.Value, depth+1)
	if e.value.kind == Null {
		e.value.line, e.value.col, e.value.width = key.line, key.col, key.width
	}
	// A key's place leads to its value, so that At.Field works from there too.
	e.at.n = e.value
	c.checkKey(e)
	return e
}

// key returns a map's key as a scalar; what is not a scalar is reported.
func (c *converter) key(n ast.MapKeyNode) *node {
	var inner ast.Node = n
	if k, ok := n.(*ast.MappingKeyNode); ok && k.Value != nil {
		inner = k.Value
	}
	out := c.start(inner, Scalar)
	switch v := inner.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		tk := v.GetToken()
		out.text, out.written = tk.Value, tk.Value
		out.quoted = tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
		out.width = widthInLine(c.src.line(out.line), out.col, tk, out.quoted)
	default:
		c.r.Errorf(out.at(), "write the key as a word", "a key must be a single word or number")
	}
	return out
}

// merge adds the keys of "<<: *anchor" that the map does not have itself: what
// is written here wins, as YAML 1.1 has it.
func (c *converter) merge(out *node, have map[string]*entry, m *ast.MappingValueNode, depth int) {
	via := c.start(m.Key, Scalar)
	via.width = 2
	from := c.convert(m.Value, depth+1)
	sources := []*node{from}
	if from.kind == List {
		sources = from.items
	}
	for _, s := range sources {
		if s.kind == Null {
			continue
		}
		if s.kind != Mapping {
			c.r.Errorf(via.at(), "write <<: *name, where &name stands at a map", "<< can only bring in a map of keys")
			continue
		}
		for _, e := range s.entries {
			if have[e.key] != nil {
				continue
			}
			brought := *e
			brought.via = via.at()
			have[e.key] = &brought
			out.entries = append(out.entries, &brought)
			out.size += e.value.size
		}
	}
}

func (c *converter) alias(n *ast.AliasNode) *node {
	name := ""
	if n.Value != nil && n.Value.GetToken() != nil {
		name = n.Value.GetToken().Value
	}
	if target := c.anchors[name]; target != nil {
		return target
	}
	out := c.start(n, Null)
	known := make([]string, 0, len(c.anchors))
	for k := range c.anchors {
		known = append(known, k)
	}
	hint := "put quotes around a text that begins with *"
	if best := nearest(name, known); best != "" {
		hint = fmt.Sprintf("did you mean *%s?", best)
	}
	out.width = 1 + len([]rune(name))
	c.r.Errorf(out.at(), hint, "*%s points to nothing: there is no &%s above", name, name)
	return out
}

func (c *converter) tagged(n *ast.TagNode, depth int) *node {
	tag := n.GetToken().Value
	out := c.convert(n.Value, depth+1)
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!map", "!!seq", "!!null":
		return out
	}
	at := c.start(n, Null)
	at.width = len([]rune(tag))
	c.r.Errorf(at.at(), "leave the tag out, or put quotes around a text that begins with !", "the tag %s means nothing here", quoted(tag))
	return out
}

// budget stops files that grow without end through aliases.
func (c *converter) budget(n *node) {
	if n.size <= maxNodes {
		return
	}
	c.r.Errorf(n.at(), "use fewer aliases (*name)", "the file is too large once its aliases are written out")
	n.items, n.entries, n.size = nil, nil, 1
}
