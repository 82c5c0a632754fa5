package persistence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// openPostgres connects and explains what can be wrong.
func (db *DB) openPostgres(ctx context.Context) error {
	connector, err := pq.NewConnector(db.place.dsn)
	if err != nil {
		return fmt.Errorf("%w: the driver does not accept its options: %w", ErrBadURL, err)
	}
	pool := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections)
	db.pool, db.dialect = pool, &postgresDialect
	if err := pool.PingContext(ctx); err != nil {
		return errors.Join(db.explainPostgres(err), pool.Close())
	}
	return nil
}

// explainPostgres adds to an error of the first connection what an operator can do about it.
func (db *DB) explainPostgres(err error) error {
	at := "connect to " + db.place.shown
	if pe := pq.As(err); pe != nil {
		switch pe.Code {
		case pqerror.InvalidPassword, pqerror.InvalidAuthorizationSpecification:
			return fmt.Errorf("%s: the server refuses this user or password: %w", at, err)
		case pqerror.InvalidCatalogName:
			return fmt.Errorf("%s: the server has no such database; create it first, as in `createdb rapport`: %w", at, err)
		}
		return fmt.Errorf("%s: %w", at, translate(err))
	}
	var dns *net.DNSError
	var ne net.Error
	switch {
	case errors.Is(err, pq.ErrSSLNotSupported):
		return fmt.Errorf("%s: the server does not speak TLS; switch it on there, or write sslmode=disable if it runs on this machine: %w", at, err)
	case errors.As(err, &dns):
		return fmt.Errorf("%s: %w: there is no such host: %w", at, ErrUnavailable, err)
	case errors.As(err, &ne):
		return fmt.Errorf("%s: %w: nobody answers there: %w", at, ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w: %w", at, ErrUnavailable, err)
}
