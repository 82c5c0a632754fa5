package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// Checker is a decoded value with checks of its own. Check is called once the
// value and everything below it are decoded, also after problems: fields that
// could not be read keep their defaults.
type Checker interface{ Check(r *Report) }

// Defaulter sets the defaults of values that no caller can fill in before
// decoding: the elements of maps and lists and what a pointer leads to.
type Defaulter interface{ SetDefaults() }

// NodeDecoder is a type that reads its node itself.
type NodeDecoder interface{ DecodeConfig(n Node, r *Report) }

// Enumerated is a named string type that lists its values.
type Enumerated interface{ Values() []string }

// ValueError says why a text is not a value of its type. UnmarshalText methods
// return it so that the problem gets a hint and the right column.
type ValueError struct {
	Value   string // the text that was parsed
	Message string // goes on after the quoted text: "is not a time of day"
	Hint    string
	Offset  int // of the culprit in Value, in characters
}

// Error returns the value and what is wrong with it.
func (e *ValueError) Error() string { return quoted(e.Value) + " " + e.Message }

func invalid(value, hint, format string, args ...any) error {
	return &ValueError{Value: value, Hint: hint, Message: fmt.Sprintf(format, args...)}
}

// Decode reads a node into a struct, map, list or value. into must be a
// pointer; what the file does not say keeps the value it has. All problems go
// to the report; Decode panics only for Go types that it does not know.
func Decode(n Node, into any, r *Report) {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("config.Decode: %T is not a pointer to a value", into))
	}
	if n.n == nil {
		n.n = &node{kind: Mapping, partial: true, size: 1}
	}
	d := &decoder{r: r}
	d.value(n.n, v.Elem(), rules{}, spot{at: n.n.at()})
}

// decoder walks nodes and Go values side by side.
type decoder struct{ r *Report }

// spot says where a value stands, for messages.
type spot struct {
	at   At     // of the key, or of the value where there is no key
	name string // of the key or "id"; empty for the root
	via  At     // the "<<" that brought the value here
}

func (s spot) in() string {
	if s.name == "" {
		return "at the top level"
	}
	return "in " + s.name
}

// inner is what types of this package implement to decode with the walk.
type inner interface {
	decode(d *decoder, n *node, ru rules, s spot)
}

var (
	nodeType     = reflect.TypeFor[Node]()
	atType       = reflect.TypeFor[At]()
	secretType   = reflect.TypeFor[Secret]()
	langType     = reflect.TypeFor[language.Code]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (d *decoder) value(n *node, v reflect.Value, ru rules, s spot) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(Node{n}))
		return
	}
	if v.Kind() == reflect.Pointer {
		d.pointer(n, v, ru, s)
		return
	}
	if n.kind == Null && !wantsNull(v) {
		d.empty(n, v, ru, s)
		return
	}
	d.known(n, v, ru, s)
	d.check(v)
}

// known decodes by what the Go type is.
func (d *decoder) known(n *node, v reflect.Value, ru rules, s spot) {
	ptr := v.Addr().Interface()
	if own, ok := ptr.(inner); ok {
		own.decode(d, n, ru, s)
		return
	}
	if own, ok := ptr.(NodeDecoder); ok {
		own.DecodeConfig(Node{n}, d.r)
		return
	}
	switch v.Type() {
	case langType:
		d.language(n, v)
		return
	case durationType:
		d.text(n, v, (*Duration)(ptr.(*time.Duration)), ru)
		return
	}
	if own, ok := ptr.(encoding.TextUnmarshaler); ok {
		d.text(n, v, own, ru)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, s)
	case reflect.Slice:
		d.slice(n, v, ru, s)
	case reflect.Map:
		d.goMap(n, v, ru, s)
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		d.basic(n, v, ru)
	default:
		panic(fmt.Sprintf("config: cannot decode into %s", v.Type()))
	}
}

// wantsNull reports whether a type is told about a key without a value.
func wantsNull(v reflect.Value) bool {
	_, own := v.Addr().Interface().(NodeDecoder)
	return own
}

// empty handles a key without a value: sections and lists may be empty, a
// single value may not, since it is nearly always a forgotten one.
func (d *decoder) empty(n *node, v reflect.Value, ru rules, s spot) {
	switch v.Kind() {
	case reflect.Struct:
		if _, text := v.Addr().Interface().(encoding.TextUnmarshaler); !text && v.Type() != secretType {
			bare := *n
			bare.kind = Mapping
			d.known(&bare, v, ru, s)
			d.check(v)
			return
		}
	case reflect.Map, reflect.Slice:
		d.bounds(n, v, ru)
		return
	}
	d.r.Errorf(n.at(), "write a value, or leave the key out for the default", "%s has no value", s.name)
}

func (d *decoder) pointer(n *node, v reflect.Value, ru rules, s spot) {
	if v.IsNil() {
		fresh := reflect.New(v.Type().Elem())
		setDefaults(fresh.Elem())
		v.Set(fresh)
	}
	d.value(n, v.Elem(), ru, s)
}

func (d *decoder) check(v reflect.Value) {
	if c, ok := v.Addr().Interface().(Checker); ok {
		c.Check(d.r)
	}
}

// setDefaults applies SetDefaults to a fresh value, inner structs first.
func setDefaults(v reflect.Value) {
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Struct && v.Type().Field(i).IsExported() {
				setDefaults(f)
			}
		}
	}
	if def, ok := v.Addr().Interface().(Defaulter); ok {
		def.SetDefaults()
	}
}

