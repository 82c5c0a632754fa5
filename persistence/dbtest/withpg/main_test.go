package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheCommandGetsTheClusterAndItsExitCodeComesBack(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	script := `case "$RAPPORT_TEST_POSTGRES" in postgres://*) echo has a cluster;; esac; exit 7`
	code := run(t.Context(), []string{"--", "sh", "-c", script}, &stdout, &stderr)
	if code != 7 {
		t.Errorf("got exit code %d, want the command's 7; it printed %s", code, stderr.String())
	}
	if got, want := stdout.String(), "has a cluster\n"; got != want {
		t.Errorf("got output %q, want %q", got, want)
	}
}

func TestADurableRunIsNamedToTheCommand(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"-durable": "1", "-durable=false": ""} {
		var stdout, stderr bytes.Buffer
		run(t.Context(), []string{flag, "--", "sh", "-c", `printf %s "$RAPPORT_TEST_DURABLE"`}, &stdout, &stderr)
		if got := stdout.String(); got != want {
			t.Errorf("%s: got %q, want %q; it printed %s", flag, got, want, stderr.String())
		}
	}
}

func TestWhatCannotBeStartedIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"no command":      {arguments: nil, says: "usage"},
		"unknown flag":    {arguments: []string{"-fast"}, says: "-fast"},
		"unknown command": {arguments: []string{"--", "no-such-program"}, says: "no-such-program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), test.arguments, &stdout, &stderr); code != exitNotStarted {
				t.Errorf("got exit code %d, want %d", code, exitNotStarted)
			}
			if !strings.Contains(stderr.String(), test.says) {
				t.Errorf("got %q, want it to name %q", stderr.String(), test.says)
			}
		})
	}
}
