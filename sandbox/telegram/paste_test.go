package telegram_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestLongPaste: what is longer than a message arrives as several, whole and in order; what the apps would not send is
// refused.
func TestLongPaste(t *testing.T) {
	t.Parallel()
	const wide = "😀" // two units
	for name, c := range map[string]struct {
		text  string
		parts int
	}{
		"a message":                        {strings.Repeat("a", 4096), 1},
		"one more":                         {strings.Repeat("a", 4097), 2},
		"words are not cut":                {strings.Repeat("salam ", 20_000), 30},
		"signs of two units are not cut":   {"a" + strings.Repeat(wide, 4096), 3},
		"hostile text":                     {strings.Repeat("<b>x</b> @everyone <script>alert(1)</script> \u202e *y* ", 2000), 25},
		"blanks between do not make parts": {strings.Repeat("a", 4096) + strings.Repeat("\n", 9000) + "b", 2},
	} {
		l := open(t, telegram.Config{Limits: unlimited})
		b := inMemory(t, l)
		first, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "before"})
		if err != nil {
			t.Fatal(err)
		}
		id, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: c.text, ReplyTo: first})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var updates []struct {
			Message struct {
				Text    string
				ReplyTo *struct{} `json:"reply_to_message"`
			}
		}
		b.must("getUpdates", obj{"limit": 100}, &updates)
		got := ""
		for i, u := range updates[1:] {
			text := u.Message.Text
			if n := len(utf16.Encode([]rune(text))); n > 4096 || n == 0 || strings.ContainsRune(text, '\ufffd') {
				t.Errorf("%s: message %d has %d units", name, i, n)
			}
			if (u.Message.ReplyTo != nil) != (i == 0) {
				t.Errorf("%s: message %d answers: %t", name, i, u.Message.ReplyTo != nil)
			}
			got += text
		}
		unspaced := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if n := len(updates) - 1; n != c.parts || unspaced(got) != unspaced(c.text) {
			t.Errorf("%s: %d messages, want %d; the same words: %t", name, n, c.parts, unspaced(got) == unspaced(c.text))
		}
		if log := l.Chat("ayla", ""); log[len(log)-1].ID != id {
			t.Errorf("%s: the id is %s, the last message %s", name, id, log[len(log)-1].ID)
		}
	}
	l := open(t, telegram.Config{Limits: unlimited})
	_, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: strings.Repeat("a", 1025), Attach: lookalike.Photo})
	if !errors.Is(err, lookalike.ErrRefused) {
		t.Errorf("a caption of 1025: %v", err)
	}
}
