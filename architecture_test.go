package rapport_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// module is the prefix of all packages of ours.
const module = "github.com/rapport-chat/rapport"

// room is a folder with its sub-folders, and what its code may import of ours besides itself.
type room struct {
	folder string
	may    []string
}

// rooms holds every arrow of docs/architecture.md. A new package outside these rooms fails the test: decide where it
// belongs before adding a row. A new need for an arrow that points up means that a type is in the wrong room.
var rooms = []room{
	{folder: "language"},
	{folder: "clock"},
	{folder: "texts", may: []string{"language"}},
	{folder: "config", may: []string{"language"}},
	{folder: "calendar", may: []string{"config"}},

	// The centre. conversation/commands, its built-in skills, is part of it.
	{folder: "conversation", may: []string{"language", "texts", "clock"}},

	// These four declare the stores they need and do not know each other.
	{folder: "outbox", may: []string{"conversation", "texts", "clock"}},
	{folder: "knowledge", may: []string{"conversation", "language", "texts", "clock", "config"}},
	{folder: "engagement", may: []string{"conversation", "language", "texts", "clock", "config", "calendar"}},
	{folder: "desk", may: []string{"conversation", "language", "texts", "clock", "config", "calendar"}},

	// Implements the stores that the others declare.
	{folder: "persistence", may: []string{
		"conversation", "outbox", "desk", "engagement", "knowledge", "language", "texts", "clock",
	}},

	// The suite that every adapter passes knows no platform, but how people use a look-alike.
	{folder: "adapters/adaptertest", may: []string{"conversation", "texts", "sandbox/lookalike"}},
	// The edges. No adapter knows another one, or a store.
	{folder: "adapters", may: []string{"conversation", "language", "texts", "clock", "config"}},
	{folder: "web", may: []string{
		"conversation", "outbox", "desk", "engagement", "knowledge", "language", "texts", "clock", "config",
	}},
	// The look-alikes are written from the platforms' rules and know nothing of the service.
	{folder: "sandbox"},

	// Wires everything.
	{folder: "cmd", may: []string{anything}},
}

// anything as an arrow's end means every room.
const anything = "*"

// apart are rooms whose sub-folders may not know each other, but for what is there for all of them.
var apart = []string{"adapters"}

// shared are the folders of such rooms that all others there may know.
var shared = []string{"adapters/calling", "adapters/fitting", "adapters/lenient", "adapters/recall"}

// testSupport are folders that only tests may import.
var testSupport = []string{"persistence/dbtest", "adapters/adaptertest"}

// libraries says which of other people's packages stay in one room, and which are for tests only.
var libraries = []struct {
	path string
	home string // "" means tests only
}{
	{path: "github.com/go-telegram/bot", home: "adapters/telegram"},
	{path: "github.com/bwmarrin/discordgo", home: "adapters/discord"},
	{path: "github.com/slack-go/slack", home: "adapters/slack"},
	{path: "database/sql", home: "persistence"},
	{path: "github.com/jmoiron/sqlx", home: "persistence"},
	{path: "github.com/lib/pq", home: "persistence"},
	{path: "modernc.org/sqlite", home: "persistence"},
	{path: "github.com/pressly/goose", home: "persistence"},
	{path: "github.com/alecthomas/kong", home: "cmd"},
	{path: "testing"},
	{path: "pgregory.net/rapid"},
	{path: "go.uber.org/goleak"},
	{path: "github.com/chromedp/chromedp"},
}

func TestArrowsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range packagesOfOurs(t) {
		from, known := roomOf(p.folder())
		if !known {
			t.Errorf("%s is in no room: say in architecture_test.go where it belongs", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := folderOf(imported)
			if !ours {
				continue
			}
			if !mayImport(from, p.folder(), to) {
				t.Errorf("%s imports %s; %s may import only %s", p.folder(), to, from.folder, from.describe())
			}
			if within(to, testSupport...) && !within(p.folder(), testSupport...) {
				t.Errorf("%s imports %s, which is for tests only", p.folder(), to)
			}
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	t.Parallel()
	for _, p := range packagesOfOurs(t) {
		for _, imported := range p.Imports {
			for _, library := range libraries {
				if !within(imported, library.path) || within(p.folder(), testSupport...) {
					continue
				}
				switch {
				case library.home == "":
					t.Errorf("%s imports %s, which is for tests only", p.folder(), imported)
				case !within(p.folder(), library.home):
					t.Errorf("%s imports %s, which stays in %s", p.folder(), imported, library.home)
				}
			}
		}
	}
}

// TestTheTableOfArrows guards the table itself: what the architecture forbids by name must not be in it.
func TestTheTableOfArrows(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		from, to string
		want     bool
	}{
		"the centre needs its texts":           {"conversation", "texts", true},
		"built-in skills know the centre":      {"conversation/commands", "conversation", true},
		"the centre knows no store":            {"conversation", "persistence", false},
		"the centre knows no outbox":           {"conversation", "outbox", false},
		"an adapter knows the centre":          {"adapters/slack", "conversation", true},
		"no adapter knows another":             {"adapters/slack", "adapters/discord", false},
		"adapters share how to call":           {"adapters/slack", "adapters/calling", true},
		"what they share knows none of them":   {"adapters/calling", "adapters/slack", false},
		"their suite knows a person's side":    {"adapters/adaptertest", "sandbox/lookalike", true},
		"their suite knows no platform":        {"adapters/adaptertest", "sandbox/slack", false},
		"an adapter has folders of its own":    {"adapters/slack", "adapters/slack/cards", true},
		"no adapter knows a store":             {"adapters/slack", "persistence", false},
		"no adapter knows the outbox":          {"adapters/slack", "outbox", false},
		"surveys know no store":                {"engagement/survey", "persistence", false},
		"surveys know no outbox":               {"engagement/survey", "outbox", false},
		"offers know their audience":           {"engagement/offer", "engagement/audience", true},
		"the desk knows no adapter":            {"desk", "adapters/slack", false},
		"the desk knows no outbox":             {"desk", "outbox", false},
		"knowledge knows no store":             {"knowledge", "persistence", false},
		"stores know what they implement":      {"persistence", "engagement/loyalty", true},
		"stores know no adapter":               {"persistence", "adapters/console", false},
		"look-alikes know their own kind":      {"sandbox/telegram", "sandbox/lookalike", true},
		"look-alikes know nothing of ours":     {"sandbox/telegram", "conversation", false},
		"look-alikes know no clock of ours":    {"sandbox/telegram", "clock", false},
		"the settings know no platform":        {"config", "adapters/telegram", false},
		"the command knows everything":         {"cmd/bot", "persistence", true},
		"nothing knows the command":            {"web", "cmd/bot", false},
		"a folder is not its name's beginning": {"conversation", "textsearch", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, known := roomOf(test.from)
			if !known {
				t.Fatalf("%s is in no room", test.from)
			}
			if got := mayImport(from, test.from, test.to); got != test.want {
				t.Errorf("%s -> %s: got %t, want %t", test.from, test.to, got, test.want)
			}
		})
	}
}

