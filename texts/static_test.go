package texts_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// The tests of this file read the built-in texts the way an editor would.

// filled renders a text with a sample value for each of its variables.
func filled(c *texts.Catalogue, lang language.Code, key string) string {
	vars := texts.Vars{}
	for _, name := range c.Variables(lang, key) {
		noun, number, counted := strings.Cut(name, ":")
		switch {
		case counted:
			vars[number] = 5
		case slices.Contains(c.Nouns(), noun):
			vars["n"] = 5
		case vars[name] == nil:
			vars[name] = "X"
		}
	}
	return c.Label(lang, key, vars)
}

func TestAllLanguagesHaveTheSameKeysAndVariables(t *testing.T) {
	t.Parallel()
	c := load(t)
	if len(c.Keys()) < 300 {
		t.Fatalf("the catalogue has %d keys, which cannot be all", len(c.Keys()))
	}
	for _, key := range c.Keys() {
		var want []string
		for _, lang := range language.All {
			if !c.Has(lang, key) {
				t.Errorf("%s is missing in %s", key, lang)
				continue
			}
			got := slices.Sorted(slices.Values(c.Variables(lang, key)))
			if lang == language.All[0] {
				want = got
			} else if !slices.Equal(got, want) {
				t.Errorf("%s has variables %v in %s, %v in %s", key, got, lang, want, language.All[0])
			}
		}
	}
}

// The operators' loader refuses what is wrong with plural forms and variables and
// warns of variables that take an ending; the built-in texts pass it too.
func TestBuiltInTextsPassTheOperatorsChecks(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, p := range c.LoadOverrides(os.DirFS("catalogue")) {
		t.Error(p)
	}
}

func TestNounsHaveAllForms(t *testing.T) {
	t.Parallel()
	c := load(t)
	want := []string{"answers", "days", "days_ago", "hours", "messages", "minutes", "orders", "points", "questions", "replies", "seats", "waiting_customers"}
	if got := c.Nouns(); !slices.Equal(got, want) {
		t.Errorf("nouns %v, want %v", got, want)
	}
	for _, lang := range language.All {
		for _, noun := range c.Nouns() {
			for _, n := range []int64{0, 1, 2, 5, 11, 21, 1000} {
				if c.Noun(lang, noun, n) == "" {
					t.Errorf("%s: no form of %s for %d", lang, noun, n)
				}
			}
		}
	}
}

// isLabel tells the keys that are texts of buttons.
func isLabel(key string) bool {
	subject, name, _ := strings.Cut(key, ".")
	if key == "error.old_button" {
		return false
	}
	if subject == "button" || subject == "menu" || strings.Contains(key, "_options.") || strings.HasSuffix(key, "_button") {
		return true
	}
	return slices.Contains([]string{
		"suggest.none", "fallback.yes", "fallback.rephrase", "media.voice_type", "group.button", "answer.more",
		"handoff.call_back", "handoff.continue", "handoff.withdraw",
		"survey.skip", "survey.later", "survey.leave", "survey.low.ok", "survey.low.no_need", "survey.again.yes", "survey.again.partly",
		"survey.again.no", "survey.other", "consent.yes", "consent.no", "stop.undo", "stop.this_survey", "stop.all", "stop.none",
		"stop.cancel_order", "stop.cancel_messages", "offers.all_off", "offer.unmute", "offer.get_code", "photo.yes", "photo.no",
		"history.older", "join.yes", "join.no", "join.terms", "reward.confirm_yes", "reward.confirm_no", "reward.pickup", "reward.address",
		"event.alone", "event.with_one", "event.cancel", "event.calendar", "forget.yes", "forget.no", "link.get_code", "link.unlink",
		"profile.change", "profile.delete", "onboarding.skip", "onboarding.form_text", "onboarding.form_picture", "onboarding.form_link",
		"onboarding.address_female", "onboarding.address_male", "onboarding.address_none",
	}, subject+"."+name)
}

func TestButtonLabels(t *testing.T) {
	t.Parallel()
	c := load(t)
	labels := 0
	for _, key := range c.Keys() {
		if !isLabel(key) {
			continue
		}
		labels++
		for _, lang := range language.All {
			label := filled(c, lang, key)
			if n := utf8.RuneCountInString(label); n > 24 {
				t.Errorf("%s %s: %q has %d characters, at most 24", lang, key, label, n)
			}
			if strings.HasSuffix(label, ".") || strings.Contains(label, "\n") {
				t.Errorf("%s %s: %q does not look like a button", lang, key, label)
			}
		}
	}
	if labels < 70 {
		t.Errorf("%d labels were looked at, which cannot be all", labels)
	}
}

