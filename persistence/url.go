package persistence

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// What a PostgreSQL connection gets unless database.url says otherwise. They bound how long a lost network or a
// stopped process can hold rows that others wait for.
var postgresDefaults = map[string]string{
	"connect_timeout":   "10",    // seconds
	"statement_timeout": "15000", // ms
	// In ms, and less than a lease: a process that stands still inside a transaction keeps nobody from taking over.
	"idle_in_transaction_session_timeout": "5000",
	// PostgreSQL takes every table of parameters for a hundred rows, most have one. It would rather read a table of ten
	// thousand people through and hash it than look up a hundred, for every single message. All our joins go by an index:
	// they have to for SQLite, which knows no other way. And what it has planned while a table was small it keeps for a
	// minute, in which an outbox grows to thousands.
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"enable_seqscan":   "off",
	"jit":              "off", // its compiling costs more than any of our statements
	"application_name": "rapport",
}

// place is where a database is, read from database.url.
type place struct {
	sqlite bool
	path   string // SQLite: the file
	dsn    string // PostgreSQL: what the driver is given, with the password
	shown  string // for people, without the password
}

// CheckURL says what is wrong with a database.url, without opening it. Its errors are ErrBadURL and never show a
// password.
func CheckURL(raw string) error {
	_, err := parseURL(raw, "")
	return err
}

// parseURL reads database.url. Relative SQLite paths are relative to dir. Its errors never show a password.
func parseURL(raw, dir string) (place, error) {
	switch scheme, rest, _ := strings.Cut(raw, "://"); scheme {
	case "sqlite":
		return parseSQLite(rest, dir)
	case "postgres", "postgresql":
		return parsePostgres(raw)
	default:
		return place{}, fmt.Errorf("%w: it must begin with sqlite:// or postgres://", ErrBadURL)
	}
}

func parseSQLite(path, dir string) (place, error) {
	switch {
	case path == "":
		return place{}, fmt.Errorf("%w: sqlite:// is followed by a file name, such as sqlite://rapport.db", ErrBadURL)
	case strings.HasPrefix(path, ":memory:"):
		return place{}, fmt.Errorf("%w: a database in memory would lose what was accepted; name a file", ErrBadURL)
	case strings.Contains(path, "?"):
		return place{}, fmt.Errorf("%w: sqlite:// takes no options after a question mark", ErrBadURL)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return place{sqlite: true, path: filepath.Clean(path), shown: "sqlite://" + filepath.Clean(path)}, nil
}

func parsePostgres(raw string) (place, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// url.Parse quotes the whole text, password included.
		return place{}, fmt.Errorf("%w: it cannot be read; signs such as @ / # %% in a password are written as %%40 %%2F %%23 %%25", ErrBadURL)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, fmt.Errorf("%w: its options cannot be read", ErrBadURL)
	}
	if strings.Trim(u.Path, "/") == "" && q.Get("dbname") == "" {
		return place{}, fmt.Errorf("%w: it names no database, as in postgres://user@host/rapport?sslmode=require", ErrBadURL)
	}
	if q.Get("sslmode") == "" {
		return place{}, fmt.Errorf("%w: it must state sslmode: ?sslmode=verify-full or require over a network, ?sslmode=disable on this machine", ErrBadURL)
	}
	for name, value := range postgresDefaults {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	shown := url.URL{Scheme: "postgres", Host: u.Host, Path: u.Path}
	if u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	u.Scheme, u.RawQuery = "postgres", q.Encode()
	return place{dsn: u.String(), shown: shown.String()}, nil
}
