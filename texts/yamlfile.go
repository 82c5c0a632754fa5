package texts

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/rapport-chat/rapport/language"
)

// Forms holds the forms of a counted noun, or of a whole message, by plural category.
type Forms map[language.Plural]string

// nounsKey is the top-level key of a file under which the counted nouns stand.
const nounsKey = "nouns"

// single is the category under which a message without plural forms is kept.
const single = language.Other

// record is one message of a file with its place.
type record struct {
	key          string
	forms        Forms
	plural       bool // written as plural forms, not as one text
	line, column int
}

// Problem is something wrong in an operator's file of texts. A Warning does not keep
// the text from being used.
type Problem struct {
	File         string
	Line, Column int
	Key          string
	Message      string
	Warning      bool
}

// Error says where and what.
func (p Problem) Error() string {
	where := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Key == "" {
		return where + p.Message
	}
	return where + p.Key + ": " + p.Message
}

// readFile flattens a YAML file into records, in the order of the file.
func readFile(name string, data []byte) ([]record, []Problem) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, column := 1, 1
		if t := errorToken(err); t != nil && t.Position != nil {
			line, column = t.Position.Line, t.Position.Column
		}
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, []Problem{{File: name, Line: line, Column: column, Message: "not readable as YAML: " + message}}
	}
	f := flattener{file: name, seen: map[string]int{}}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.NullType {
			continue
		}
		f.node("", doc.Body)
	}
	return f.records, f.problems
}

// errorToken returns the place that a goccy error points at, if it tells one.
func errorToken(err error) *token.Token {
	var placed interface{ GetToken() *token.Token }
	if errors.As(err, &placed) {
		return placed.GetToken()
	}
	return nil
}

type flattener struct {
	file     string
	records  []record
	problems []Problem
	seen     map[string]int // key -> line
}

func (f *flattener) problem(key string, n ast.Node, message string) {
	line, column := place(n)
	f.problems = append(f.problems, Problem{File: f.file, Line: line, Column: column, Key: key, Message: message})
}

func place(n ast.Node) (line, column int) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 1, 1
}

// node takes a mapping apart; everything else at this level is out of place.
func (f *flattener) node(prefix string, n ast.Node) {
	values, ok := mapping(n)
	if !ok {
		f.problem(prefix, n, "here stands one text; expected keys with a text each")
		return
	}
	if forms, ok := f.plural(prefix, values); ok {
		f.add(prefix, n, forms, true)
		return
	}
	for _, v := range values {
		key := v.Key.GetToken().Value
		if prefix != "" {
			key = prefix + "." + key
		}
		if text, ok := scalar(v.Value); ok {
			f.add(key, v.Key, Forms{single: text}, false)
			continue
		}
		if v.Value.Type() == ast.NullType {
			f.problem(key, v.Key, "the text is empty; leave the key out to keep the built-in text")
			continue
		}
		f.node(key, v.Value)
	}
}

func (f *flattener) add(key string, n ast.Node, forms Forms, plural bool) {
	line, column := place(n)
	if first, twice := f.seen[key]; twice {
		f.problem(key, n, fmt.Sprintf("stands twice in this file, first in line %d", first))
		return
	}
	f.seen[key] = line
	f.records = append(f.records, record{key: key, forms: forms, plural: plural, line: line, column: column})
}

// plural reads {one: ..., other: ...}: a mapping that has other and nothing but
// plural categories.
func (f *flattener) plural(key string, values []*ast.MappingValueNode) (Forms, bool) {
	forms := Forms{}
	for _, v := range values {
		category := language.Plural(v.Key.GetToken().Value)
		switch category {
		case language.One, language.Few, language.Many, language.Other:
		default:
			return nil, false
		}
		text, ok := scalar(v.Value)
		if !ok {
			return nil, false
		}
		forms[category] = text
	}
	if _, ok := forms[language.Other]; !ok || key == "" {
		return nil, false
	}
	return forms, true
}

func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

// scalar returns a text; numbers and words that YAML reads as something else (yes,
// 10) are texts here too.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(v.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}
