package config_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rapport-chat/rapport/config"
)

// watched runs Watch and returns a channel that gets one value per change.
func watched(t *testing.T, paths []string, then func() []string) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	changes := make(chan struct{}, 100)
	ready := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		close(ready)
		done <- config.Watch(ctx, paths, func() []string {
			changes <- struct{}{}
			if then == nil {
				return nil
			}
			return then()
		})
	}()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Watch: %v", err)
		}
	})
	return changes
}

// waitFor makes a change again and again until it is seen: the watch may not
// have begun yet.
func waitFor(t *testing.T, changes <-chan struct{}, change func()) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	change()
	for {
		select {
		case <-changes:
			return
		case <-tick.C:
			change()
		case <-deadline:
			t.Fatal("the change was not seen")
		}
	}
}

func TestWatchSeesWritesAndRenames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "rapport.yaml", "a: 1\n")
	changes := watched(t, []string{path}, nil)
	waitFor(t, changes, func() { write(t, dir, "rapport.yaml", "a: 2\n") })
	for range 3 {
		waitFor(t, changes, func() {
			if err := os.Rename(write(t, dir, "rapport.yaml.new", "a: 3\n"), path); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWatchSeesPatternsAndFollowsNewPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "rapport.yaml", "a: 1\n")
	other := filepath.Join(dir, "other", "x.yaml")
	write(t, dir, "other/keep", "")
	write(t, dir, "offers/keep", "")
	changes := watched(t, []string{path, filepath.Join(dir, "offers", "*.yaml"), filepath.Join(dir, "missing", "*.yaml")}, func() []string {
		return []string{path, other}
	})
	waitFor(t, changes, func() { write(t, dir, "offers/new.yaml", "offers: {}\n") })
	// From now on the other path is watched.
	waitFor(t, changes, func() { write(t, dir, "other/x.yaml", "x: 1\n") })
}

func TestWatchLeavesOtherFilesAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, next := write(t, dir, "rapport.yaml", "a: 1\n"), filepath.Join(dir, "next.yaml")
	// Only the other path counts once the first change is told: how often that was made does not matter.
	changes := watched(t, []string{path}, func() []string { return []string{next} })
	waitFor(t, changes, func() { write(t, dir, "rapport.yaml", "a: 2\n") })
	for range 20 {
		write(t, dir, "rapport.db-wal", "busy")
	}
	select {
	case <-changes:
		t.Error("a change of the database counts as one of the configuration")
	case <-time.After(500 * time.Millisecond):
	}
	waitFor(t, changes, func() { write(t, dir, "next.yaml", "a: 3\n") })
}

func TestWatchSeesTheFileBehindALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := write(t, dir, "real/rapport.yaml", "a: 1\n")
	link := filepath.Join(dir, "rapport.yaml")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	changes := watched(t, []string{link}, nil)
	waitFor(t, changes, func() { write(t, dir, "real/rapport.yaml", "a: 2\n") })
}

func TestWatchWithoutAFolder(t *testing.T) {
	t.Parallel()
	err := config.Watch(context.Background(), []string{filepath.Join(t.TempDir(), "no", "file.yaml")}, func() []string { return nil })
	if err == nil {
		t.Error("a folder that is not there is watched")
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
