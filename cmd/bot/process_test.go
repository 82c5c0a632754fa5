package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a started bot.
type process struct {
	cmd    *exec.Cmd
	out    *buffer
	err    *buffer
	exited chan struct{}
}

// buffer collects what a process prints and tells who waits for a text.
type buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{}
}

func newBuffer() *buffer { return &buffer{more: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default:
	}
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// startBot starts the program with args in dir; the test kills it at the end if nobody has.
func startBot(t testing.TB, dir string, env []string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, exe, dir, env, args...)
}

// startProgram is startBot for a program that was built otherwise.
func startProgram(t testing.TB, exe, dir string, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(exe, args...), out: newBuffer(), err: newBuffer(), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.out, p.err
	p.cmd.Env = append(append(os.Environ(), asBot+"=1"), env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// stop asks the process to end and answers its exit code.
func (p *process) stop(t testing.TB) int {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	return p.wait(t)
}

// wait answers the exit code.
func (p *process) wait(t testing.TB) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(longest):
		t.Fatalf("the process does not end; it said\n%s", p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// until waits for a text on standard error.
func (p *process) until(t testing.TB, text string) {
	t.Helper()
	deadline := time.After(longest)
	for !strings.Contains(p.err.String(), text) {
		select {
		case <-p.err.more:
		case <-p.exited:
			if !strings.Contains(p.err.String(), text) {
				t.Fatalf("the process ended without saying %q; it said\n%s", text, p.err)
			}
		case <-deadline:
			t.Fatalf("the process does not say %q; it said\n%s", text, p.err)
		}
	}
}

// writeFiles writes a folder's files by name.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// botConfig is a config that answers by api from the articles of a few questions.
func botConfig(database, api, token string) map[string]string {
	return map[string]string{
		"rapport.yaml": fmt.Sprintf(`
brand:
  name: Nar Coffee
  languages: [en, az]
  timezone: Asia/Baku
  currency: AZN
channels:
  telegram:
    token: %q
    api_url: %s
knowledge:
  files: [knowledge/*.yaml]
database:
  url: %q
http:
  addr: 127.0.0.1:0
`, token, api, database),
		"knowledge/all.yaml": killArticles,
	}
}
