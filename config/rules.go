package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// rules are the checks of a struct field, from its check tag:
//
//	check:"required,min=1,max=10,enum=a|b|c,keys=a|b"
//
// min and max bound numbers, durations, periods and money, and the length of
// lists, maps and texts. enum lists the allowed texts (also of a list's items),
// keys the allowed keys of a map.
type rules struct {
	required bool
	min, max string
	enum     []string
	keys     []string
}

func (ru rules) forItems() rules { return rules{enum: ru.enum} }

func parseRules(sf reflect.StructField) rules {
	var ru rules
	tag := sf.Tag.Get("check")
	if tag == "" {
		return ru
	}
	for _, part := range strings.Split(tag, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "required":
			ru.required = true
		case "min":
			ru.min = value
		case "max":
			ru.max = value
		case "enum":
			ru.enum = strings.Split(value, "|")
		case "keys":
			ru.keys = strings.Split(value, "|")
		default:
			panic(fmt.Sprintf("config: field %s has the unknown check %q", sf.Name, name))
		}
	}
	return ru
}

// measured is a value type that min and max can bound.
type measured interface {
	// measure returns the size of the value, and of the text of a bound.
	measure() float64
	measureText(bound string) float64
}

// bounds reports a value outside min and max.
func (d *decoder) bounds(n *node, v reflect.Value, ru rules) {
	if ru.min == "" && ru.max == "" {
		return
	}
	size, low, high, unit := sizes(v, ru)
	subject := n.quote()
	if n.kind != Scalar {
		subject = "the list"
		if v.Kind() == reflect.Map {
			subject = "the map"
		}
	}
	hint := "write " + boundText(ru) + unit
	if boundText(ru) == "at least 1" {
		hint = "write " + strings.TrimSuffix("at least 1"+unit, "s")
	}
	switch {
	case ru.min != "" && size < low:
		d.r.Errorf(n.at(), hint, "%s is too %s", subject, smallWord(v, n))
	case ru.max != "" && size > high:
		d.r.Errorf(n.at(), hint, "%s is too %s", subject, largeWord(v, n))
	}
}

func boundText(ru rules) string {
	switch {
	case ru.min == "":
		return "at most " + ru.max
	case ru.max == "":
		return "at least " + ru.min
	}
	return ru.min + " to " + ru.max
}

func smallWord(v reflect.Value, n *node) string {
	if n.kind != Scalar || v.Kind() == reflect.String {
		return "short"
	}
	return "small"
}

func largeWord(v reflect.Value, n *node) string {
	if n.kind != Scalar || v.Kind() == reflect.String {
		return "long"
	}
	return "large"
}

// sizes returns what is compared: the value's size and its two bounds.
func sizes(v reflect.Value, ru rules) (size, low, high float64, unit string) {
	parse := func(text string) float64 {
		var f float64
		if text != "" {
			if _, err := fmt.Sscan(text, &f); err != nil {
				panic(fmt.Sprintf("config: the bound %q is not a number", text))
			}
		}
		return f
	}
	ptr := v.Addr().Interface()
	if v.Type() == durationType {
		ptr = (*Duration)(ptr.(*time.Duration))
	}
	m, isMeasured := ptr.(measured)
	switch {
	case isMeasured:
		return m.measure(), m.measureText(ru.min), m.measureText(ru.max), ""
	case v.CanInt():
		size = float64(v.Int())
	case v.CanUint():
		size = float64(v.Uint())
	case v.CanFloat():
		size = v.Float()
	case v.Kind() == reflect.String:
		size, unit = float64(len([]rune(v.String()))), " characters"
	case v.Kind() == reflect.Slice, v.Kind() == reflect.Map:
		size, unit = float64(v.Len()), " items"
	}
	return size, parse(ru.min), parse(ru.max), unit
}

// enum sets a text and reports one that is not allowed.
func (d *decoder) enum(n *node, v reflect.Value, ru rules) {
	allowed := ru.enum
	if e, ok := v.Addr().Interface().(Enumerated); ok && allowed == nil {
		allowed = e.Values()
	}
	if allowed != nil && !slices.Contains(allowed, n.text) {
		hint := "write one of: " + strings.Join(allowed, ", ")
		if best := nearest(n.text, allowed); best != "" {
			hint = fmt.Sprintf("did you mean %q? One of: %s", best, strings.Join(allowed, ", "))
		}
		d.r.Errorf(n.at(), hint, "%s is not possible here", n.quote())
		return
	}
	v.SetString(n.text)
	d.bounds(n, v, ru)
}
