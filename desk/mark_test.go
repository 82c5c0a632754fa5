package desk_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/desk"
)

func TestMarked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{ // "": not marked
		">> hello":                          "hello",
		">>hello":                           "hello",
		"  >> hello ":                       "hello",
		"&gt;&gt; hello":                    "hello",
		"&gt; &gt; hello":                   "hello",
		"> > hello":                         "hello",
		"> &gt; hello":                      "hello",
		">>> hello":                         "> hello",
		">> one\n>> two":                    "one\ntwo",
		">> one\ntwo > three":               "one\ntwo > three",
		"&gt;&gt; a &amp; b":                "a &amp; b",
		">> ":                               "",
		"> hello":                           "",
		"&gt; the customer said\nno":        "",
		"hello >> there":                    "",
		"hello\n>> there":                   "",
		"&lt;&lt; hello":                    "",
		"":                                  "",
		"\u200b>> hello":                    "",
		"internal: write >> before a reply": "",
	} {
		rest, marked := desk.Marked(">>", text)
		if marked != (want != "" || strings.TrimSpace(text) == ">>") || marked && rest != want {
			t.Errorf("Marked(%q) = %q, %t; want %q", text, rest, marked, want)
		}
	}
	if rest, marked := desk.Marked("!r", "> !r hello"); !marked || rest != "hello" {
		t.Errorf("a mark of one's own in a quote: %q, %t", rest, marked)
	}
}

func FuzzMarked(f *testing.F) {
	for _, seed := range []string{">> hello", "&gt;&gt;", "> > >\n>", "&gt;&amp;gt;", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rest, marked := desk.Marked(">>", text)
		if !marked && rest != text {
			t.Errorf("a text without the mark was changed: %q", rest)
		}
		if marked && strings.Count(text, ">")+strings.Count(text, "&gt;") < 2 {
			t.Errorf("%q counts as marked", text)
		}
	})
}

func TestMask(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Aynur Məmmədova": "A. M.", "ayla": "A.", "əli": "Ə.", "Анна-Мария Петровна Сидорова": "А. М. П.", "💋Lalə": "L.", "💋": "Customer", "": "Customer", "a.b_c": "A. B. C.",
	} {
		if got := desk.Mask(name, "Customer"); got != want {
			t.Errorf("Mask(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestContinues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"it is STILL loud": true, "hələ də işləmir": true, "hele de islemir": true, "опять не работает": true, "hâlâ bozuk": true, "yine aynı sorun": true,
		"what are your hours": false, "distillation": false, "": false, "спасибо": false,
	} {
		if got := desk.Continues(text); got != want {
			t.Errorf("Continues(%q) = %t", text, got)
		}
	}
}

// read decodes a desk section.
func read(t *testing.T, file string) (desk.Config, []string) {
	t.Helper()
	set := desk.Defaults()
	doc, r := config.Parse("rapport.yaml", []byte(file), config.Options{})
	config.Decode(doc.Root, &set, r)
	var problems []string
	for _, p := range r.Problems() {
		problems = append(problems, p.Message)
	}
	return set, problems
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"reply_mark: \">>\"":                                     "",
		"reply_mark: \"!!\"":                                     "",
		"reply_mark: \">\"":                                      "how people quote",
		"reply_mark: \" \"":                                      "is empty",
		"reply_mark: /r":                                         "takes what begins with /",
		"reply_mark: r":                                          "by chance",
		"reply_mark: \"************\"":                           "too long",
		"first_response: 10s":                                    "is too small",
		"topics: {complaint: {channel: \"#care\"}}":              "",
		"topics: {complaint: {channel: C0123ABCD}}":              "",
		"topics: {complaint: {channel: care}}":                   "neither a channel's #name nor its id",
		"topics: {complaint: {channel: \"#Care Team\"}}":         "no name of a Slack channel",
		"topics: {a: {languages: {ru: \"#care-ru\"}}}":           "",
		"topics: {a: {languages: {ru: care}}}":                   "neither a channel's #name nor its id",
		"topics: {a: {escalate_to: bosses}}":                     "neither a channel's #name nor its id",
		"roles: {lead: {may: [reply, fly]}}":                     "fly",
		"replies: {wait: {az: a, tr: b, ru: c, en: One moment}}": "",
	} {
		_, problems := read(t, file)
		all := strings.Join(problems, "; ")
		if want == "" && all != "" || want != "" && !strings.Contains(all, want) {
			t.Errorf("%s: problems %q, want %q", file, all, want)
		}
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	set, problems := read(t, `topics: {a: {channel: "#a", languages: {ru: "#a-ru"}}, b: {channel: "#support", escalate_to: "#bosses"}}`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := strings.Join(desk.Channels(desk.Staff{Channel: "#support"}, &set), " "); got != "#support #a #a-ru #bosses" {
		t.Errorf("Channels() = %s", got)
	}
}
