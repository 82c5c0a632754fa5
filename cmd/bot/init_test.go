package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInitWritesFilesThatCheckAccepts answers the questions in several ways, mean ones among them.
func TestInitWritesFilesThatCheckAccepts(t *testing.T) {
	tests := []struct {
		name, answers string
		args          []string
		holds         string
	}{
		{"defaults", "", []string{"init", "--yes"}, "My Shop"},
		{"return pressed each time", strings.Repeat("\n", 10), []string{"init"}, "My Shop"},
		{"one language, no points", "Nar\nru\nEurope/Istanbul\nTRY\n09:00-18:00\nTaksim\n+90 212\nno\nno\nyes\n", []string{"init"}, "languages: [ru]"},
		{"answers that could break YAML", "'Nar': \"# & *x\naz\nAsia/Baku\nAZN\n10:00-19:00\n\"a: b'\n'\nyes\nyes\nyes\n", []string{"init"}, "''Nar'': \"# & *x"},
		{"a wrong answer is asked again", "Nar\nde\nen\nMars\nAsia/Baku\nAZN\nlate\n10:00-19:00\na\nb\nmaybe\nyes\nno\nno\n", []string{"init"}, "languages: [en]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if code, out, errs := call(t, tt.answers, tt.args...); code != 0 {
				t.Fatalf("init: exit %d\n%s%s", code, out, errs)
			}
			raw, err := os.ReadFile(defaultConfig)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), tt.holds) {
				t.Errorf("%q is not in\n%s", tt.holds, raw)
			}
			if lines := strings.Count(string(raw), "\n"); lines > 45 {
				t.Errorf("%d lines: too long to be read", lines)
			}
			if code, out, errs := call(t, "", "check"); code != 0 {
				t.Errorf("check: exit %d\n%s%s", code, out, errs)
			}
			if code, out, _ := call(t, "", "chat", "--json", "saat neceye qeder aciqsiniz, kogda vy rabotaete, when do you open"); code != 0 || out == "" {
				t.Errorf("chat: exit %d, %q", code, out)
			}
		})
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFiles(t, ".", map[string]string{"rapport.yaml": "mine"})
	code, _, errs := call(t, "", "init", "--yes")
	raw, err := os.ReadFile("rapport.yaml")
	if code != 2 || err != nil || string(raw) != "mine" || !strings.Contains(errs, "rapport.yaml") {
		t.Errorf("exit %d, %q left, said %s", code, raw, errs)
	}
	if _, err := os.Stat(filepath.Join("knowledge", "first.yaml")); err == nil {
		t.Error("articles were written beside it")
	}
}

func TestInitWithoutEnoughAnswersWritesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, _ := call(t, "Nar\n", "init"); code != 2 {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(defaultConfig); err == nil {
		t.Error("a config was written")
	}
}
