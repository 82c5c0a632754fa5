package persistence_test

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	postgres := dbtest.Postgres(t)
	for name, test := range map[string]struct {
		url  string
		is   error
		says string
	}{
		"no scheme":           {"rapport.db", persistence.ErrBadURL, "sqlite:// or postgres://"},
		"another scheme":      {"mysql://host/db", persistence.ErrBadURL, "sqlite:// or postgres://"},
		"no file":             {"sqlite://", persistence.ErrBadURL, "file name"},
		"memory":              {"sqlite://:memory:", persistence.ErrBadURL, "lose"},
		"options":             {"sqlite://a.db?mode=ro", persistence.ErrBadURL, "no options"},
		"a folder":            {"sqlite://" + dir, persistence.ErrBadURL, "is a folder"},
		"a missing folder":    {"sqlite://" + dir + "/nowhere/a.db", persistence.ErrBadURL, "does not exist"},
		"no database":         {"sqlite://" + junk, nil, "no SQLite database"},
		"no sslmode":          {"postgres://user:hunter2@localhost/db", persistence.ErrBadURL, "sslmode"},
		"no database name":    {"postgres://user:hunter2@localhost/?sslmode=disable", persistence.ErrBadURL, "names no database"},
		"unreadable":          {"postgres://user:hunter2%zz@localhost/db?sslmode=disable", persistence.ErrBadURL, "cannot be read"},
		"unknown sslmode":     {"postgres://user:hunter2@localhost/db?sslmode=sometimes", persistence.ErrBadURL, "options"},
		"nobody there":        {"postgres://user:hunter2@127.0.0.1:1/db?sslmode=disable", persistence.ErrUnavailable, "nobody answers"},
		"no such host":        {"postgres://user:hunter2@host.invalid/db?sslmode=disable", persistence.ErrUnavailable, "no such host"},
		"wrong password":      {with(t, postgres, func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "hunter2") }), nil, "refuses this user or password"},
		"wrong database":      {with(t, postgres, func(u *url.URL) { u.Path = "/elsewhere" }), nil, "no such database"},
		"TLS that is not had": {with(t, postgres, func(u *url.URL) { u.RawQuery = "sslmode=require" }), nil, "does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := persistence.Open(t.Context(), test.url, persistence.Options{})
			if err == nil {
				_ = db.Close()
				t.Fatal("it was opened")
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %q is not %q", err, test.is)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q does not say %q", err, test.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q shows the password", err)
			}
		})
	}
}

// with changes one thing about a URL.
func with(t *testing.T, raw string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

func TestOpenIsRelativeToTheConfig(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "100% off? #1") // signs that a name for the driver must escape
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	db := openWith(t, "sqlite://shop.db", persistence.Options{Dir: dir})
	accept(t, db, message("ann", "1", "salam"))
	info, err := os.Stat(filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file can be read by others: %v", info.Mode())
	}
}

func TestAnotherProgramsDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	address := dbtest.SQLite(t)
	other, err := sql.Open("sqlite", strings.TrimPrefix(address, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `CREATE TABLE theirs (id INTEGER)`); err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := persistence.Open(t.Context(), address, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Migrate(t.Context()); !errors.Is(err, persistence.ErrBadURL) || !strings.Contains(err.Error(), "another program") {
		t.Errorf("Migrate() = %v, want a refusal", err)
	}
}
