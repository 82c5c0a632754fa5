package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
)

// report parses a text and gives the place of its key "a" to the test.
func report(t *testing.T, text string) (config.Node, *config.Report) {
	t.Helper()
	doc, r := config.Parse("c.yaml", []byte(text), config.Options{Env: environment})
	return doc.Root, r
}

func rendered(t *testing.T, r *config.Report, color bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Problems().Render(&out, color); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestProblemsAreSorted(t *testing.T) {
	t.Parallel()
	root, r := report(t, "b: 1\na: x\nc: [1, 2]\n")
	r.Warnf(root.At().Field("c").Item(1), "", "fourth")
	r.Errorf(root.At().Field("c").Item(1), "", "third")
	r.Errorf(root.At().Key("c"), "", "second")
	r.Errorf(root.At().Field("b"), "", "first")
	if got := strings.Join(messages(r), "; "); got != "error: first; error: second; error: third; warning: fourth" {
		t.Errorf("order: %s", got)
	}
	problems := r.Problems()
	if got := problems.Summary(); got != "3 errors, 1 warning" || !problems.HasErrors() {
		t.Errorf("Summary() = %q, HasErrors %v", got, problems.HasErrors())
	}
	if got := problems.Error(); got != "c.yaml:1:4: first (3 errors, 1 warning)" {
		t.Errorf("Error() = %q", got)
	}
	var asError error = problems
	var back config.Problems
	if !errors.As(asError, &back) || len(back) != 4 {
		t.Error("problems are not an error")
	}
}

func TestWarningsAreNotErrors(t *testing.T) {
	t.Parallel()
	root, r := report(t, "a: x\n")
	if got := r.Problems().Summary(); got != "no problems" {
		t.Errorf("Summary() of nothing = %q", got)
	}
	r.Warnf(root.At(), "", "careful")
	if problems := r.Problems(); problems.HasErrors() || r.HasErrors() || problems.Summary() != "1 warning" || problems.Error() != "1 warning" {
		t.Errorf("a warning counts as an error: %v", problems)
	}
}

func TestOneErrorPerValue(t *testing.T) {
	t.Parallel()
	root, r := report(t, "a: x\n")
	at := root.At().Field("a")
	r.Errorf(at, "", "the first says it")
	r.Errorf(at, "", "the second does not matter")
	r.Warnf(at, "", "a warning stays")
	r.Warnf(at, "", "a warning stays")
	if got := strings.Join(messages(r), "; "); got != "error: the first says it; warning: a warning stays" {
		t.Errorf("problems: %s", got)
	}
}

func TestProblemsAsJSON(t *testing.T) {
	t.Parallel()
	root, r := report(t, "a: <x>\n")
	r.Errorf(root.At().Field("a"), "write >", "no < here")
	text, err := r.Problems().JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"severity":"error","file":"c.yaml","line":1,"column":4,"message":"no < here","hint":"write >","source":"a: <x>"}]`
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil || compact.String() != want {
		t.Errorf("JSON %s, %v; want %s", &compact, err, want)
	}
	if text, err := config.Problems(nil).JSON(); err != nil || string(text) != "[]\n" {
		t.Errorf("no problems are %q, %v", text, err)
	}
}

func TestRenderPutsTheCaretUnderTheCulprit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("слово ", 60)
	tests := []struct{ name, text, want string }{
		{"Cyrillic", "имя: {а: x}\n", "    1 | имя: {а: x}\n      |          ^\n"},
		{"wide letters", "咖啡: {a: x}\n", "    1 | 咖啡: {a: x}\n      |           ^\n"},
		{"combining marks", "i\u0307: {a: x}\n", "    1 | i\u0307: {a: x}\n      |        ^\n"},
		{"tab before the value", "k:\t{a: x}\n", "    1 | k: {a: x}\n      |        ^\n"},
		{"long line", "k: {t: '" + long + "', a: x}\n", "    1 | …"},
		{"control characters", "k: {b: \"\x1b[31m\", a: x}\n", "    1 | k: {b: \"\uFFFD[31m\", a: x}\n      |                    ^\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root, r := report(t, tt.text)
			for _, e := range root.Entries() {
				items := e.Value.Entries()
				r.Errorf(items[len(items)-1].Value.At(), "", "here")
			}
			got := rendered(t, r, false)
			if !strings.Contains(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
			for _, line := range strings.Split(got, "\n") {
				if len([]rune(line)) > 150 {
					t.Errorf("a line is %d long: %s", len([]rune(line)), line)
				}
			}
		})
	}
}

func TestRenderInColour(t *testing.T) {
	t.Parallel()
	root, r := report(t, "a: x\n")
	r.Errorf(root.At().Field("a"), "", "here")
	if got := rendered(t, r, true); !strings.Contains(got, "\x1b[31;1merror\x1b[0m") || !strings.Contains(got, "\x1b[31;1m^\x1b[0m") {
		t.Errorf("no colour: %q", got)
	}
	if got := rendered(t, r, false); strings.Contains(got, "\x1b") {
		t.Errorf("colour: %q", got)
	}
}

func TestErrorInFindsTheCharacter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		offset     int
		want       string
	}{
		{"plain", "a: tier == x", 8, "c.yaml:1:12"},
		{"plain Cyrillic", "a: балл > 3", 5, "c.yaml:1:9"},
		{"double quotes", `a: "tier == x"`, 8, "c.yaml:1:13"},
		{"escaped quotes", `a: "tier == \"gold\" && x"`, 18, "c.yaml:1:25"},
		{"escaped letters", `a: "\u0431\x41b"`, 2, "c.yaml:1:15"},
		{"single quotes", `a: 'it''s x'`, 5, "c.yaml:1:11"},
		{"literal", "a: |\n  one\n  two three", 8, "c.yaml:3:7"},
		{"literal after an empty line", "a: |\n\n  one", 1, "c.yaml:3:3"},
		{"folded", "a: >\n  one\n  two", 4, "c.yaml:3:3"},
		{"plain over lines", "a: one\n  two\n  three", 8, "c.yaml:3:3"},
		{"quoted over lines", "a: \"one\n  two\"", 4, "c.yaml:2:3"},
		{"end of the text", "a: tier ==", 7, "c.yaml:1:11"},
		{"beyond the end", "a: tier", 70, "c.yaml:1:4"},
		{"negative", "a: tier", -1, "c.yaml:1:4"},
		{"filled in", "a: ${SAMPLE_PORT} == x", 6, "c.yaml:1:4"},
		{"in a list", "a: [x, 'y z']", 2, "c.yaml:1:11"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root, r := report(t, tt.text+"\n")
			a, _ := root.Field("a")
			if items := a.Items(); len(items) > 0 {
				a = items[len(items)-1]
			}
			r.ErrorIn(a.At(), tt.offset, "", "here")
			if got := r.Problems()[0].Place(); got != tt.want {
				t.Errorf("character %d of %q stands at %s, want %s", tt.offset, a.Text(), got, tt.want)
			}
		})
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	known := []string{"free_latte", "gift_card_20", "mug"}
	for word, want := range map[string]string{
		"free_late": `did you mean "free_latte"?`, "Free Latte": `did you mean "free_latte"?`, "free-latte": `did you mean "free_latte"?`,
		"ferelatte": `did you mean "free_latte"?`, "frее_latte": `did you mean "free_latte"?`, "mgu": `did you mean "mug"?`,
		"tea": "known: free_latte, gift_card_20, mug", "": "known: free_latte, gift_card_20, mug",
		strings.Repeat("x", 10000): "known: free_latte, gift_card_20, mug",
	} {
		if got := config.Suggest(word, known); got != want {
			t.Errorf("Suggest(%.20q) = %q, want %q", word, got, want)
		}
	}
	if got := config.Suggest("x", nil); got != "" {
		t.Errorf("Suggest without known names = %q", got)
	}
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("name%02d", i))
	}
	if got := config.Suggest("zzzzzzzz", many); !strings.HasSuffix(got, "and 24 more") {
		t.Errorf("a long list is %q", got)
	}
}

func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	text := "rewards:\n"
	for i := range 2000 {
		text += fmt.Sprintf("  r%d: {ponits: 1}\n", i)
	}
	doc, r := config.Parse("c.yaml", []byte(text), config.Options{})
	decoded(doc, r)
	if n := len(r.Problems()); n > 501 {
		t.Errorf("%d problems are kept", n)
	}
	if !r.HasErrors() {
		t.Error("no errors")
	}
}
