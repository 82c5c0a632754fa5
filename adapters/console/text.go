package console

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Text prints for people.
type Text struct{ W io.Writer }

// Print implements Printer. What stood on the terminal before stays there; an edit is shown once more.
func (t Text) Print(m Message) error {
	var out strings.Builder
	if m.Deleted {
		return nil
	}
	if m.Text != "" {
		out.WriteString(plain(m.Text) + "\n")
	}
	if m.Image != "" {
		out.WriteString("[picture: " + plain(m.Image) + "]\n")
	}
	if m.File != "" {
		out.WriteString("[file: " + plain(m.File) + "]\n")
	}
	for _, b := range m.Buttons {
		if b.URL != "" {
			fmt.Fprintf(&out, "  [%s] %s\n", plain(b.Label), plain(b.URL))
			continue
		}
		fmt.Fprintf(&out, "  %d [%s]\n", b.Number, plain(b.Label))
	}
	_, err := io.WriteString(t.W, out.String()+"\n")
	return err
}

// plain leaves out what a terminal would obey: what others have written is only shown.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, s)
}
