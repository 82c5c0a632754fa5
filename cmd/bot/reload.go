package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/config"
)

// inForceAtOnce are the sections that a running service takes over. include names files, whose sections are compared.
var inForceAtOnce = []string{"knowledge", "include"}

// changedSections are the sections of a file that differ from those in force and take a restart, in the order of their
// names.
func changedSections(inForce, file *config.Document) []string {
	was, is := sectionsOf(inForce), sectionsOf(file)
	var changed []string
	for name, content := range is {
		if was[name] != content {
			changed = append(changed, name)
		}
	}
	for name := range was {
		if _, still := is[name]; !still {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return slices.DeleteFunc(changed, func(name string) bool { return slices.Contains(inForceAtOnce, name) })
}

// sectionsOf is what each section holds, without its place in the file.
func sectionsOf(doc *config.Document) map[string]string {
	out := map[string]string{}
	for _, e := range doc.Root.Entries() {
		var b strings.Builder
		spell(&b, e.Value)
		out[e.Key] = b.String()
	}
	return out
}

// spell writes a value so that two that mean the same are spelt alike: neither comments nor places count, the order of
// keys does.
func spell(b *strings.Builder, n config.Node) {
	b.WriteString(strconv.Itoa(int(n.Kind())))
	b.WriteString(strconv.Quote(n.Text()))
	b.WriteByte('{')
	for _, e := range n.Entries() {
		b.WriteString(strconv.Quote(e.Key))
		spell(b, e.Value)
	}
	b.WriteByte('[')
	for _, item := range n.Items() {
		spell(b, item)
	}
	b.WriteByte(']')
}
