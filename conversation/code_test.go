package conversation_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// codeLetters are those of vouchers and invitations.
const codeLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// consonant drops what is none, and the dash.
func consonant(r rune) rune {
	if strings.ContainsRune("AEUY-23456789", r) {
		return -1
	}
	return r
}

// TestACodeTellsNoLanguage has people write codes, with and without a known language: what they are answered in stays.
func TestACodeTellsNoLanguage(t *testing.T) {
	t.Parallel()
	codes := []string{"KHAM-H5RE", "SEXS-EL6X", "3GVD-WEXW", "YUXU-AU9K", "QS8H-FAKT", "UCUZ-JYDU", "uzkm-szqy"}
	rnd := rand.New(rand.NewPCG(7, 11))
	for range 300 {
		b := make([]byte, 8)
		for i := range b {
			b[i] = codeLetters[8*rnd.IntN(2)+rnd.IntN(24)] // letters more often than in life
		}
		codes = append(codes, string(b[:4])+"-"+string(b[4:]))
	}
	shapes := map[string]func(code string) string{
		"as shown": func(code string) string { return code }, "typed small": strings.ToLower, "quoted": func(code string) string { return "«" + code + "»." },
		"without its dash":    func(code string) string { return strings.ReplaceAll(code, "-", "") },
		"with a space":        func(code string) string { return strings.ReplaceAll(code, "-", " ") },
		"small, no dash":      func(code string) string { return strings.ToLower(strings.ReplaceAll(code, "-", "")) },
		"small, with a space": func(code string) string { return strings.ToLower(strings.ReplaceAll(code, "-", " ")) },
		"no vowels":           func(code string) string { return strings.Trim(strings.Map(consonant, code), "-") },
		"several":             func(code string) string { return code + " " + code + "\n" + code },
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, locale := range []language.Code{"", language.English, language.Azerbaijani} {
				synctest.Test(t, func(t *testing.T) {
					store := newMemory()
					e := start(t, store, tongue{})
					for i, code := range codes {
						in := message(i+1, "a", shape(code))
						in.From.Locale = string(locale)
						if err := e.Receive(t.Context(), in); err != nil {
							t.Fatal(err)
						}
						wait(t, 10*time.Second)
						store.mu.Lock()
						got := store.people[1].Spoken
						store.mu.Unlock()
						if got != "" && got != locale {
							t.Fatalf("after %q the person is thought to speak %q", in.Text, got)
						}
					}
				})
			}
		})
	}
}
