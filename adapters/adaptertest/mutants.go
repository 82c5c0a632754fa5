package adaptertest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// Mutant is a JSON document with one value spoilt.
type Mutant struct {
	Name string // where and how, such as "message.from.id: null"
	JSON []byte
}

// stand-ins are what a value is replaced by: what a compatible server in another language writes where the original
// has something else.
var standIns = []string{`null`, `7`, `"x"`, `""`, `true`, `[]`, `[null]`, `{}`}

// Mutants spoils every value of a document in every way, one at a time: it is left out, or stands there with another
// type. A document that is no JSON has none.
func Mutants(document []byte) []Mutant {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var root any
	if d.Decode(&root) != nil {
		return nil
	}
	var out []Mutant
	add := func(name string) {
		spoilt, err := json.Marshal(root)
		if err == nil {
			out = append(out, Mutant{Name: name, JSON: spoilt})
		}
	}
	mutate(root, "", func(v any) { root = v }, add)
	return out
}

// mutate spoils v, which stands at path and is put there by set, and everything in it.
func mutate(v any, path string, set func(any), add func(name string)) {
	for _, s := range standIns {
		set(json.RawMessage(s))
		add(path + ": " + s)
	}
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			one := v[key]
			delete(v, key)
			add(path + "." + key + ": left out")
			v[key] = one
			mutate(one, path+"."+key, func(w any) { v[key] = w }, add)
		}
	case []any:
		for i, one := range v {
			mutate(one, path+"."+strconv.Itoa(i), func(w any) { v[i] = w }, add)
		}
	}
}
