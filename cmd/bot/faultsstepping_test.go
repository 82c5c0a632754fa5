package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// clockOfBot is the environment variable that names the file by which a started bot's wall clock is off: eight bytes,
// nanoseconds, shared with the test.
const clockOfBot = "RAPPORT_TEST_WALL_CLOCK"

// A wall clock cannot be set for one process. So the program is built with a standard library whose time.Now adds what
// a file shared with the test says, as a time server that steps the machine's clock would have it. The steady clock
// and the timers stay as they are. SQLite asks the system by itself, and is given the same clock.
const (
	hookBefore = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	hookAfter  = hookBefore + "\tif p := SteppedBy; p != nil {\n\t\tsec += *p / int64(Second)\n\t}\n"
	hookHolds  = "\n// SteppedBy points at how far the wall clock is off, in nanoseconds.\nvar SteppedBy *int64\n"
	hookInBot  = `package main

import (
	"database/sql/driver"
	"os"
	"syscall"
	"time"
	"unsafe"

	"modernc.org/sqlite"
)

func init() {
	f, err := os.Open(os.Getenv("` + clockOfBot + `"))
	if err != nil {
		panic(err)
	}
	shared, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	time.SteppedBy = (*int64)(unsafe.Pointer(&shared[0]))
	sqlite.MustRegisterScalarFunction("unixepoch", -1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		now := time.Now()
		if len(args) == 0 {
			return now.Unix(), nil
		}
		return float64(now.UnixMilli()) / 1000, nil
	})
}
`
)

// steppable builds the program with a wall clock that can be stepped in a folder, and answers its path.
func steppable(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	theirs := filepath.Join(strings.TrimSpace(string(root)), "src/time/time.go")
	source, err := os.ReadFile(theirs)
	if err != nil {
		return "", err
	}
	ours := map[string]string{"time.go": strings.Replace(string(source), hookBefore, hookAfter, 1) + hookHolds, "hook.go": hookInBot}
	for name, content := range ours {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		theirs: filepath.Join(dir, "time.go"), filepath.Join(here, "hook_stepped.go"): filepath.Join(dir, "hook.go"),
	}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "bot")
	out, err := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", exe, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return exe, nil
}

// wallClock is how far the wall clocks of the processes are off that are started with it.
type wallClock struct {
	t    *testing.T
	path string
	off  *int64
}

func newWallClock(t *testing.T) *wallClock {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "clock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(8); err != nil {
		t.Fatal(err)
	}
	shared, err := syscall.Mmap(int(f.Fd()), 0, 8, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return &wallClock{t: t, path: f.Name(), off: (*int64)(unsafe.Pointer(&shared[0]))}
}

// step moves the wall clock by so much, in whole seconds, and says so.
func (c *wallClock) step(by time.Duration) {
	c.t.Logf("the wall clock steps by %v and is off by %v", by, time.Duration(atomic.AddInt64(c.off, int64(by))))
}