// TestTheLinterHasTheSameArrows keeps depguard's rules, which show a slip in the editor, equal to the table above.
func TestTheLinterHasTheSameArrows(t *testing.T) {
	t.Parallel()
	rules := linterRules(t)
	for _, r := range rooms {
		if slices.Contains(r.may, anything) {
			continue
		}
		var want []string
		if !slices.Contains(apart, r.folder) {
			want = append(want, module+"/"+r.folder)
		}
		for _, folder := range shared {
			if within(folder, r.folder) {
				want = append(want, module+"/"+folder)
			}
		}
		for _, folder := range r.may {
			want = append(want, module+"/"+folder)
		}
		rule := rules[r.folder]
		if got := rule.Allow; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("depguard's rule %s allows\n%v, want\n%v", r.folder, got, want)
		}
		if files := "${base-path}/" + r.folder + "/**"; !slices.Contains(rule.Files, files) {
			t.Errorf("depguard's rule %s is for %v, want %s", r.folder, rule.Files, files)
		}
		if len(rule.Deny) != 1 || rule.Deny[0].Pkg != module {
			t.Errorf("depguard's rule %s denies %v, want %s", r.folder, rule.Deny, module)
		}
	}
}

// linterRule is one rule of depguard.
type linterRule struct {
	Files []string `yaml:"files"`
	Allow []string `yaml:"allow"`
	Deny  []struct {
		Pkg string `yaml:"pkg"`
	} `yaml:"deny"`
}

// linterRules reads depguard's rules from the linter's configuration.
func linterRules(t *testing.T) map[string]linterRule {
	t.Helper()
	content, err := os.ReadFile(".golangci.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]linterRule `yaml:"rules"`
				} `yaml:"depguard"`
			} `yaml:"settings"`
		} `yaml:"linters"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	return file.Linters.Settings.Depguard.Rules
}

// goPackage is what `go list` tells about one package.
type goPackage struct {
	ImportPath string
	Imports    []string // of its ordinary files; what tests import is free
}

func (p goPackage) folder() string {
	folder, _ := folderOf(p.ImportPath)
	return folder
}

// packagesOfOurs lists the packages of the module, those that do not compile at the moment included.
func packagesOfOurs(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Stderr = t.Output()
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("read the output of go list: %v", err)
		}
		if p.ImportPath != module { // the root has tests only
			packages = append(packages, p)
		}
	}
	if len(packages) == 0 {
		t.Fatal("go list names no package of ours")
	}
	return packages
}

// folderOf returns the folder of a package of ours, and false for a package of somebody else.
func folderOf(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// roomOf returns the room that a folder is in.
func roomOf(folder string) (room, bool) {
	for _, r := range rooms {
		if within(folder, r.folder) {
			return r, true
		}
	}
	return room{}, false
}

// mayImport says whether code in folder, which is in room from, may import the folder to.
func mayImport(from room, folder, to string) bool {
	if within(to, from.folder) {
		return !slices.Contains(apart, from.folder) || second(folder) == second(to) || within(to, shared...)
	}
	return slices.Contains(from.may, anything) || within(to, from.may...)
}

// second returns the second element of a path: the adapter's name in adapters/slack/cards.
func second(folder string) string {
	_, rest, _ := strings.Cut(folder, "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// within says whether a path is one of the folders or lies in one.
func within(given string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return given == folder || strings.HasPrefix(path.Clean(given), folder+"/")
	})
}

func (r room) describe() string {
	if len(r.may) == 0 {
		return "itself"
	}
	return "itself, " + strings.Join(r.may, ", ")
}
