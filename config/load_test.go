package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
)

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// messages lists what a report found, as severity: message.
func messages(r *config.Report) []string {
	var out []string
	for _, p := range r.Problems() {
		out = append(out, p.Severity.String()+": "+p.Message)
	}
	return out
}

func TestLoadReportsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	big := write(t, dir, "big.yaml", "brand: {name: Nar}\n"+strings.Repeat("# more\n", 100))
	missing := filepath.Join(dir, "missing.yaml")
	for _, tt := range []struct {
		path, message string
		opts          config.Options
	}{
		{missing, "error: cannot read " + missing + ": there is no such file", config.Options{}},
		{dir, "error: cannot read " + dir + ": it is a folder", config.Options{}},
		{big, "error: cannot read " + big + ": the file is too large: at most 100 bytes", config.Options{MaxBytes: 100}},
	} {
		doc, r := config.Load(tt.path, tt.opts)
		var s sample
		config.Decode(doc.Root, &s, r)
		if got := messages(r); len(got) != 1 || got[0] != tt.message || !r.HasErrors() || !r.Partial() {
			t.Errorf("Load(%s): %q, want %q alone", tt.path, got, tt.message)
		}
		if p := r.Problems()[0]; p.Place() != tt.path || p.Line != 0 {
			t.Errorf("the problem stands at %s, want %s", p.Place(), tt.path)
		}
	}
}

func TestLoadTakesEmptyFiles(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"empty": "", "comments": "# nothing yet\n", "mark": "\ufeff", "document": "---\n"} {
		doc, r := config.Parse("c.yaml", []byte(text), config.Options{})
		var s sample
		config.Decode(doc.Root, &s, r)
		if got := fmt.Sprint(messages(r)); got != `[error: the file has no "brand"]` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestLoadJoinsIncludedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := write(t, dir, "main.yaml", `
include: [offers/*.yaml, desk.yaml]
brand: {name: Nar}
desk: {reply_mark: ">>", topics: {care: {channel: "#care"}}}
offers:
  first: {at: 2026-12-18, text: a}
`)
	write(t, dir, "offers/b.yaml", "offers:\n  third: {at: 2026-12-18, text: c, gift: nothing}\n")
	write(t, dir, "offers/a.yaml", "offers:\n  second: {at: 2026-12-18, text: b}\n")
	write(t, dir, "desk.yaml", "desk: {first_response: 5m, topics: {delivery: {channel: \"#delivery\"}}}\n")
	doc, r := config.Load(main, config.Options{})
	s := decoded(doc, r)
	if got := fmt.Sprint(s.Offers.IDs(), s.Desk.Topics.IDs(), s.Desk.Reply.String()+" "+s.Desk.Mark); got != "[first second third] [care delivery]5m >>" {
		t.Errorf("joined: %s", got)
	}
	third, ok := s.Offers.Get("third")
	if !ok || third.File() != filepath.Join(dir, "offers/b.yaml") || third.Line() != 2 {
		t.Errorf("the third offer stands at %s", third.Place())
	}
	if got := messages(r); len(got) != 1 || got[0] != `error: there is no reward "nothing"` {
		t.Errorf("problems %q", got)
	}
	want := []string{main, filepath.Join(dir, "offers/a.yaml"), filepath.Join(dir, "offers/b.yaml"), filepath.Join(dir, "desk.yaml")}
	if fmt.Sprint(doc.Files) != fmt.Sprint(want) {
		t.Errorf("files %v, want %v", doc.Files, want)
	}
	if last := doc.Watch[len(doc.Watch)-1]; last != filepath.Join(dir, "offers/*.yaml") {
		t.Errorf("watched last is %s", last)
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"${SAMPLE_PORT}":             "8080",
		"a${SAMPLE_PORT}b":           "a8080b",
		"${SAMPLE_PORT}${NO:-x}":     "8080x",
		"${NO:-with: colon # and}":   "with: colon # and",
		"${NO:-}":                    "",
		"${SAMPLE_EMPTY:-x}":         "x",
		"${SAMPLE_EMPTY:-}":          "",
		"$${SAMPLE_PORT}":            "${SAMPLE_PORT}",
		"$$${SAMPLE_PORT}":           "$${SAMPLE_PORT}",
		"costs 5$ {net}":             "costs 5$ {net}",
		"${SAMPLE_PORT} and $${NO}!": "8080 and ${NO}!",
	} {
		doc, r := config.Parse("c.yaml", []byte("text: '"+text+"'\n"), config.Options{Env: environment})
		node, ok := doc.Root.Field("text")
		if !ok || node.Text() != want || len(node.Unset()) > 0 || r.HasErrors() {
			t.Errorf("%s = %q, %v; want %q", text, node.Text(), messages(r), want)
		}
	}
	// What comes from the environment is never read as YAML.
	env := func(string) (string, bool) { return "x, admin: true}\nb: {", true }
	doc, r := config.Parse("c.yaml", []byte("a: {name: '${ANY}', n: 1}\n"), config.Options{Env: env})
	a, _ := doc.Root.Field("a")
	if keys := a.Entries(); len(keys) != 2 || len(doc.Root.Entries()) != 1 || r.HasErrors() {
		t.Errorf("a variable changed the structure: %v", keys)
	}
}

