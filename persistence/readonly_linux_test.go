package persistence_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/rapport-chat/rapport/persistence"
)

// asNobody runs do on a thread that may write nowhere in particular, even when the tests run as root, whom a folder's
// permissions do not stop. The thread ends with do.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				t.Errorf("become nobody: %v", err)
				return
			}
		}
		do()
	}()
	<-done
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T, path string){
		"with no database yet": func(*testing.T, string) {},
		"with a database": func(t *testing.T, path string) {
			db, err := persistence.Open(t.Context(), "sqlite://"+path, persistence.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Migrate(t.Context()), db.Close()); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o666); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // so that nobody can look in
				t.Fatal(err)
			}
			prepare(t, filepath.Join(dir, "a.db"))
			if err := os.Chmod(dir, 0o555); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Chmod(dir, 0o755) }()
			var err error
			asNobody(t, func() {
				var db *persistence.DB
				if db, err = persistence.Open(context.WithoutCancel(t.Context()), "sqlite://"+filepath.Join(dir, "a.db"), persistence.Options{}); err == nil {
					_ = db.Close()
				}
			})
			if !errors.Is(err, persistence.ErrReadOnly) || !strings.Contains(err.Error(), "must be allowed to write there") {
				t.Errorf("Open() = %v, want ErrReadOnly with the cure", err)
			}
		})
	}
}
