package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// DurableVariable is the environment variable that, when it is not empty, has files lie on the disk, where a commit
// waits for it. `withpg -durable` sets it.
const DurableVariable = "RAPPORT_TEST_DURABLE"

// databaseFile is what a test's database is called in the folder that it has for itself.
const databaseFile = "test.db"

// SQLite returns the sqlite:// URL of a database file that does not exist yet, in a folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return urlOf(filepath.Join(Folder(t), databaseFile))
}

// SQLiteFrom returns the sqlite:// URL of a fresh copy of a template file. The template is made once in a test process
// for each name: prepare fills a file that does not exist yet, say with migrations, and has closed it when it returns.
func SQLiteFrom(t testing.TB, name string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	made, _ := files.LoadOrStore(name, &templateFile{})
	content, err := made.(*templateFile).get(prepare)
	if err != nil {
		t.Fatalf("SQLite template %s: %v", name, err)
	}
	path := filepath.Join(Folder(t), databaseFile)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatalf("copy the SQLite template %s: %v", name, err)
	}
	return urlOf(path)
}

func urlOf(path string) string { return "sqlite://" + path }

// Folder is an empty folder that goes with the test. Commits wait for the disk, so a test's lies in memory where the
// system has a place for that: what the processes of a test wrote outlives them there as well. A benchmark's, and
// everything in a durable run, lies on the disk.
func Folder(t testing.TB) string {
	t.Helper()
	if _, benchmark := t.(*testing.B); benchmark || os.Getenv(DurableVariable) != "" {
		return t.TempDir()
	}
	memory, ok := inMemory()
	if !ok {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "rapport-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
	return dir
}

// files holds a *templateFile for each name that SQLiteFrom was asked for.
var files sync.Map

type templateFile struct {
	once    sync.Once
	content []byte
	err     error
}

// get returns the template's content, which the first caller makes while the others wait.
func (m *templateFile) get(prepare func(ctx context.Context, url string) error) ([]byte, error) {
	m.once.Do(func() { m.content, m.err = makeFile(prepare) })
	return m.content, m.err
}

func makeFile(prepare func(ctx context.Context, url string) error) (content []byte, err error) {
	dir, err := os.MkdirTemp("", "rapport-template-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, cancel := context.WithTimeout(context.Background(), statementTimeout)
	defer cancel()
	path := filepath.Join(dir, databaseFile)
	if err := prepare(ctx, urlOf(path)); err != nil {
		return nil, err
	}
	// What is still in the write-ahead log would be missing from the copies.
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		return nil, fmt.Errorf("%s is still open", path)
	}
	return os.ReadFile(path)
}
