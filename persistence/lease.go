package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
)

// Outbox is the store of what is to be sent.
type Outbox struct{ db *DB }

var _ outbox.Store = (*Outbox)(nil)

// Outbox answers the store of the outbox workers.
func (db *DB) Outbox() *Outbox { return &Outbox{db} }

// Acquire implements outbox.Store.
func (s *Outbox) Acquire(ctx context.Context, account, owner string, ttl time.Duration) (outbox.Lease, error) {
	lock, err := s.db.runLocks.take(account)
	if errors.Is(err, errLocked) {
		return outbox.Lease{}, fmt.Errorf("lease of %s: %w", account, outbox.ErrRunning)
	}
	if err != nil {
		return outbox.Lease{}, err
	}
	l, err := s.acquire(ctx, account, owner, ttl, lock)
	if err == nil && lock != nil {
		err = lock.names(owner)
	}
	if err != nil {
		return outbox.Lease{}, fmt.Errorf("lease of %s: %w", account, err)
	}
	s.db.nudges.runs(account, l.Expires)
	return l, nil
}

// acquire takes or renews the lease. The epoch stays while nobody else has had it, even when its time was over in
// between: on SQLite that time is the machine's wall clock, which may be set forward. A lease that was given back is
// over for good.
func (s *Outbox) acquire(ctx context.Context, account, owner string, ttl time.Duration, lock *runLock) (outbox.Lease, error) {
	l := outbox.Lease{Account: account, Owner: owner, Expires: time.Now().Add(ttl)}
	dead := ""
	if lock != nil {
		dead = lock.dead()
	}
	clock := s.db.dialect.clock
	query := `INSERT INTO leases (account, owner, epoch, expires_at) VALUES (?, ?, 1, ` + clock + ` + ?)
		ON CONFLICT (account) DO UPDATE SET
			epoch = CASE WHEN leases.owner = excluded.owner AND leases.expires_at > 0 THEN leases.epoch ELSE leases.epoch + 1 END,
			owner = excluded.owner, expires_at = excluded.expires_at
		WHERE leases.owner = excluded.owner OR leases.expires_at <= ` + clock + ` OR leases.owner = NULLIF(CAST(? AS text), '')
		RETURNING epoch`
	err := s.db.doLazily(ctx, func(ctx context.Context, tx *Tx) error {
		return tx.get(ctx, &l.Epoch, query, account, owner, ttl.Milliseconds(), dead)
	})
	if errors.Is(err, conversation.ErrNotFound) {
		return l, outbox.ErrLeaseHeld
	}
	return l, err
}

// Release implements outbox.Store. A lease that is over already is not an error.
func (s *Outbox) Release(ctx context.Context, l outbox.Lease) error {
	s.db.nudges.runs(l.Account, time.Time{})
	err := s.db.doLazily(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE leases SET expires_at = 0 WHERE account = ? AND owner = ? AND epoch = ?`, l.Account, l.Owner, l.Epoch)
		return err
	})
	if err == nil {
		err = s.db.runLocks.drop(l.Account, l.Owner)
	}
	if err != nil {
		return fmt.Errorf("give back the lease of %s: %w", l.Account, err)
	}
	s.db.nudges.tell(note{BoxLease, l.Account})
	return nil
}

// fence goes on only while l is in force, and keeps it so until the transaction ends. A lease whose time is up but
// which nobody has taken over still lets results be written: they are facts.
func (tx *Tx) fence(ctx context.Context, l outbox.Lease, inTime bool) error {
	query := `SELECT epoch FROM leases WHERE account = ? AND owner = ? AND epoch = ?`
	if inTime {
		query += ` AND expires_at > ` + tx.d.clock
	}
	var epoch int64
	err := tx.get(ctx, &epoch, query+tx.d.shareRow, l.Account, l.Owner, l.Epoch)
	if errors.Is(err, conversation.ErrNotFound) {
		return outbox.ErrLeaseLost
	}
	return err
}
