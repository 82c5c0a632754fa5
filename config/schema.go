package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/rapport-chat/rapport/language"
)

// SchemaDescriber is a NodeDecoder that describes itself to editors.
type SchemaDescriber interface{ JSONSchema() *jsonschema.Schema }

// JSONSchema returns the schema of a configuration, for editors: what Decode
// accepts for root, with the doc tags as descriptions and the values that root
// holds as defaults. sections names the Go values behind fields of type Node by
// their path, such as "channels.telegram".
//
// Required sections are not marked: an included file may hold them.
func JSONSchema(root any, sections map[string]any) ([]byte, error) {
	b := &schemaBuilder{sections: sections, defs: jsonschema.Definitions{}, names: map[reflect.Type]string{}}
	v := reflect.Indirect(reflect.ValueOf(root))
	out := b.object(v, "")
	out.Version = jsonschema.Version
	out.Required = nil
	out.Definitions = b.defs
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// patterned is a value type written as a text of a certain form.
type patterned interface {
	pattern() (expr string, examples []any)
}

// wrapper is a type of this package around another: Map and Located.
type wrapper interface {
	// wrapped returns an element and whether it is one of many, by id.
	wrapped() (elem reflect.Value, keyed bool)
}

func (m *Map[T]) wrapped() (reflect.Value, bool) {
	v := reflect.New(reflect.TypeFor[T]()).Elem()
	setDefaults(v)
	return v, true
}

func (l *Located[T]) wrapped() (reflect.Value, bool) {
	return reflect.ValueOf(&l.Value).Elem(), false
}

// variable allows ${NAME} where something else than a text is wanted.
const variable = `^.*\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}.*$`

type schemaBuilder struct {
	sections map[string]any
	defs     jsonschema.Definitions
	names    map[reflect.Type]string
}

// value returns the schema of a Go value at a path.
func (b *schemaBuilder) value(v reflect.Value, path string, ru rules) *jsonschema.Schema {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			setDefaults(fresh.Elem())
			v = fresh
		}
		v = v.Elem()
	}
	if !v.CanAddr() {
		copied := reflect.New(v.Type()).Elem()
		copied.Set(v)
		v = copied
	}
	if own := b.own(v, path, ru); own != nil {
		return own
	}
	switch v.Kind() {
	case reflect.Struct:
		return b.reference(v, path)
	case reflect.Slice:
		return b.list(v, path, ru)
	case reflect.Map:
		return b.goMap(v, path, ru)
	case reflect.String:
		return b.text(v, ru)
	case reflect.Bool:
		return anyOf(&jsonschema.Schema{Type: "boolean"}, &jsonschema.Schema{Type: "string", Pattern: variable})
	}
	number := &jsonschema.Schema{Type: "integer", Minimum: json.Number(ru.min), Maximum: json.Number(ru.max)}
	if v.CanFloat() {
		number.Type = "number"
	}
	return anyOf(number, &jsonschema.Schema{Type: "string", Pattern: variable})
}

// own handles the types that decode themselves.
func (b *schemaBuilder) own(v reflect.Value, path string, ru rules) *jsonschema.Schema {
	switch x := v.Addr().Interface().(type) {
	case *Node:
		if section, ok := b.sections[path]; ok {
			return b.value(reflect.ValueOf(section), path, rules{})
		}
		return &jsonschema.Schema{}
	case SchemaDescriber:
		return x.JSONSchema()
	case wrapper:
		return b.wrapped(x, path, ru)
	case *Hours:
		return hoursSchema()
	case *LocalText:
		return localTextSchema()
	case *Money:
		return anyOf(&jsonschema.Schema{Type: "number"}, &jsonschema.Schema{Type: "string", Pattern: variable})
	case *language.Code:
		return &jsonschema.Schema{Type: "string", Enum: languageCodes()}
	case *Secret:
		return &jsonschema.Schema{Type: "string"}
	case patterned:
		return patternSchema(x)
	case encoding.TextUnmarshaler:
		return &jsonschema.Schema{Type: "string"}
	}
	if v.Type() == durationType {
		return patternSchema(Duration(0))
	}
	return nil
}

func patternSchema(x patterned) *jsonschema.Schema {
	expr, examples := x.pattern()
	return &jsonschema.Schema{Type: "string", Pattern: "^(" + expr + "|.*\\$\\{.+\\}.*)$", Examples: examples}
}

func (b *schemaBuilder) wrapped(w wrapper, path string, ru rules) *jsonschema.Schema {
	elem, keyed := w.wrapped()
	if !keyed {
		return b.value(elem, path, ru)
	}
	out := &jsonschema.Schema{Type: "object"}
	if ru.keys != nil {
		out.PropertyNames = &jsonschema.Schema{Enum: anys(ru.keys)}
	}
	if elem.Type() == nodeType {
		out.Properties = jsonschema.NewProperties()
		for _, name := range slices.Sorted(maps.Keys(b.sections)) {
			if id, below := strings.CutPrefix(name, path+"."); below && !strings.Contains(id, ".") {
				out.Properties.Set(id, b.value(reflect.ValueOf(b.sections[name]), name, rules{}))
			}
		}
		if out.Properties.Len() > 0 {
			out.AdditionalProperties = jsonschema.FalseSchema
		}
		return out
	}
	out.AdditionalProperties = b.value(elem, path+".*", ru.forItems())
	return out
}

// reference returns a $ref to the struct's definition, which it makes once.
func (b *schemaBuilder) reference(v reflect.Value, path string) *jsonschema.Schema {
	t := v.Type()
	if t.Name() == "" {
		return b.object(v, path)
	}
	name, known := b.names[t]
	if !known {
		name = t.Name()
		if i := strings.LastIndex(t.PkgPath(), "/"); i >= 0 {
			name = t.PkgPath()[i+1:] + "." + name
		}
		for b.defs[name] != nil {
			name += "_"
		}
		b.names[t] = name
		b.defs[name] = &jsonschema.Schema{} // taken, also while it is made
		*b.defs[name] = *b.object(v, path)
	}
	return &jsonschema.Schema{Ref: "#/$defs/" + name}
}

