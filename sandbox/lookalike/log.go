package lookalike

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Log is an append-only file of JSON lines in which a look-alike keeps what the platform would remember.
//
// What survives: every Append is one write to the operating system, so the death of the process, kill -9 included,
// loses nothing that Append has returned for. It is not synced to the disk, so a power cut may lose the last seconds;
// a sandbox does not promise more. Rewrite is synced before the new file takes the old one's place. A line that was
// torn by a crash is dropped when the file is opened.
//
// A nil *Log keeps nothing and accepts everything, for sandboxes without a folder.
type Log struct {
	mu   sync.Mutex
	path string
	file *os.File
}

// OpenLog opens or creates the file and hands each of its lines to replay, oldest first. An empty path answers nil.
func OpenLog(path string, replay func(line []byte) error) (*Log, error) {
	if path == "" {
		return nil, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder for %s: %w", filepath.Base(path), err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &Log{path: path, file: file}
	if err := l.load(replay); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// load replays all whole lines and cuts off a torn last one.
func (l *Log) load(replay func(line []byte) error) error {
	r := bufio.NewReaderSize(l.file, 1<<16)
	var good int64
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break // what is left has no line end: torn
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", filepath.Base(l.path), err)
		}
		if body := bytes.TrimSpace(line); len(body) > 0 {
			if err := replay(body); err != nil {
				return fmt.Errorf("line %d of %s: %w", n, filepath.Base(l.path), err)
			}
		}
		good += int64(len(line))
	}
	if err := l.file.Truncate(good); err != nil {
		return fmt.Errorf("cut the torn end of %s: %w", filepath.Base(l.path), err)
	}
	if _, err := l.file.Seek(good, io.SeekStart); err != nil {
		return fmt.Errorf("find the end of %s: %w", filepath.Base(l.path), err)
	}
	return nil
}

// Append writes the values as lines of their own with one write, so that they are kept together or not at all.
func (l *Log) Append(values ...any) error {
	if l == nil {
		return nil
	}
	var buf bytes.Buffer
	if err := encodeLines(&buf, values); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("append to %s: %w", filepath.Base(l.path), err)
	}
	return nil
}

// Rewrite puts a file with only these values in the place of the old one, atomically.
func (l *Log) Rewrite(values []any) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh, err := os.CreateTemp(filepath.Dir(l.path), filepath.Base(l.path)+".*.new")
	if err != nil {
		return fmt.Errorf("rewrite %s: %w", filepath.Base(l.path), err)
	}
	if err := replaceFile(fresh, l.path, values); err != nil {
		return errors.Join(err, fresh.Close(), os.Remove(fresh.Name()))
	}
	old := l.file
	l.file = fresh
	return old.Close()
}

func replaceFile(fresh *os.File, path string, values []any) error {
	w := bufio.NewWriterSize(fresh, 1<<16)
	if err := encodeLines(w, values); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := fresh.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(fresh.Name(), path); err != nil {
		return fmt.Errorf("replace %s: %w", filepath.Base(path), err)
	}
	return nil
}

func encodeLines(w io.Writer, values []any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			return fmt.Errorf("encode a line: %w", err)
		}
	}
	return nil
}

// Close closes the file; a second time it does nothing.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("close %s: %w", filepath.Base(l.path), err)
	}
	return nil
}
