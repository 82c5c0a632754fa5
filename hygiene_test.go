package rapport_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxFileLines is the length above which a file probably holds more than one thing.
const maxFileLines = 450

// longFiles are the files above maxFileLines that hold one thing all the same, each with the reason.
var longFiles = map[string]string{}

// sleepers are the files that may call time.Sleep, each with the reason. Everything else waits for an event, a due
// time of its clock, or a timer beside its context.
var sleepers = map[string]string{}

func TestFilesHoldOneThing(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(content, []byte("\n"))
		if lines <= maxFileLines || ast.IsGenerated(parse(t, name)) {
			continue
		}
		seen[name] = true
		if longFiles[name] == "" {
			t.Errorf("%s has %d lines, more than %d: does it hold one thing? Split it, or list it with the reason", name, lines, maxFileLines)
		}
	}
	for name := range longFiles {
		if !seen[name] {
			t.Errorf("%s is listed as a long file and is none any more", name)
		}
	}
}

func TestNothingSleeps(t *testing.T) {
	t.Parallel()
	for _, name := range goFiles(t) {
		for _, call := range calls(t, name) {
			if call == "time.Sleep" && sleepers[name] == "" {
				t.Errorf("%s calls time.Sleep: wait for the event, or use the clock or testing/synctest", name)
			}
		}
	}
}

func TestNoTestSkips(t *testing.T) {
	t.Parallel()
	for _, name := range goFiles(t) {
		for _, call := range calls(t, name) {
			receiver, method, _ := strings.Cut(call, ".")
			isTest := slices.Contains([]string{"t", "b", "f", "tb"}, receiver)
			if isTest && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, method) {
				t.Errorf("%s calls %s: a test that cannot run fails and says why", name, call)
			}
		}
	}
}

// calls returns the calls of the form a.B in a file.
func calls(t *testing.T, name string) []string {
	t.Helper()
	var found []string
	ast.Inspect(parse(t, name), func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
			if left, ok := selector.X.(*ast.Ident); ok {
				found = append(found, left.Name+"."+selector.Sel.Name)
			}
		}
		return true
	})
	return found
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// goFiles returns the Go files of the module, as slash-separated paths from its root.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := name != "." && strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() && (hidden || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !entry.IsDir() && filepath.Ext(name) == ".go" {
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go file found")
	}
	return files
}
