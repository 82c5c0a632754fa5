package main

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

// TestALongPasteIsAnsweredOnce pastes a hundred kilobytes, which the platform's clients cut into pieces.
func TestALongPasteIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	url := migrated.SQLite(t)
	k := newKillRun(t, url)
	k.start()
	k.say("ayla", "/start")
	k.rest()
	before := len(k.like.Chat("ayla", ""))
	k.say("ayla", strings.Repeat("This is what our last meeting was about. ", 2500)+"And that is all.")
	k.rest()
	var answers []string
	for _, m := range k.like.Chat("ayla", "")[before:] {
		if m.From == "bot" {
			answers = append(answers, m.Text)
		}
	}
	if len(answers) != 1 {
		t.Errorf("want one answer, got %d: %q", len(answers), answers)
	}
	if code := k.bot.stop(t); code != 0 {
		t.Errorf("the service ended with %d: %s", code, k.bot.err)
	}
}
