package config

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// field is how one struct field is read.
type field struct {
	name   string
	index  []int
	rules  rules
	secret bool
	doc    string
}

// layout is how a struct is read.
type layout struct {
	fields []field
	byName map[string]int
	names  []string // in the order of the struct, with x_file beside a secret x
	at     []int    // index of the embedded At, nil without one
}

var layouts sync.Map // reflect.Type to *layout

func layoutOf(t reflect.Type) *layout {
	if known, ok := layouts.Load(t); ok {
		return known.(*layout)
	}
	l := &layout{byName: map[string]int{}}
	l.add(t, nil)
	layouts.Store(t, l)
	return l
}

func (l *layout) add(t reflect.Type, prefix []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(append([]int(nil), prefix...), i)
		if sf.Anonymous && sf.Type == atType {
			if l.at == nil || len(index) < len(l.at) {
				l.at = index
			}
			continue
		}
		name, options, _ := strings.Cut(sf.Tag.Get("yaml"), ",")
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct && options == "inline" {
			l.add(sf.Type, index)
			continue
		}
		if name == "" || name == "-" || !sf.IsExported() {
			continue
		}
		l.put(t, field{
			name: name, index: index, rules: parseRules(sf),
			secret: sf.Type == secretType, doc: sf.Tag.Get("doc"),
		})
	}
}

func (l *layout) put(t reflect.Type, f field) {
	names := []string{f.name}
	if f.secret {
		names = append(names, f.name+"_file")
	}
	for _, name := range names {
		if _, taken := l.byName[name]; taken {
			panic(fmt.Sprintf("config: %s has the key %q twice", t, name))
		}
		l.byName[name] = len(l.fields)
	}
	l.names = append(l.names, names...)
	l.fields = append(l.fields, f)
}

// structure decodes a map of keys into a struct.
func (d *decoder) structure(n *node, v reflect.Value, s spot) {
	l := layoutOf(v.Type())
	if n.kind != Mapping {
		d.r.Errorf(n.at(), "write its keys below it, indented, each with a colon and a space; known: "+listed(l.names),
			"expected a map of keys%s, found %s", named(" for ", s.name), n.kind)
		return
	}
	if l.at != nil {
		v.FieldByIndex(l.at).Set(reflect.ValueOf(structAt(n, s)))
	}
	for _, e := range n.entries {
		i, ok := l.byName[e.key]
		if !ok {
			d.unknownKey(e, n, l, s)
			continue
		}
		f := l.fields[i]
		if !d.onlyOnce(e) || f.secret {
			continue
		}
		d.value(e.merged(), v.FieldByIndex(f.index), f.rules, spot{at: e.at, name: e.key, via: e.via})
	}
	for _, f := range l.fields {
		if f.secret {
			d.secret(n, v.FieldByIndex(f.index), f, s)
			continue
		}
		if f.rules.required && n.find(f.name) == nil {
			d.missingKey(n, s, f.name)
		}
	}
}

// structAt is the place of a struct: its key's line, with its keys below.
func structAt(n *node, s spot) At {
	at := n.at()
	if s.name != "" && s.at.src != nil {
		at.src, at.line, at.col, at.width = s.at.src, s.at.line, s.at.col, s.at.width
	}
	return at
}

func named(before, name string) string {
	if name == "" {
		return ""
	}
	return before + name
}

// onlyOnce reports a key that two included files define, unless both are maps,
// which are joined.
func (d *decoder) onlyOnce(e *entry) bool {
	if e.second == nil || e.merged() != e.value {
		return true
	}
	d.r.Errorf(e.second.at, fmt.Sprintf("it is already in %s; keep one of the two", e.at.Place()),
		"%s is defined twice", e.key)
	return true
}

func (d *decoder) missingKey(n *node, s spot, name string) {
	if n.partial {
		return
	}
	at := structAt(n, s)
	at.n = nil
	if s.name == "" {
		d.r.Errorf(at, fmt.Sprintf("add “%s:”", name), "the file has no %q", name)
		return
	}
	d.r.Errorf(at, fmt.Sprintf("add “%s: …” below %s", name, s.name), "%s has no %q", s.name, name)
}

func (d *decoder) unknownKey(e *entry, n *node, l *layout, s spot) {
	if e.odd || !e.via.IsZero() && d.r.hasErrorAt(e.at) {
		return
	}
	free := except(l.names, func(name string) bool { return n.find(name) != nil })
	best := nearest(e.key, free)
	if best == "" {
		if taken := nearest(e.key, l.names); taken != "" {
			best = taken
		}
	}
	if i, ok := l.byName[best]; ok && l.fields[i].secret || looksSecret(e.key) {
		e.value.hide()
	}
	at := e.at
	at.n = nil
	hint := "known here: " + listed(l.names)
	if len(l.names) == 0 {
		hint = "remove it"
	}
	if best != "" {
		hint = fmt.Sprintf("did you mean %q?", best)
		if len(l.names) <= maxListed && len(l.names) > 1 {
			hint += " Known here: " + listed(l.names)
		}
	}
	where := s.in()
	if s.name == "" && len(l.names) > 0 && best == "" {
		hint = "known at the top level: " + strings.Join(l.names, ", ")
	}
	if !e.via.IsZero() {
		where += fmt.Sprintf(" (brought in by << in line %d)", e.via.line)
	}
	d.r.Errorf(at, hint, "unknown key %s %s", quoted(e.key), where)
}

// slice decodes a list. A single value stands for a list of one.
func (d *decoder) slice(n *node, v reflect.Value, ru rules, s spot) {
	items := n.items
	switch n.kind {
	case Scalar:
		items = []*node{n}
	case Mapping:
		d.r.Errorf(n.at(), "begin each item with “- ”", "expected a list%s, found %s", named(" for ", s.name), n.kind)
		return
	}
	out := reflect.MakeSlice(v.Type(), 0, len(items))
	for i, item := range items {
		one := reflect.New(v.Type().Elem()).Elem()
		setDefaults(one)
		before := d.r.errors
		d.value(item, one, ru.forItems(), spot{at: item.at(), name: itemName(s.name, i)})
		if d.r.errors == before || one.Kind() == reflect.Struct {
			out = reflect.Append(out, one)
		}
	}
	v.Set(out)
	d.bounds(n, v, ru)
}

func itemName(list string, i int) string {
	if list == "" {
		return fmt.Sprintf("item %d", i+1)
	}
	return fmt.Sprintf("%s, item %d", list, i+1)
}

// goMap decodes into a Go map, whose keys lose their order.
func (d *decoder) goMap(n *node, v reflect.Value, ru rules, s spot) {
	if n.kind != Mapping {
		d.r.Errorf(n.at(), "write “key: value” pairs below it, indented", "expected a map of keys%s, found %s", named(" for ", s.name), n.kind)
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.entries))
	for _, e := range n.entries {
		key := reflect.New(v.Type().Key()).Elem()
		before := d.r.errors
		keyNode := &node{kind: Scalar, src: e.at.src, line: e.at.line, col: e.at.col, width: e.at.width, text: e.key, written: e.key, size: 1}
		d.value(keyNode, key, rules{enum: ru.keys}, spot{at: e.at, name: e.key})
		one := reflect.New(v.Type().Elem()).Elem()
		setDefaults(one)
		d.onlyOnce(e)
		d.value(e.merged(), one, ru.forItems(), spot{at: e.at, name: e.key, via: e.via})
		if d.r.errors == before {
			out.SetMapIndex(key, one)
		}
	}
	v.Set(out)
	d.bounds(n, v, ru)
}