// Platforms limit what their command menus hold: core.telegram.org/bots/api#botcommand
// (256), discord.com/developers/docs/interactions/application-commands (100).
func TestCommandDescriptions(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, lang := range language.All {
		for _, command := range commands {
			about := c.Label(lang, "command."+command+".about", nil)
			if n := utf8.RuneCountInString(about); n < 3 || n > 60 || strings.HasSuffix(about, ".") {
				t.Errorf("%s command.%s.about = %q", lang, command, about)
			}
		}
	}
}

// solemn are the subjects of apology, complaint and privacy, in which no exclamation
// mark and no emoji may stand.
var solemn = []string{
	"handoff", "away", "error", "flood", "consent", "stop", "privacy", "mydata", "forget", "link", "profile", "onboarding", "fallback", "welcome.notice",
	"survey.low", "survey.again", "survey.told", "survey.nps.detractor", "survey.nps.passive", "survey.csat", "survey.ces", "feedback", "talk.insult",
}

var emoji = regexp.MustCompile(`[\x{1F000}-\x{1FAFF}\x{2600}-\x{27BF}\x{2B00}-\x{2BFF}]`)

func TestTone(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, lang := range language.All {
		for _, key := range c.Keys() {
			text := filled(c, lang, key)
			marks := len(emoji.FindAllString(strings.ReplaceAll(text, "✓", ""), -1))
			if marks > 1 {
				t.Errorf("%s %s has %d emoji, at most one: %q", lang, key, marks, text)
			}
			for _, subject := range solemn {
				if (key == subject || strings.HasPrefix(key, subject+".") || subject == "welcome.notice" && strings.HasPrefix(key, subject)) &&
					(strings.Contains(text, "!") || marks > 0) {
					t.Errorf("%s %s has an exclamation mark or an emoji: %q", lang, key, text)
				}
			}
			if strings.Contains(text, "  ") || strings.TrimSpace(text) != text || strings.Contains(text, " .") || strings.Contains(text, " ,") {
				t.Errorf("%s %s has stray white space: %q", lang, key, text)
			}
		}
	}
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	c := load(t)
	wrong := map[language.Code]string{
		language.Azerbaijani: "“”\"„", language.Russian: "“”\"„", language.Turkish: "«»\"„", language.English: "«»\"„",
	}
	for _, lang := range language.All {
		for _, key := range c.Keys() {
			text := filled(c, lang, key)
			if strings.ContainsAny(text, wrong[lang]) {
				t.Errorf("%s %s has the quotes of another language: %q", lang, key, text)
			}
			if strings.Count(text, "«") != strings.Count(text, "»") || strings.Count(text, "“") != strings.Count(text, "”") {
				t.Errorf("%s %s has an open quote: %q", lang, key, text)
			}
		}
	}
}

// letters tells that a text is written in its own alphabet.
var letters = map[language.Code]*regexp.Regexp{
	language.Azerbaijani: regexp.MustCompile(`^[^\p{Cyrillic}ñ]*$`),
	language.Turkish:     regexp.MustCompile(`^[^\p{Cyrillic}əƏqQxXwW]*$`),
	language.English:     regexp.MustCompile(`^[^\p{Cyrillic}əığşçöüƏİĞŞÇÖÜ]*$`),
	language.Russian:     regexp.MustCompile(`^[^a-zA-Z]*$`),
}

func TestAlphabets(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, lang := range language.All {
		for _, key := range c.Keys() {
			text := strings.ReplaceAll(filled(c, lang, key), "X", "")
			if !letters[lang].MatchString(text) {
				t.Errorf("%s %s has letters of another language: %q", lang, key, text)
			}
		}
	}
}

func TestRussianVerbsDoNotAgreeWithNumbers(t *testing.T) {
	t.Parallel()
	c := load(t)
	verb := regexp.MustCompile(`(?i)(начислен|списан|осталс|сгорел)[аоы]?\s`)
	for _, key := range c.Keys() {
		if text := filled(c, language.Russian, key); verb.MatchString(text) {
			t.Errorf("%s: a verb agrees with a number: %q", key, text)
		}
	}
}
