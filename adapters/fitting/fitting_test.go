package fitting_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/adapters/fitting"
)

func TestCut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"what fits":                     {"salam", 5, "salam"},
		"spaces around it":              {"  salam\n", 5, "salam"},
		"nothing":                       {"", 5, "…"},
		"only spaces":                   {" \n ", 5, "…"},
		"too long":                      {"salam dünya", 8, "salam d…"},
		"cut behind a word":             {"salam dünya", 7, "salam…"},
		"cut behind a backslash":        {`salam\_dünya`, 7, "salam…"},
		"a character of two units":      {"👍👍👍", 6, "👍👍👍"},
		"no half of such a character":   {"👍👍👍", 4, "👍…"},
		"bytes that are no text":        {"a\xffb\x00c", 9, "a\uFFFDbc"},
		"a limit that takes one sign":   {"salam", 1, "…"},
		"a limit in the middle of many": {strings.Repeat("ə", 300), 100, strings.Repeat("ə", 99) + "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := fitting.Cut(test.text, test.limit); got != test.want {
				t.Errorf("Cut(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
			}
		})
	}
}

func FuzzCut(f *testing.F) {
	f.Add("salam dünya 👩‍👩‍👧‍👦", 7)
	f.Add("\xff\x00", 1)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit = limit % 5000; limit < 1 {
			return
		}
		got := fitting.Cut(text, limit)
		if got == "" || fitting.Units(got) > limit || !utf8.ValidString(got) {
			t.Errorf("Cut(%q, %d) = %q, which is empty, too long or no text", text, limit, got)
		}
		if label := fitting.Label(text, limit); strings.ContainsAny(label, "\n\r\t") || fitting.Units(label) > limit {
			t.Errorf("Label(%q, %d) = %q", text, limit, label)
		}
	})
}

func TestWebAddress(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"https://example.com/a?b=1": true, "http://example.com": true, "tel:+99412": false, "mailto:a@example.com": false,
		"https://": false, "javascript:alert(1)": false, "//example.com": false, "": false, "https://exa mple.com": false,
		"https://example.com/" + strings.Repeat("a", 80): true, "https://example.com/" + strings.Repeat("a", 81): false,
	}
	for address, want := range tests {
		if got := fitting.WebAddress(address, 100); got != want {
			t.Errorf("%q: %t, want %t", address, got, want)
		}
	}
}

func TestReadPicture(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int64]string{10: "12345", 5: "12345", 4: "12345", 3: "1234"} {
		if got, err := fitting.ReadPicture(path, limit); err != nil || string(got) != want {
			t.Errorf("within %d bytes: %q, %v; want %q", limit, got, err, want)
		}
	}
	if _, err := fitting.ReadPicture(path+"s", 10); err == nil {
		t.Error("a picture that is not there was read")
	}
}
