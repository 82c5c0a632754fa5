package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// node is one thing that the service knows, ready to be shown: a value, a group of named values, or a list.
type node struct {
	Label  string
	Path   string // the keys that lead to it, the same as long as the fact is the same
	Kind   string // "value", "badge", "time", "yes", "no", "none", "group", "tiles", "list" or "tags"
	Text   string
	Title  string // the whole of what Text shortens
	Tone   string // of a badge: "good", "warn", "bad" or empty
	Number bool
	Head   []node // of a list's item: what names it, and its state
	Items  []node
	More   []node // the rest of a long list
}

// member is one entry of a JSON object, in the order in which it was written.
type member struct {
	key   string
	value any
}

const (
	// maxDepth is how far nested groups are shown; what is deeper is shown as JSON.
	maxDepth = 6
	// listShown is how many items of a list stand open.
	listShown = 5
	// longText is the length above which a text is cut, in characters.
	longText = 280
)

// order is how the parts follow each other whatever the service's own order is; unknown ones come last.
var order = []string{
	"customer", "name", "language", "spendable", "pending", "points", "tier", "dialogue", "consents", "tickets", "invitations", "responses", "deliveries",
}

// facts turns what the service knows of a person into nodes. It works from the JSON alone, so that the service can say
// more without a change here.
func facts(state any, now time.Time) ([]node, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("write the state as JSON: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	value, err := ordered(dec)
	if err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	members, ok := value.([]member)
	if !ok {
		members = []member{{"state", value}}
	}
	arrange(members)
	f := factory{now: now}
	var out []node
	for _, m := range members {
		out = append(out, f.node(m.key, m.key, m.value, 1))
	}
	return out, nil
}

// arrange sorts an object's members by rank.
func arrange(members []member) {
	slices.SortStableFunc(members, func(a, b member) int { return rank(a.key) - rank(b.key) })
}

func rank(key string) int {
	if i := slices.Index(order, key); i >= 0 {
		return i
	}
	return len(order)
}

// ordered decodes one JSON value and keeps the order of its members.
func ordered(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		members := []member{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			value, err := ordered(dec)
			if err != nil {
				return nil, err
			}
			members = append(members, member{fmt.Sprint(key), value})
		}
		_, err = dec.Token()
		return members, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			value, err := ordered(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = dec.Token()
		return list, err
	}
	return token, nil
}

// factory makes nodes; times are shown in the zone of now.
type factory struct{ now time.Time }

func (f factory) node(path, key string, value any, depth int) node {
	n := node{Label: words(key), Path: path, Kind: "value"}
	switch v := value.(type) {
	case nil:
		n.Kind, n.Text = "none", "none"
	case bool:
		n.Kind, n.Text = "no", "no"
		if v {
			n.Kind, n.Text = "yes", "yes"
		}
	case json.Number:
		n.Text, n.Number = grouped(v.String()), true
	case string:
		f.text(&n, key, v)
	case []member:
		f.group(&n, v, depth)
	case []any:
		f.list(&n, v, depth)
	}
	return n
}

// group shows an object; numbers alone stand as tiles.
func (f factory) group(n *node, members []member, depth int) {
	if len(members) == 0 {
		n.Kind, n.Text = "none", "none"
		return
	}
	if depth > maxDepth {
		n.Text = plain(members)
		return
	}
	n.Kind = "tiles"
	arrange(members) // in place: headed finds the same order
	for _, m := range members {
		one := f.node(n.Path+"."+m.key, m.key, m.value, depth+1)
		if !one.Number {
			n.Kind = "group"
		}
		n.Items = append(n.Items, one)
	}
}

// text shows a string: a time as people read it, a state as a badge, a long text shortened.
func (f factory) text(n *node, key, text string) {
	n.Text = text
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		n.Kind, n.Text, n.Title = "time", f.moment(at), text
		return
	}
	switch {
	case text == "":
		n.Kind, n.Text = "none", "none"
	case key == "state" || key == "status":
		n.Kind, n.Text, n.Tone = "badge", words(text), tones[text]
	case key == "language" || key == "locale":
		n.Text, n.Title = languageName(text), text
	case len([]rune(text)) > longText:
		n.Text, n.Title = string([]rune(text)[:longText])+"…", text
	}
}