func (b *schemaBuilder) object(v reflect.Value, path string) *jsonschema.Schema {
	out := &jsonschema.Schema{Type: "object", AdditionalProperties: jsonschema.FalseSchema, Properties: jsonschema.NewProperties()}
	for _, f := range layoutOf(v.Type()).fields {
		fv := v.FieldByIndex(f.index)
		below := strings.TrimPrefix(path+"."+f.name, ".")
		s := b.value(fv, below, f.rules)
		if f.doc != "" {
			s.Description = f.doc
		}
		s.Default = defaultOf(fv)
		out.Properties.Set(f.name, s)
		switch {
		case f.secret:
			out.Properties.Set(f.name+"_file", &jsonschema.Schema{Type: "string", Description: "Path of a file that holds " + f.name + "."})
			out.AllOf = append(out.AllOf, secretChoice(f))
		case f.rules.required:
			out.Required = append(out.Required, f.name)
		}
	}
	if path == "" {
		out.Properties.Set("include", &jsonschema.Schema{
			Description: "More files, as paths or patterns from the folder of this one.",
			AnyOf:       []*jsonschema.Schema{{Type: "string"}, {Type: "array", Items: &jsonschema.Schema{Type: "string"}}},
		})
		out.AllOf, out.Required = nil, nil
	}
	return out
}

// secretChoice says: x or x_file, not both, and one of them when required.
func secretChoice(f field) *jsonschema.Schema {
	both := &jsonschema.Schema{Not: &jsonschema.Schema{Required: []string{f.name, f.name + "_file"}}}
	if !f.rules.required {
		return both
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Required: []string{f.name}}, {Required: []string{f.name + "_file"}}}}
}

func (b *schemaBuilder) list(v reflect.Value, path string, ru rules) *jsonschema.Schema {
	elem := reflect.New(v.Type().Elem()).Elem()
	setDefaults(elem)
	item := b.value(elem, path+"[]", ru.forItems())
	list := &jsonschema.Schema{Type: "array", Items: item, MinItems: length(ru.min), MaxItems: length(ru.max)}
	if item.Ref != "" || item.Type == "object" || ru.min != "" && ru.min != "1" {
		return list
	}
	return anyOf(list, item)
}

func (b *schemaBuilder) goMap(v reflect.Value, path string, ru rules) *jsonschema.Schema {
	key := b.value(reflect.New(v.Type().Key()).Elem(), path, rules{enum: ru.keys})
	elem := reflect.New(v.Type().Elem()).Elem()
	setDefaults(elem)
	out := &jsonschema.Schema{Type: "object", AdditionalProperties: b.value(elem, path+".*", ru.forItems())}
	if key.Enum != nil || key.Pattern != "" {
		out.PropertyNames = &jsonschema.Schema{Enum: key.Enum, Pattern: key.Pattern}
	}
	return out
}

func (b *schemaBuilder) text(v reflect.Value, ru rules) *jsonschema.Schema {
	allowed := ru.enum
	if e, ok := v.Addr().Interface().(Enumerated); ok && allowed == nil {
		allowed = e.Values()
	}
	if allowed != nil {
		return &jsonschema.Schema{Type: "string", Enum: anys(allowed)}
	}
	text := &jsonschema.Schema{Type: "string", MinLength: length(ru.min), MaxLength: length(ru.max)}
	// A phone or a code may stand without quotes.
	return anyOf(text, &jsonschema.Schema{Type: "number"})
}

func hoursSchema() *jsonschema.Schema {
	expr, examples := TimeRange{}.pattern()
	line := &jsonschema.Schema{Type: "string", Pattern: "^(" + expr + "(,\\s*" + expr + ")*|closed|all day|.*\\$\\{.+\\}.*)$", Examples: examples}
	lines := anyOf(line, &jsonschema.Schema{Type: "array", Items: line})
	return anyOf(line, &jsonschema.Schema{Type: "array", Items: line}, &jsonschema.Schema{Type: "object", AdditionalProperties: lines})
}

func localTextSchema() *jsonschema.Schema {
	by := &jsonschema.Schema{Type: "object", AdditionalProperties: jsonschema.FalseSchema, Properties: jsonschema.NewProperties(), MinProperties: length("1")}
	for _, c := range language.All {
		by.Properties.Set(string(c), &jsonschema.Schema{Type: "string", Description: c.Name()})
	}
	return anyOf(&jsonschema.Schema{Type: "string"}, by)
}

func anyOf(choices ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: choices}
}

func length(bound string) *uint64 {
	var n uint64
	if bound == "" {
		return nil
	}
	if _, err := fmt.Sscan(bound, &n); err != nil {
		return nil
	}
	return &n
}

func anys(list []string) []any {
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

func languageCodes() []any {
	out := make([]any, 0, len(language.All))
	for _, c := range language.All {
		out = append(out, string(c))
	}
	return out
}

// defaultOf returns a field's value as the schema's default, nil when it has
// none or is not a single value.
func defaultOf(v reflect.Value) any {
	if v.IsZero() {
		return nil
	}
	switch x := v.Interface().(type) {
	case Secret, Hours, LocalText, Node:
		return nil
	case Money:
		return json.Number(x.String())
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil || len(text) == 0 {
			return nil
		}
		return string(text)
	}
	if v.Type() == durationType {
		return Duration(v.Int()).String()
	}
	switch v.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Interface()
	}
	return nil
}
