package texts_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// commands are the commands of the platform menus; the intent has the same name.
var commands = []string{
	"start", "help", "balance", "card", "history", "rewards", "offers", "feedback", "language", "profile",
	"link", "privacy", "mydata", "forget", "stop", "agent",
}

func TestCommandNamesAreUnderstood(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, lang := range language.All {
		for _, command := range commands {
			word := c.Label(lang, "command."+command+".name", nil)
			want := texts.Intent(command)
			if command == "start" {
				want = texts.IntentGreeting
			}
			if got, _, ok := texts.MatchIntent(word, lang); !ok || got != want {
				t.Errorf("%s: MatchIntent(%q) = %q, %v, want %q", lang, word, got, ok, want)
			}
		}
		for _, menu := range []string{"card", "balance", "offers", "agent"} {
			word := c.Label(lang, "menu."+menu, nil)
			if got, _, ok := texts.MatchIntent(word, lang); !ok || got != texts.Intent(menu) {
				t.Errorf("%s: MatchIntent(%q) = %q, %v, want %q", lang, word, got, ok, menu)
			}
		}
	}
}

// invitation finds the words that a text asks the customer to write.
var invitation = regexp.MustCompile(`[«“]([^»”{}]+)[»”]`)

// notCommands are quotations, or the name of a button.
var notCommands = map[string]bool{"handoff.resolved": true, "survey.choose_many": true, "survey.ces.question": true, "link.other_side": true}

func TestWordsWeAskForAreUnderstood(t *testing.T) {
	t.Parallel()
	c := load(t)
	c.OnMissing(func(error) {}) // no values are given here
	for _, lang := range language.All {
		for _, key := range c.Keys() {
			if notCommands[key] {
				continue
			}
			for _, found := range invitation.FindAllStringSubmatch(c.Label(lang, key, nil), -1) {
				if _, _, ok := texts.MatchIntent(strings.Trim(found[1], " "), lang); !ok {
					t.Errorf("%s %s asks the customer to write %q, which nobody understands", lang, key, found[1])
				}
			}
		}
	}
}
