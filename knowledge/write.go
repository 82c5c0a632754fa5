package knowledge

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// WriteArticles writes articles as a file that loading accepts, in the order given and
// with every text in quotes.
func WriteArticles(w io.Writer, articles []Article) error {
	var b strings.Builder
	b.WriteString("articles:\n")
	for _, a := range articles {
		fmt.Fprintf(&b, "  %s:\n", a.ID)
		if a.Topic != "" {
			fmt.Fprintf(&b, "    topic: %s\n", quoteYAML(a.Topic))
		}
		if !a.Reviewed.IsZero() {
			fmt.Fprintf(&b, "    reviewed: %s\n", a.Reviewed.Format(time.DateOnly))
		}
		if a.Audience != "" {
			fmt.Fprintf(&b, "    audience: %s\n", quoteYAML(a.Audience))
		}
		for _, code := range language.All {
			if t, ok := a.Texts[code]; ok {
				t.write(&b, code)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Text) write(b *strings.Builder, code language.Code) {
	fmt.Fprintf(b, "    %s:\n      title: %s\n", code, quoteYAML(t.Title))
	if len(t.Phrasings) > 0 {
		b.WriteString("      phrasings:\n")
		for _, p := range t.Phrasings {
			fmt.Fprintf(b, "        - %s\n", quoteYAML(p))
		}
	}
	fmt.Fprintf(b, "      answer: %s\n", quoteYAML(t.Answer))
	if len(t.Buttons) > 0 {
		b.WriteString("      buttons:\n")
		for _, button := range t.Buttons {
			fmt.Fprintf(b, "        - {label: %s, url: %s}\n", quoteYAML(button.Label), quoteYAML(button.URL))
		}
	}
	if t.Picture != "" {
		fmt.Fprintf(b, "      picture: %s\n", quoteYAML(t.Picture))
	}
}
