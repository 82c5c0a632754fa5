package config

import (
	"os"
	"strings"
)

// expand fills ${NAME} and ${NAME:-default} into a scalar after parsing, so
// that a value with quotes or colons cannot change the structure of the file.
// $${ writes ${ itself. A name that is not set is kept for whoever uses the
// value: sections that nobody reads need no environment.
func (c *converter) expand(n *node) {
	if !strings.Contains(n.text, "${") {
		return
	}
	env := c.r.opts.Env
	if env == nil {
		env = os.LookupEnv
	}
	var out strings.Builder
	rest := n.text
	for {
		i := strings.Index(rest, "${")
		if i < 0 {
			break
		}
		if i > 0 && rest[i-1] == '$' {
			out.WriteString(rest[:i-1])
			out.WriteString("${")
			rest = rest[i+2:]
			n.expanded = true
			continue
		}
		end := strings.IndexByte(rest[i:], '}')
		name, fallback, hasFallback := "", "", false
		if end > 0 {
			name, fallback, hasFallback = strings.Cut(rest[i+2:i+end], ":-")
		}
		if !isEnvName(name) {
			c.r.Errorf(n.at(), "write ${NAME} or ${NAME:-default}; write $${ for the characters themselves",
				"%s is not a variable: a name has letters, digits and _", quoted(rest[i:]))
			break
		}
		n.expanded = true
		out.WriteString(rest[:i])
		switch value, ok := env(name); {
		case ok && (value != "" || hasFallback && fallback == ""):
			out.WriteString(value)
		case hasFallback:
			out.WriteString(fallback)
		default:
			n.missing = append(n.missing, name)
		}
		rest = rest[i+end+1:]
	}
	out.WriteString(rest)
	n.text = out.String()
}

// reportMissing says once that variables of a scalar are not set, as severe as
// the options want it.
func (r *Report) reportMissing(n *node) {
	for _, name := range n.missing {
		hint := "set " + name + " in the environment of the program"
		if !secretName.MatchString(name) { // a default would stand in the file for everybody to read
			hint += ", or write ${" + name + ":-default}"
		}
		at := n.at()
		at.n = nil // does not count as the value's own error
		r.add(r.opts.Unset, at, hint, "the environment variable "+name+" is not set or empty")
	}
}

func isEnvName(name string) bool {
	for i, r := range name {
		letter := r == '_' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