// tones are the states that ask for a colour.
var tones = map[string]string{
	"sent": "good", "delivered": "good", "done": "good", "answered": "good", "granted": "good", "completed": "good", "used": "good",
	"resolved": "good", "active": "good", "confirmed": "good",
	"pending": "warn", "deferred": "warn", "suppressed": "warn", "open": "warn", "waiting": "warn", "unknown": "warn", "asked": "warn",
	"late-skipped": "warn", "control": "warn", "claimed": "warn", "sending": "warn",
	"failed": "bad", "unreachable": "bad", "refused": "bad", "revoked": "bad", "blocked": "bad",
}

// list shows the newest first when the items say when they were.
func (f factory) list(n *node, list []any, depth int) {
	if len(list) == 0 {
		n.Kind, n.Text = "none", "none yet"
		return
	}
	if depth > maxDepth {
		n.Text = plain(list)
		return
	}
	if _, isGroup := list[0].([]member); !isGroup {
		n.Kind = "tags"
		for i, item := range list {
			n.Items = append(n.Items, f.node(n.Path+"."+strconv.Itoa(i), "", item, depth+1))
		}
		return
	}
	n.Kind, n.Text = "list", strconv.Itoa(len(list))
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b any) int { return latest(b).Compare(latest(a)) })
	for i, item := range list {
		one := headed(f.node(n.Path+"."+strconv.Itoa(len(list)-i), "", item, depth+1), item)
		if len(n.Items) < listShown {
			n.Items = append(n.Items, one)
		} else {
			n.More = append(n.More, one)
		}
	}
}

// naming are the keys that tell a list's items apart, the best first.
var naming = []string{"name", "title", "offer", "survey", "reward", "skill", "topic", "reason", "kind"}

// headed moves what names a list's item and its states to the head, and leaves out what is empty.
func headed(n node, members any) node {
	keys, _ := members.([]member)
	if n.Kind != "group" && n.Kind != "tiles" {
		return n
	}
	name := -1
	for _, key := range naming {
		i := slices.IndexFunc(keys, func(m member) bool { return m.key == key })
		if i >= 0 && n.Items[i].Kind == "value" {
			name = i
			break
		}
	}
	var head, badges, rest []node
	for i, one := range n.Items {
		switch {
		case i == name:
			head = append(head, one)
		case one.Kind == "badge":
			badges = append(badges, one)
		case one.Kind != "none":
			rest = append(rest, one)
		}
	}
	n.Head, n.Items = append(head, badges...), rest
	return n
}

// latest is the newest time among an object's own members, zero without one.
func latest(v any) time.Time {
	var found time.Time
	members, _ := v.([]member)
	for _, m := range members {
		text, _ := m.value.(string)
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil && at.After(found) {
			found = at
		}
	}
	return found
}

// moment is a time as people read it, short when it is near.
func (f factory) moment(at time.Time) string {
	at = at.In(f.now.Location())
	switch {
	case at.Year() < 2:
		return "never"
	case sameDay(at, f.now):
		return "today " + at.Format("15:04")
	case at.Year() == f.now.Year() || at.Sub(f.now).Abs() < 90*24*time.Hour:
		return at.Format("Mon 2 Jan 15:04")
	}
	return at.Format("2 Jan 2006")
}

// plain is what is nested too deep to be shown well.
func plain(v any) string {
	switch v := v.(type) {
	case []member:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = m.key + ": " + plain(m.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = plain(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// words turns a key such as "valid_until", "validUntil" or "survey/expiry" into words.
func words(key string) string {
	var out strings.Builder
	for i, r := range key {
		switch {
		case r == '_' || r == '-' || r == '/' || r == '.' || r == ':':
			out.WriteRune(' ')
		case i > 0 && r >= 'A' && r <= 'Z' && key[i-1] >= 'a' && key[i-1] <= 'z':
			out.WriteRune(' ')
			out.WriteRune(r - 'A' + 'a')
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// grouped writes a whole number with its thousands apart.
func grouped(number string) string {
	digits := strings.TrimPrefix(number, "-")
	if len(digits) < 5 || strings.ContainsAny(digits, ".eE") {
		return number
	}
	var out strings.Builder
	out.WriteString(number[:len(number)-len(digits)])
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteRune('\u202f')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
