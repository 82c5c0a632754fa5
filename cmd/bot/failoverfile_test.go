package main

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestOneProcessOnAFile wants a second process refused by name while the first lives, and a killed one followed at
// once: not after the rest of its lease.
func TestOneProcessOnAFile(t *testing.T) {
	t.Parallel()
	k := newKillRun(t, migrated.SQLite(t))
	k.start()
	k.bot.until(t, "receiving")
	second := startBot(t, k.dir, nil, "run")
	if code := second.wait(t); code != 1 {
		t.Errorf("the second process ended with %d, want 1", code)
	}
	if said := second.err.String(); !strings.Contains(said, "test.db already") || !strings.Contains(said, "end that one first") {
		t.Errorf("the second process does not say which database is in use: %s", tail(said))
	}
	k.welcomeAll(3)
	k.rest()
	k.bot.kill()
	k.start()
	k.bot.until(t, "receiving")
	if said := k.bot.err.String(); strings.Contains(said, "waiting to take over") {
		t.Errorf("a killed process's lease was waited for: %s", tail(said))
	}
	k.welcomeAll(3)
	k.rest()
	if code := k.bot.stop(t); code != 0 {
		t.Errorf("the service ended with %d: %s", code, tail(k.bot.err.String()))
	}
}