func TestUnusedVariablesNeedNotBeSet(t *testing.T) {
	t.Parallel()
	doc, r := config.Parse("c.yaml", []byte("brand: {name: Nar}\nchannels: {telegram: {token: '${NO_SUCH}'}}\n"), config.Options{Env: environment})
	s := decoded(doc, r)
	if got := messages(r); len(got) > 0 {
		t.Fatalf("a section that nobody reads is reported: %q", got)
	}
	telegram, ok := s.Channels.Get("telegram")
	if !ok {
		t.Fatal("the channel's node is lost")
	}
	var section struct {
		config.At
		Token config.Secret `yaml:"token"`
	}
	config.Decode(*telegram, &section, r)
	if got := messages(r); len(got) != 1 || section.Line() != 2 {
		t.Errorf("decoded at %s with %q, want the variable reported", section.Place(), got)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i <= 'k'; i++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"brackets":  {strings.Repeat("[", 1<<17), "the file is nested too deeply"},
		"braces":    {strings.Repeat("{a: ", 1<<15), "the file is nested too deeply"},
		"dashes":    {strings.Repeat("- ", 1<<15), "the file is nested too deeply"},
		"questions": {strings.Repeat("? ", 1<<15), "the file is nested too deeply"},
		"anchors":   {strings.Repeat("&a ", 1<<15), "the file is nested too deeply"},
		"tags":      {strings.Repeat("!a ", 1<<15), "the file is nested too deeply"},
		"keys":      {strings.Repeat("a: b\n", 1<<15), "the map has too many keys"},
		"aliases":   {bomb, "the file is too large once its aliases are written out"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, r := config.Parse("c.yaml", []byte(tt.text), config.Options{})
			var s sample
			config.Decode(doc.Root, &s, r)
			if got := strings.Join(messages(r), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("problems %.500s, want %q", got, tt.want)
			}
		})
	}
}

func TestReadFurtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := write(t, dir, "conf/main.yaml", "brand: {name: Nar}\nfiles: [articles/*.yaml, nowhere.yaml, nothing/*.yaml]\n")
	write(t, dir, "conf/articles/b.yaml", "- {points: 1}\n- {ponits: 2}\n")
	write(t, dir, "conf/articles/a.yaml", "points: 3\n")
	write(t, dir, "conf/articles/c.yaml", "just words\n")
	doc, r := config.Load(main, config.Options{})
	files, _ := doc.Root.Field("files")
	var read []string
	for _, item := range files.Items() {
		for _, d := range r.Read(item.At(), item.Text()) {
			read = append(read, filepath.Base(d.Files[0])+" "+d.Root.Kind().String())
			var rewards []sampleReward
			if d.Root.Kind() == config.List {
				config.Decode(d.Root, &rewards, r)
			}
		}
	}
	if got := strings.Join(read, ", "); got != "a.yaml a map of keys, b.yaml a list, c.yaml a map of keys" {
		t.Errorf("read %s", got)
	}
	var got []string
	for _, p := range r.Problems() {
		got = append(got, strings.TrimPrefix(p.Place(), dir+"/")+": "+p.Message)
	}
	want := []string{
		"conf/main.yaml:2:26: cannot read " + dir + "/conf/nowhere.yaml: there is no such file",
		`conf/main.yaml:2:40: no file matches "nothing/*.yaml"`,
		`conf/articles/b.yaml:2:4: unknown key "ponits" in item 2`,
		"conf/articles/c.yaml:1:1: the file must be a map of sections, not a single value",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Without a place, files are sought beside the main file.
	if docs := r.Read(config.At{}, "articles/a.yaml"); len(docs) != 1 {
		t.Errorf("%d files read without a place", len(docs))
	}
}

func TestAddTakesProblemsOfOtherPackages(t *testing.T) {
	t.Parallel()
	root, r := report(t, "a: x\n")
	r.Warnf(root.At(), "", "ours")
	r.Add(
		config.Problem{Severity: config.Error, File: "texts/az.yaml", Line: 3, Column: 5, Message: "theirs", Source: "    x: y"},
		config.Problem{Severity: config.Warning, File: "texts/az.yaml", Line: 1, Column: 1, Message: "earlier"},
	)
	if got := strings.Join(messages(r), "; "); got != "warning: ours; warning: earlier; error: theirs" || !r.HasErrors() {
		t.Errorf("problems: %s", got)
	}
	if got := rendered(t, r, false); !strings.Contains(got, "    3 |     x: y\n      |     ^\n") {
		t.Errorf("rendered:\n%s", got)
	}
}
