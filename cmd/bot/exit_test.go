package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// call runs a command as the shell would, in dir.
func call(t *testing.T, stdin string, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, terminal{in: strings.NewReader(stdin), out: &o, err: &e})
	return code, o.String(), e.String()
}

const goodToken = "123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// TestWhatIsWrongIsSaid breaks what an operator may break. Each ends with a clear sentence and the right exit code.
func TestWhatIsWrongIsSaid(t *testing.T) {
	const brand = "brand: {name: Nar, languages: [en], timezone: Asia/Baku, currency: AZN}\n"
	telegram := "channels: {telegram: {token: \"" + goodToken + "\", api_url: \"http://127.0.0.1:1\"}}\n"
	tests := []struct {
		name    string
		args    []string
		files   map[string]string
		code    int
		says    []string
		silence []string // must not be printed
	}{
		{"no such command", []string{"fly"}, nil, 2, []string{"fly"}, nil},
		{"help", []string{"help"}, nil, 0, []string{"Usage: bot", "sandbox"}, nil},
		{"help with a command", []string{"help", "offers", "pause"}, nil, 0, []string{"Usage: bot offers pause", "<offer>"}, nil},
		{"no config", []string{"run"}, nil, 2, []string{"rapport.yaml"}, nil},
		{"a misspelt key", []string{"run"}, map[string]string{"rapport.yaml": "brnad: {name: Nar}\n" + brand}, 2, []string{"rapport.yaml:1:1", "brnad", "brand"}, nil},
		{"broken YAML", []string{"check"}, map[string]string{"rapport.yaml": "brand: {name: Nar\nchannels:\n"}, 2, []string{"rapport.yaml:"}, nil},
		{"no channel", []string{"run"}, map[string]string{"rapport.yaml": brand}, 2, []string{"no channel", "bot sandbox"}, nil},
		{"an unset variable", []string{"run"}, map[string]string{"rapport.yaml": brand + "channels: {telegram: {token: \"${RAPPORT_TEST_NOT_SET}\"}}\n"}, 2, []string{"RAPPORT_TEST_NOT_SET", "rapport.yaml:2:"}, nil},
		{"a token with something around it", []string{"run"}, map[string]string{"rapport.yaml": brand + "channels: {telegram: {token: \"bot 99887766:SECRETSECRETSECRET\"}}\n"}, 2, []string{"token", "@BotFather"}, []string{"SECRETSECRET"}},
		{"a database nobody can mean", []string{"run"}, map[string]string{"rapport.yaml": brand + telegram + "database: {url: \"mysql://localhost/x\"}\n"}, 2, []string{"sqlite://", "postgres://"}, nil},
		{"a database server that is not there", []string{"migrate"}, map[string]string{"rapport.yaml": brand + "database: {url: \"postgres://nobody:PASSWORD1@127.0.0.1:1/x?sslmode=disable\"}\n"}, 1, []string{"127.0.0.1"}, []string{"PASSWORD1"}},
		{"a database that is a folder", []string{"migrate"}, map[string]string{"rapport.yaml": brand + "database: {url: \"sqlite://sub\"}\n", "sub/file": ""}, 2, []string{"sub"}, nil},
		{"a database that is none", []string{"migrate"}, map[string]string{"rapport.yaml": brand + "database: {url: \"sqlite://notes.txt\"}\n", "notes.txt": strings.Repeat("not a database, only notes\n", 100)}, 1, []string{"notes.txt"}, nil},
		{"a language we do not speak", []string{"chat", "--locale", "de", "hi"}, map[string]string{"rapport.yaml": brand}, 2, []string{"de"}, nil},
		{"a file with nothing in it", []string{"check"}, map[string]string{"rapport.yaml": ""}, 2, []string{"rapport.yaml:1:1", "no settings", "bot init"}, []string{"is fine"}},
		{"a file with a comment alone", []string{"check"}, map[string]string{"rapport.yaml": "# later\n"}, 2, []string{"no settings"}, []string{"is fine"}},
		{"a message of nothing", []string{"chat", ""}, map[string]string{"rapport.yaml": brand}, 2, []string{"nothing to say", "bot chat \"when"}, nil},
		{"a message of blanks", []string{"chat", " ", "\t"}, map[string]string{"rapport.yaml": brand}, 2, []string{"nothing to say"}, nil},
		{"an offer that holds until a day", []string{"check"}, map[string]string{"rapport.yaml": brand + "offers: {x: {every: Friday 10:00, text: hi, valid: 31 Feb}}\n"}, 2, []string{"rapport.yaml:2:", "31 Feb", "is a date", "48h"}, []string{"unknown unit"}},
		{"an unset variable is a warning in check", []string{"check"}, map[string]string{"rapport.yaml": brand + "channels: {telegram: {token: \"${RAPPORT_TEST_NOT_SET}\"}}\n"}, 0, []string{"RAPPORT_TEST_NOT_SET"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, tt.files)
			t.Chdir(dir)
			code, out, errs := call(t, "", tt.args...)
			all := out + errs
			if code != tt.code {
				t.Errorf("exit %d, want %d; it said\n%s", code, tt.code, all)
			}
			for _, want := range tt.says {
				if !strings.Contains(all, want) {
					t.Errorf("it does not say %q:\n%s", want, all)
				}
			}
			for _, secret := range tt.silence {
				if strings.Contains(all, secret) {
					t.Errorf("it says %q:\n%s", secret, all)
				}
			}
		})
	}
}

// TestNewerSchemaIsRefused: a program must not write into a schema that it does not know.
func TestNewerSchemaIsRefused(t *testing.T) {
	dbtest.OnBoth(t, func(t *testing.T, url string) {
		dir := t.TempDir()
		writeFiles(t, dir, botConfig(url, "http://127.0.0.1:1", goodToken))
		t.Chdir(dir)
		if code, _, errs := call(t, "", "migrate"); code != 0 {
			t.Fatalf("migrate: exit %d: %s", code, errs)
		}
		db := writableForTest(t, url)
		if _, err := db.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`); err != nil {
			t.Fatal(err)
		}
		for _, command := range []string{"migrate", "run"} {
			code, _, errs := call(t, "", command)
			if code != 1 || !strings.Contains(errs, "newer") {
				t.Errorf("%s: exit %d: %s", command, code, errs)
			}
		}
	})
}

// TestReadOnlyFolder: the cure is named and nothing is left behind.
func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root writes anywhere; a folder that is a file's child cannot be made by anybody.
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"rapport.yaml": "brand: {name: Nar}\ndatabase: {url: \"sqlite:///proc/rapport/rapport.db\"}\n"})
		t.Chdir(dir)
		code, _, errs := call(t, "", "migrate")
		if code != 2 || !strings.Contains(errs, "/proc/rapport") {
			t.Errorf("exit %d: %s", code, errs)
		}
		return
	}
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rapport.yaml": "brand: {name: Nar}\ndatabase: {url: \"sqlite://ro/rapport.db\"}\n"})
	if err := os.Mkdir(filepath.Join(dir, "ro"), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	code, _, errs := call(t, "", "migrate")
	if code != 1 || !strings.Contains(errs, "ro") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
