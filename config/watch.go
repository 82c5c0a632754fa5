package config

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// watchQuiet is how long files must be left alone before a change counts:
	// editors write in several steps.
	watchQuiet = 200 * time.Millisecond
	// watchPatience is the longest that unrest can hold a change back.
	watchPatience = 2 * time.Second
)

// Watch calls onChange after one of the paths has changed, until ctx ends; then
// it returns nil. Paths are files or patterns, as in Document.Watch. onChange
// runs on the goroutine of Watch; it returns the paths to watch from then on,
// or nil for the same ones.
//
// Folders are watched rather than files: programs save by renaming a new file
// over the old one, and a watch on the file would stay with the old.
func Watch(ctx context.Context, paths []string, onChange func() []string) error {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the configuration: %w", err)
	}
	defer notify.Close()
	w := &watcher{notify: notify}
	if err := w.follow(paths); err != nil {
		return err
	}
	return w.run(ctx, onChange)
}

type watcher struct {
	notify   *fsnotify.Watcher
	patterns []string
}

// follow sets what is watched.
func (w *watcher) follow(paths []string) error {
	var folders []string
	w.patterns = nil
	add := func(path string) {
		w.patterns = append(w.patterns, path)
		if folder := filepath.Dir(path); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	for _, path := range paths {
		add(path)
		if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
			add(target)
		}
	}
	for _, old := range w.notify.WatchList() {
		if !slices.Contains(folders, old) {
			if err := w.notify.Remove(old); err != nil && !errors.Is(err, fsnotify.ErrNonExistentWatch) {
				return fmt.Errorf("stop watching %s: %w", old, err)
			}
		}
	}
	watched := 0
	var firstErr error
	for _, folder := range folders {
		if err := w.notify.Add(folder); err == nil {
			watched++
		} else if firstErr == nil {
			firstErr = fmt.Errorf("watch the folder %s: %w", folder, err)
		}
	}
	if watched == 0 && len(folders) > 0 {
		return firstErr
	}
	return nil
}

func (w *watcher) run(ctx context.Context, onChange func() []string) error {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	var since time.Time // of the first change not yet told; real time
	for {
		select {
		case <-ctx.Done():
			return nil
		case event, open := <-w.notify.Events:
			if !open {
				return nil
			}
			if !w.concerns(event) {
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			if time.Since(since) < watchPatience {
				quiet.Reset(watchQuiet)
			}
		case err, open := <-w.notify.Errors:
			if !open {
				return nil
			}
			// Events were lost: look again.
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				since = time.Now()
				quiet.Reset(watchQuiet)
			}
		case <-quiet.C:
			since = time.Time{}
			if paths := onChange(); paths != nil {
				if err := w.follow(paths); err != nil {
					return err
				}
			}
		}
	}
}

// concerns tells a change of a watched path from the rest of its folder, such
// as the database beside it.
func (w *watcher) concerns(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	// A mounted volume swaps a link named ..data and leaves the files alone.
	if strings.HasPrefix(filepath.Base(event.Name), "..") {
		return true
	}
	for _, pattern := range w.patterns {
		if ok, err := filepath.Match(pattern, event.Name); event.Name == pattern || err == nil && ok {
			return true
		}
	}
	return false
}
