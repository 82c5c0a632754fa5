package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	_ "github.com/lib/pq" // the driver that database/sql knows as "postgres"
)

// Server gives out databases on a running cluster, whichever process started it.
type Server struct {
	admin *url.URL
	// owner is the cluster that this process started, nil for a server of another process. A cluster lives for as
	// long as its watcher's pipe is open, and Go closes a file that nobody can reach any more: who holds the server
	// holds the cluster.
	owner *Cluster
}

// Attach returns the server behind adminURL, a postgres:// URL of a role that may create databases.
func Attach(adminURL string) (*Server, error) {
	parsed, err := url.Parse(adminURL)
	if err != nil {
		// The error of url.Parse repeats the URL with its password.
		return nil, errors.New("the URL of the test server cannot be read")
	}
	if parsed.Scheme != "postgres" || parsed.Host == "" {
		return nil, errors.New("the URL of the test server is not of the form postgres://user:password@host:port/database")
	}
	return &Server{admin: parsed}, nil
}

// AdminURL returns the URL that another process can Attach to.
func (s *Server) AdminURL() string { return s.admin.String() }

// URL returns the URL of one database of the server, in the form that database.url takes in the configuration.
func (s *Server) URL(database string) string {
	own := *s.admin
	own.Path = "/" + database
	return own.String()
}

// CreateDatabase makes a new database as a copy of template, or an empty one if template is "", and returns its
// name. Nobody may be connected to the template meanwhile.
func (s *Server) CreateDatabase(ctx context.Context, template string) (string, error) {
	if template == "" {
		template = "template0"
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", fmt.Errorf("create a database from %s: %w", template, err)
	}
	return name, nil
}

// DropDatabase removes a database and ends the connections that are still open to it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	if err := s.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

// exec runs one statement on a connection of its own, which is closed before exec returns: tests that look for
// goroutines left behind must not find a pool of ours.
func (s *Server) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", s.admin.String())
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}
