package dbtest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rapport-chat/rapport/persistence/dbtest"
)

func pathOf(url string) string { return strings.TrimPrefix(url, "sqlite://") }

func TestAFileTemplateIsPreparedOnceAndCopied(t *testing.T) {
	t.Parallel()
	var prepared atomic.Int32
	prepare := func(_ context.Context, url string) error {
		prepared.Add(1)
		return os.WriteFile(pathOf(url), []byte("a schema"), 0o600)
	}
	for range 2 {
		path := pathOf(dbtest.SQLiteFrom(t, t.Name(), prepare))
		if got, err := os.ReadFile(path); err != nil || string(got) != "a schema" {
			t.Errorf("the copy holds %q, %v; want what was prepared", got, err)
		}
		if err := os.WriteFile(path, []byte("spoilt"), 0o600); err != nil {
			t.Error(err)
		}
	}
	if got := prepared.Load(); got != 1 {
		t.Errorf("got %d preparations, want 1", got)
	}
}

func TestAFileGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var path string
	t.Run("inner", func(t *testing.T) {
		path = pathOf(dbtest.SQLite(t))
		for _, name := range []string{path, path + "-wal"} {
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	})
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("the folder of the file is still there after its test has ended: %v", err)
	}
}

func TestInADurableRunFilesLieOnTheDisk(t *testing.T) {
	t.Setenv(dbtest.DurableVariable, "1")
	path := pathOf(dbtest.SQLite(t))
	if !strings.HasPrefix(path, filepath.Clean(os.TempDir())) {
		t.Errorf("the file is %s, want it where temporary files are", path)
	}
}
