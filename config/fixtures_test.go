package config_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestBadFixtures reads every file of testdata/bad and compares the problems
// with the golden rendering beside it. Each has a cured twin in testdata/good.
func TestBadFixtures(t *testing.T) {
	t.Parallel()
	for _, path := range fixtures(t, "testdata/bad") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			_, r := read(path, config.Options{})
			problems := r.Problems()
			if len(problems) == 0 {
				t.Fatalf("%s: no problem found", path)
			}
			var out bytes.Buffer
			if err := problems.Render(&out, false); err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				checkProblem(t, p)
			}
			compareGolden(t, strings.TrimSuffix(path, ".yaml")+".golden", out.Bytes())
			if _, err := os.Stat(filepath.Join("testdata/good", filepath.Base(path))); err != nil {
				t.Errorf("%s has no cured twin: %v", path, err)
			}
		})
	}
}

// checkProblem holds what is true of every problem: it can be found and cured,
// and shows nothing that was filled in or kept secret.
func checkProblem(t *testing.T, p config.Problem) {
	t.Helper()
	if p.File == "" || p.Line < 1 || p.Column < 1 {
		t.Errorf("%s: %q has no place", p.Place(), p.Message)
	}
	if p.Hint == "" {
		t.Errorf("%s: %q has no hint", p.Place(), p.Message)
	}
	if all := p.Message + p.Hint + p.Source; strings.Contains(all, "not-to-be") || strings.Contains(all, "hunter2") {
		t.Errorf("%s: the problem shows a secret: %s", p.Place(), all)
	}
}

// TestGoodFixtures reads the cured twins: nothing may be reported.
func TestGoodFixtures(t *testing.T) {
	t.Parallel()
	for _, path := range fixtures(t, "testdata/good") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			_, r := read(path, config.Options{})
			var out bytes.Buffer
			if err := r.Problems().Render(&out, false); err != nil {
				t.Fatal(err)
			}
			if out.Len() > 0 {
				t.Errorf("%s should be right, got:\n%s", path, &out)
			}
		})
	}
}

func fixtures(t *testing.T, folder string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d files in %s, %v; want thirty and more", len(paths), folder, err)
	}
	return paths
}

func compareGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update and read the file", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs, got:\n%s\nwant:\n%s", path, got, want)
	}
}