// scalar checks that a node is a single value that can be used now.
func (d *decoder) scalar(n *node, wanted string) bool {
	if n.kind != Scalar {
		d.r.Errorf(n.at(), "write a single value after the colon", "expected %s, found %s", wanted, n.kind)
		return false
	}
	if len(n.missing) > 0 {
		d.r.reportMissing(n)
		return false
	}
	return true
}

func (d *decoder) text(n *node, v reflect.Value, into encoding.TextUnmarshaler, ru rules) {
	if !d.scalar(n, describe(v.Type())) {
		return
	}
	// The value is only changed when all of it is right.
	old := reflect.New(v.Type())
	old.Elem().Set(v)
	if err := into.UnmarshalText([]byte(n.text)); err != nil {
		v.Set(old.Elem())
		d.invalid(n, err)
		return
	}
	d.bounds(n, v, ru)
}

// invalid reports an UnmarshalText error without echoing what must not be seen.
func (d *decoder) invalid(n *node, err error) {
	var bad *ValueError
	switch {
	case errors.As(err, &bad) && bad.Offset > 0:
		d.r.ErrorIn(n.at(), bad.Offset, bad.Hint, "%s %s", n.quote(), bad.Message)
	case errors.As(err, &bad):
		d.r.Errorf(n.at(), bad.Hint, "%s %s", n.quote(), bad.Message)
	case n.expanded || n.secret:
		d.r.Errorf(n.at(), "", "the value of %s is not valid", n.quote())
	default:
		d.r.Errorf(n.at(), "", "%s", err.Error())
	}
}

func (d *decoder) language(n *node, v reflect.Value) {
	if !d.scalar(n, "a language") {
		return
	}
	code, ok := parseLanguage(n.text)
	if !ok {
		d.r.Errorf(n.at(), languageHint(n.text), "%s is not a language that the service speaks", n.quote())
		return
	}
	v.SetString(string(code))
}

func parseLanguage(text string) (language.Code, bool) {
	code, ok := language.Parse(text)
	return code, ok && string(code) == text
}

func languageHint(text string) string {
	if code, ok := language.Parse(text); ok {
		return fmt.Sprintf("write %s", code)
	}
	codes := make([]string, 0, len(language.All))
	for _, c := range language.All {
		codes = append(codes, fmt.Sprintf("%s (%s)", c, c.Name()))
		if strings.EqualFold(text, c.Name()) {
			return fmt.Sprintf("write %s", c)
		}
	}
	return "known: " + strings.Join(codes, ", ")
}

// basic decodes strings, numbers and booleans.
func (d *decoder) basic(n *node, v reflect.Value, ru rules) {
	wanted := describe(v.Type())
	if !d.scalar(n, wanted) {
		return
	}
	ok := false
	hint := ""
	switch kind := v.Kind(); {
	case kind == reflect.String:
		d.enum(n, v, ru)
		return
	case kind == reflect.Bool:
		var b bool
		if b, ok = parseBool(n.text); ok {
			v.SetBool(b)
		}
		hint = "write true or false"
	case v.CanInt():
		var i int64
		if i, ok = parseInt(n); ok {
			if ok = !v.OverflowInt(i); ok {
				v.SetInt(i)
			}
		}
		hint = numberHint(n, false)
	case v.CanUint():
		if i, valid := parseInt(n); valid && i >= 0 && !v.OverflowUint(uint64(i)) {
			ok = true
			v.SetUint(uint64(i))
		}
		hint = numberHint(n, false)
	default:
		f, err := strconv.ParseFloat(n.text, 64)
		if ok = err == nil && !n.quoted && f-f == 0; ok {
			v.SetFloat(f)
		}
		hint = numberHint(n, true)
	}
	if !ok {
		d.r.Errorf(n.at(), hint, "%s is not %s", n.quote(), wanted)
		return
	}
	d.bounds(n, v, ru)
}

func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

// parseInt reads a whole number as people write it: decimal, without a sign for
// octal. Quoted numbers are texts unless they come from the environment.
func parseInt(n *node) (int64, bool) {
	if n.quoted && !n.expanded {
		return 0, false
	}
	i, err := strconv.ParseInt(n.text, 10, 64)
	return i, err == nil
}

func numberHint(n *node, fraction bool) string {
	text := n.text
	if n.expanded || n.secret {
		return "the variable must hold a plain number"
	}
	plain := strings.NewReplacer("_", "", " ", "", "'", "").Replace(text)
	if _, err := strconv.ParseFloat(strings.ReplaceAll(plain, ",", "."), 64); err == nil {
		switch {
		case strings.Contains(plain, ",") && fraction:
			return "write " + strings.ReplaceAll(plain, ",", ".")
		case n.quoted:
			return "write it without quotes: " + text
		case plain != text:
			return "write " + plain
		}
		return "write a number without a fraction"
	}
	if fraction {
		return "write a plain number such as 12.5"
	}
	return "write a plain number such as 20"
}

// describe names a Go type in the operator's words.
func describe(t reflect.Type) string {
	if named, ok := reflect.New(t).Interface().(interface{ describe() string }); ok {
		return named.describe()
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct:
		if t == durationType {
			return "a duration"
		}
		return "a map of keys"
	case reflect.Int64:
		if t == durationType {
			return "a duration"
		}
	}
	return "a whole number"
}
