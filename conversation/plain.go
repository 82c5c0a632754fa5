package conversation

import (
	"strings"

	"github.com/rapport-chat/rapport/texts"
)

// CanBePlain says whether there are words that could be sent instead of the message as it is. Of an edit, and of a
// message whose file is what it is about, nothing is gained by its words alone.
func (b Body) CanBePlain() bool {
	return b.Kind == BodyNew && !b.Plain && !b.Text.Empty() && b.Document == nil && b.Forward == nil
}

// Plainly is a message as words alone: without markup, buttons and media. Addresses of links stand behind their labels,
// and what stood on buttons in lines below, since it can be typed as well.
func (b Body) Plainly() Body {
	var text strings.Builder
	for _, s := range b.Text {
		text.WriteString(labelled(s.Text, s.URL, " (", ")"))
	}
	lines := []texts.Rich{texts.Literal(text.String())}
	for _, row := range b.Rows {
		labels := make([]string, 0, len(row))
		for _, button := range row {
			labels = append(labels, labelled(button.Label, button.URL, ": ", ""))
		}
		lines = append(lines, texts.Literal(strings.Join(labels, " · ")))
	}
	return Body{Kind: b.Kind, Under: b.Under, Text: texts.Lines(lines...), Quiet: b.Quiet, OnlyFor: b.OnlyFor, Plain: true}
}

// labelled is a label with its address, which is left out where the label is the address.
func labelled(label, url, before, after string) string {
	if url == "" || strings.Contains(url, label) && strings.Contains(label, ".") {
		return label
	}
	return label + before + url + after
}
