package discord_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// TestLongPaste: what is longer than a message arrives as a file with the very words, beside what is attached.
func TestLongPaste(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		for name, c := range map[string]struct {
			text, attach string
			files        []string
		}{
			"a message":  {strings.Repeat("ə", 2000), "", nil},
			"one more":   {strings.Repeat("ə", 2001), "", []string{"message.txt"}},
			"with more":  {strings.Repeat("ə", 2001), lookalike.File, []string{"message.txt", "note.txt"}},
			"of 100 kB":  {strings.Repeat("@everyone <@1> **x** ", 5000) + ".", "", []string{"message.txt"}},
			"a caption":  {"look", lookalike.File, []string{"note.txt"}},
			"mentioning": {strings.Repeat("@bot ", 500) + ".", "", []string{"message.txt"}},
		} {
			id, err := s.l.Say(s.Context(), lookalike.Say{As: "vera", Text: c.text, Attach: c.attach})
			s.must(err)
			m := s.call("GET", s.direct("vera")+"/"+id, nil).body
			var names []string
			files, _ := m["attachments"].([]any)
			for _, f := range files {
				f, _ := f.(obj)
				name, _ := f["filename"].(string)
				names = append(names, name)
				if address, _ := f["url"].(string); name == "message.txt" {
					id := strings.Split(strings.TrimPrefix(address, "https://cdn.discordapp.com/attachments/"), "/")[0]
					if kind, data, _ := s.l.Media(id); !strings.HasPrefix(kind, "text/plain") || string(data) != c.text {
						s.Errorf("%s: %d bytes of %s, want %d", name, len(data), kind, len(c.text))
					}
				}
			}
			if strings.Join(names, " ") != strings.Join(c.files, " ") {
				s.Errorf("%s: files %q, want %q", name, names, c.files)
			}
			long := len(c.files) > 0 && c.files[0] == "message.txt"
			if content, _ := m["content"].(string); (content == "") != long {
				s.Errorf("%s: the content has %d bytes", name, len(content))
			}
		}
	})
}
