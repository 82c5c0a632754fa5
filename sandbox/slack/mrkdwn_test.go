package slack_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestReads: what people read of mrkdwn.
func TestReads(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited})
	a := inMemory(t, l)
	nigar := l.Person("nigar").ID
	for text, want := range map[string]string{
		"*bold* _em_ ~gone~ `co*d*e`":      "bold em gone co*d*e",
		"2*3*4 snake_case_name a~b~c":      "2*3*4 snake_case_name a~b~c",
		"* not bold *":                     "* not bold *",
		"*one\ntwo*":                       "*one\ntwo*",
		"&lt;b&gt; &amp;amp; &quot;":       "<b> &amp; &quot;",
		"<https://a.test/?a=1&amp;b=2|x>":  "x",
		"<https://a.test>":                 "https://a.test",
		"<mailto:a@b.test|a@b.test>":       "a@b.test",
		"<@" + nigar + "> <#C000|support>": "🔔@Nigar #support",
		"<!date^1392734382^{date}|a date>": "a date",
		"&gt; quoted\nnot":                 "quoted\nnot",
		"&gt;&gt;&gt; all\nof it":          "all\nof it",
		"```\n*code* &lt;\n``` after":      "*code* < after",
		"``` open":                         "``` open",
		"a < b > c":                        "a < b > c",
		"*_both_*":                         "both",
	} {
		a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "text": text})
		log := l.Chat("ayla", "")
		if got := log[len(log)-1].Text; got != want {
			t.Errorf("%q reads %q, want %q", text, got, want)
		}
	}
}

// TestTyped: what a person types reaches the app escaped and is shown as it was typed.
func TestTyped(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited, Channels: []string{"support"}})
	a := inMemory(t, l)
	l.Person("nigar")
	for typed, want := range map[string]string{
		"*a* <b> & c":            "*a* &lt;b&gt; &amp; c",
		">> to the customer":     "&gt;&gt; to the customer",
		"> a quote":              "&gt; a quote",
		"https://a.test/x?a&b":   "<https://a.test/x?a&b>",
		"<http://a.test|click>":  "&lt;<http://a.test>|click&gt;",
		"me@a.test please":       "<mailto:me@a.test|me@a.test> please",
		"@nigar, @nobody":        "<@" + l.Person("nigar").ID + ">, @nobody",
		"see #support @channel.": "see <#" + l.ChannelID("support") + "> <!channel>.",
	} {
		ts := say(t, l, "ayla", "", typed)
		r := a.call("conversations.history", obj{"channel": l.Direct("ayla"), "oldest": ts, "inclusive": true})
		if len(r.Messages) != 1 || r.Messages[0].Text != want {
			t.Errorf("%q came as %+v, want %q", typed, r.Messages, want)
		}
	}
}

// TestHostile: what is posted cannot become markup of the page that is not the look-alike's own.
func TestHostile(t *testing.T) {
	t.Parallel()
	l := open(t, slack.Config{Limits: slack.Unlimited})
	a := inMemory(t, l)
	script := "javascript:alert(1)"
	piece := func(e obj) obj {
		return obj{"type": "rich_text", "elements": []obj{{"type": "rich_text_section", "elements": []obj{e}}}}
	}
	for _, b := range []obj{
		section("<" + script + "|x> <script>alert(1)</script> &lt;img src=x onerror=alert(1)&gt; <https://a.test/\"onclick=alert(1)|y>"),
		{"type": "header", "text": plain("<script>alert(1)</script>")},
		piece(obj{"type": "link", "url": script, "text": "x"}),
		piece(obj{"type": "text", "text": "<script>alert(1)</script>", "style": obj{"bold": true}}),
	} {
		if r := a.call("chat.postMessage", obj{"channel": l.Direct("ayla"), "blocks": []obj{b}}); !r.OK {
			t.Fatalf("post: %s", r.Raw)
		}
		log := l.Chat("ayla", "")
		page := log[len(log)-1].HTML
		for _, bad := range []string{"<script", "<img", `href="javascript`, `"onclick`} {
			if strings.Contains(page, bad) {
				t.Errorf("%v shows %s", b, page)
			}
		}
	}
}

var tag = regexp.MustCompile(`<[^<>]*>`)

// FuzzReads: whatever the bot posts, the page is closed markup of ours that says what the text says.
func FuzzReads(f *testing.F) {
	for _, s := range []string{"*a* _b_ ~c~ `d` ```e```", "<https://a|b> <@U1> <!channel> <!x", "&lt;script&gt;", "> a\n>>> b", "*_~`", "<a|<b>>", "*é*ü"} {
		f.Add(s)
	}
	l, err := slack.New(slack.Config{Limits: slack.Unlimited})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r") {
			return
		}
		plain, page := slack.Read(l, text)
		if !utf8.ValidString(plain) {
			t.Fatalf("%q reads %q", text, plain)
		}
		bare := html.UnescapeString(tag.ReplaceAllString(strings.ReplaceAll(page, "<br>", "\n"), ""))
		if got := strings.ReplaceAll(bare, "│ ", ""); got != strings.ReplaceAll(plain, "│ ", "") {
			t.Fatalf("%q: the page says %q, the transcript %q", text, got, plain)
		}
		for _, name := range []string{"strong", "em", "s", "code", "pre", "a"} {
			opened := strings.Count(page, "<"+name+">") + strings.Count(page, "<"+name+" ")
			if closed := strings.Count(page, "</"+name+">"); opened != closed {
				t.Fatalf("%q: %d of <%s> and %d ends: %s", text, opened, name, closed, page)
			}
		}
	})
}
