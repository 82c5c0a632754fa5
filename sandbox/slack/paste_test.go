package slack_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestLongPaste: what is longer than a message arrives as a text snippet with the very words, beside what is attached;
// the page is told a file's name once.
func TestLongPaste(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{})
	for name, c := range map[string]struct {
		text, attach string
		files        []string
		shown        string // what the page shows beside the first file
	}{
		"a message": {strings.Repeat("ə", 12_000), "", nil, strings.Repeat("ə", 12_000)},
		"one more":  {strings.Repeat("ə", 12_001), "", []string{"Untitled"}, ""},
		"with more": {strings.Repeat("ə", 12_001), lookalike.File, []string{"Untitled", "note.txt"}, "📎 note.txt"},
		"of 100 kB": {strings.Repeat("<!channel> *x* ", 7000) + ".", "", []string{"Untitled"}, ""},
		"a caption": {"<look>", lookalike.File, []string{"note.txt"}, "&lt;look&gt;"},
		"a file":    {"", lookalike.File, []string{"note.txt"}, ""},
	} {
		id, err := l.Say(t.Context(), lookalike.Say{As: "nigar", Text: c.text, Attach: c.attach, In: slack.Staff})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		log := l.Chat("nigar", slack.Staff)
		m := log[len(log)-1]
		var want []string
		if len(c.files) == 0 || c.attach != "" && c.files[0] != "Untitled" && c.text != "" {
			want = append(want, c.text)
		}
		for _, f := range c.files {
			want = append(want, "📎 "+f)
		}
		if m.ID != id || m.Text != strings.Join(want, "\n") || m.HTML != c.shown {
			t.Errorf("%s: %.80q, on the page %.80q", name, m.Text, m.HTML)
		}
		if len(c.files) > 0 && (m.Attachment != lookalike.File || m.FileName != c.files[0]) {
			t.Errorf("%s: the file is %q called %q", name, m.Attachment, m.FileName)
		}
	}
}

// TestSnippet: the bot is told of a snippet as of a file, and reads the words with its token.
func TestSnippet(t *testing.T) {
	t.Parallel()
	bubble(t, slack.Config{}, func(t *testing.T, l *slack.Lookalike, a app, pipes *lookalike.PipeServer) {
		c := a.connect(pipes)
		text := strings.Repeat("<@U1> & *words* ", 7000) + "."
		if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: text}); err != nil {
			t.Fatal(err)
		}
		got := c.events(t)
		checkKinds(t, "a snippet", got, "message/file_share")
		files, _ := got[0]["files"].([]any)
		f, _ := files[0].(obj)
		if f["mode"] != "snippet" || f["mimetype"] != "text/plain" || got[0]["text"] != "" {
			t.Errorf("told of %v with the text %.40q", f, got[0]["text"])
		}
		fileID, _ := f["id"].(string)
		if _, data, _ := l.Media(fileID); string(data) != text {
			t.Errorf("%d bytes, want %d", len(data), len(text))
		}
		l.Disconnect("")
	})
}
