package persistence

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// runLocks tell on SQLite, whose file is on one machine, whether the process that holds an account's lease lives: it
// has locked a file beside the database for as long. The system drops the lock when a process ends, however it ends,
// and keeps it while a process stands still. The file's content is the owner of the last lease taken under its lock, so
// that only a lease whose holder had the lock is taken from the dead.
type runLocks struct {
	path string // of the database; empty on PostgreSQL

	mu   sync.Mutex
	held map[string]*runLock // by account
}

type runLock struct {
	file *os.File

	mu   sync.Mutex
	own  bool   // the file names an owner of this process
	name string // what the file says
}

// errLocked: a living process has the lock.
var errLocked = errors.New("locked by another process")

// errNoLocks: this system has none, so that nothing is known.
var errNoLocks = errors.New("files cannot be locked here")

func newRunLocks(p place) *runLocks { return &runLocks{path: p.path, held: map[string]*runLock{}} }

// take locks the account for this process. It answers nil without an error where nothing can be locked, and errLocked
// while another process lives that has it.
func (l *runLocks) take(account string) (*runLock, error) {
	if l.path == "" {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if lock := l.held[account]; lock != nil {
		return lock, nil
	}
	f, err := os.OpenFile(l.path+"-"+lockName(account)+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock account %s beside the database: %w", account, err)
	}
	switch err := lockFile(f); {
	case errors.Is(err, errNoLocks):
		return nil, f.Close()
	case err != nil:
		return nil, errors.Join(err, f.Close())
	}
	name, err := io.ReadAll(io.LimitReader(f, maxCause))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", filepath.Base(f.Name()), err), f.Close())
	}
	lock := &runLock{file: f, name: string(name)}
	l.held[account] = lock
	return lock, nil
}

// dead is the owner whose process has ended without giving its lease back, or empty.
func (l *runLock) dead() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.own {
		return ""
	}
	return l.name
}

// isOf says whether owner had the last lease under this lock.
func (l *runLock) isOf(owner string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.own && l.name == owner
}

// names writes down that owner holds the lease under this lock.
func (l *runLock) names(owner string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.own && l.name == owner {
		return nil
	}
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("write down who runs an account: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(owner), 0); err != nil {
		return fmt.Errorf("write down who runs an account: %w", err)
	}
	l.own, l.name = true, owner
	return nil
}

// drop unlocks the account after owner's lease, unless another owner in this process has it by now.
func (l *runLocks) drop(account, owner string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	lock := l.held[account]
	if lock == nil || !lock.isOf(owner) {
		return nil
	}
	delete(l.held, account)
	return lock.file.Close()
}

func (l *runLocks) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, lock := range l.held {
		errs = append(errs, lock.file.Close())
	}
	clear(l.held)
	return errors.Join(errs...)
}

// lockName is an account as a part of a file's name.
func lockName(account string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, account)
}
