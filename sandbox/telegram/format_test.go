package telegram_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// spans prints entities shortly: type:offset+length.
func spans(list []obj) string {
	var out []string
	for _, e := range list {
		s := fmt.Sprintf("%v:%v+%v", e["type"], e["offset"], e["length"])
		for _, k := range []string{"url", "language", "custom_emoji_id"} {
			if e[k] != nil {
				s += fmt.Sprintf("(%v)", e[k])
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// TestFormats: each style makes the text and the entities that it should.
func TestFormats(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	for _, c := range []struct{ mode, in, text, spans string }{
		{"", "a <b> & *c*", "a <b> & *c*", ""},
		{"", "  padded\n", "padded", ""},
		{"", "/start@rapport_sandbox_bot x", "/start@rapport_sandbox_bot x", "bot_command:0+26"},
		{
			"", "see https://example.com/a?b=c, #sale @rapport_bot me@example.com", "see https://example.com/a?b=c, #sale @rapport_bot me@example.com",
			"url:4+25 hashtag:31+5 mention:37+12 email:50+14",
		},
		{"HTML", "<b>q</b> <STRONG>a</STRONG>", "q a", "bold:0+1 bold:2+1"},
		{"HTML", "😀<i>x</i>", "😀x", "italic:2+1"},
		{"HTML", "<b>a<i>b</i></b>", "ab", "bold:0+2 italic:1+1"},
		{"HTML", "<u>a</u><ins>b</ins><s>c</s><strike>d</strike><del>e</del>", "abcde", "underline:0+1 underline:1+1 strikethrough:2+1 strikethrough:3+1 strikethrough:4+1"},
		{"HTML", `<a href="https://example.com/?a=1&amp;b=2">x</a>`, "x", "text_link:0+1(https://example.com/?a=1&b=2)"},
		{"HTML", `<a href="nonsense">x</a>`, "x", ""},
		{"HTML", `<a>example.com</a>`, "example.com", "text_link:0+11(http://example.com)"},
		{"HTML", `<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>`, "ab", "spoiler:0+1 spoiler:1+1"},
		{"HTML", `<tg-emoji emoji-id="5">😀</tg-emoji>`, "😀", "custom_emoji:0+2(5)"},
		{"HTML", `<code>a&lt;b</code> <pre>c</pre>`, "a<b c", "code:0+3 pre:4+1"},
		{"HTML", `<pre><code class="language-go">x</code></pre>`, "x", "pre:0+1(go)"},
		{"HTML", `<code class="language-go">x</code>`, "x", "code:0+1"},
		{"HTML", `<blockquote>a</blockquote><blockquote expandable>b</blockquote>`, "ab", "blockquote:0+1 expandable_blockquote:1+1"},
		{"HTML", "&lt;&gt;&amp;&quot;&#39;&#x2014;&nbsp;&copy", "<>&\"'—&nbsp;&copy", ""},
		{"HTML", " <b> x </b> ", "x", "bold:0+1"},
		{"HTML", "<b>x</>", "x", "bold:0+1"},
		{
			"MarkdownV2", `*b* _i_ __u__ ~s~ ||p|| ` + "`c`" + ` [l](https://example.com/a\)b)`, "b i u s p c l",
			"bold:0+1 italic:2+1 underline:4+1 strikethrough:6+1 spoiler:8+1 code:10+1 text_link:12+1(https://example.com/a)b)",
		},
		{"MarkdownV2", "```go\nx.y```", "x.y", "pre:0+3(go)"},
		{"MarkdownV2", `1\. done\!`, "1. done!", ""},
		{"Markdown", "*b* _i_ `c` [l](http://example.com) a.b!", "b i c l a.b!", "bold:0+1 italic:2+1 code:4+1 text_link:6+1(http://example.com)"},
	} {
		var m sent
		b.must("sendMessage", obj{"chat_id": chat, "text": c.in, "parse_mode": c.mode}, &m)
		if m.Text != c.text || spans(m.Entities) != c.spans {
			t.Errorf("%s %q:\n got %q %s\nwant %q %s", c.mode, c.in, m.Text, spans(m.Entities), c.text, c.spans)
		}
	}
}

// TestFormatErrors: a broken text is refused with the place of the fault, in bytes.
func TestFormatErrors(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	for _, c := range []struct{ mode, in, want string }{
		{"HTML", "a < b", `Unsupported start tag "" at byte offset 2`},
		{"HTML", "ə <3", `Unclosed start tag at byte offset 3`},
		{"HTML", "a < b > c", `Unsupported start tag "" at byte offset 2`},
		{"HTML", "<br>", `Unsupported start tag "br" at byte offset 0`},
		{"HTML", "ş<p>x</p>", `Unsupported start tag "p" at byte offset 2`},
		{"HTML", "<b>x", `Can't find end tag corresponding to start tag "b"`},
		{"HTML", "<b><i>x</b></i>", `Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`},
		{"HTML", "x</b>", `Unexpected end tag at byte offset 1`},
		{"HTML", "<b>x</b", `Unclosed end tag at byte offset 4`},
		{"HTML", `<a href="x`, `Unclosed start tag at byte offset 0`},
		{"HTML", `<a href=x_y>z</a>`, `Unexpected end of name token at byte offset 8`},
		{"HTML", `<a ="x">z</a>`, `Empty attribute name in the tag "a" at byte offset 0`},
		{"HTML", `<span>x</span>`, `Tag "span" must have class "tg-spoiler" at byte offset 0`},
		{"MarkdownV2", "a.", `Character '.' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", "5-3", `Character '-' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", "a|b", `Character '|' is reserved and must be escaped with the preceding '\'`},
		{"MarkdownV2", "ə *b", `Can't find end of Bold entity at byte offset 3`},
		{"MarkdownV2", "[a](b", `Can't find end of a URL at byte offset 3`},
		{"Markdown", "snake_case", `Can't find end of the entity starting at byte offset 5`},
	} {
		b.refused("sendMessage", obj{"chat_id": chat, "text": c.in, "parse_mode": c.mode}, 400, "Bad Request: can't parse entities: "+c.want)
	}
}

// TestPageHTML: the page's form of a message is escaped whatever stands in it.
func TestPageHTML(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	b.must("sendMessage", obj{
		"chat_id": chat, "parse_mode": "HTML",
		"text": `<b>&lt;script&gt; <i>😀</i></b>` + "\n" + `<a href="https://example.com/?&quot;onx=1">l</a> https://example.com`,
	}, nil)
	say(t, l, "ayla", `<img src=x onerror="alert(1)">`)
	log := l.Chat("ayla", "")
	link := `<a rel="noopener noreferrer" target="_blank" href="https://example.com`
	want := `<b>&lt;script&gt; </b><b><i>😀</i></b><br>` + link + `/?&#34;onx=1">l</a> ` + link + `">https://example.com</a>`
	if log[0].HTML != want {
		t.Errorf("bot's message:\n got %s\nwant %s", log[0].HTML, want)
	}
	if want := `&lt;img src=x onerror=&#34;alert(1)&#34;&gt;`; log[1].HTML != want {
		t.Errorf("person's message: %s", log[1].HTML)
	}
}

// FuzzFormat: whatever a bot sends is refused or makes entities that lie within the text; the page's form has no tag
// that was not ours.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{
		"<b>x</b>", "a<", "&", "&#", "&#x", "<a href='", "<pre><code class=language-", "</", "*_~|`[", "```", "[a](", "\\", "😀<i>😀", "||x||", "<b>\xff</b>",
		"&#55357;", "  <b>  </b>", "/x@", "#", "@abc",
	} {
		f.Add(s)
	}
	l, err := telegram.New(telegram.Config{Token: token, Limits: unlimited})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = l.Close() })
	f.Fuzz(func(t *testing.T, in string) {
		b := inMemory(t, l)
		chat := person(t, l, "ayla", "")
		for _, mode := range []string{"", "HTML", "Markdown", "MarkdownV2"} {
			r := b.call("sendMessage", obj{"chat_id": chat, "text": in, "parse_mode": mode})
			if !r.OK {
				if r.Code != 400 {
					t.Fatalf("%s %q: %d %s", mode, in, r.Code, r.Description)
				}
				continue
			}
			var m sent
			if err := json.Unmarshal(r.Result, &m); err != nil {
				t.Fatal(err)
			}
			size := len(utf16.Encode([]rune(m.Text)))
			for _, e := range m.Entities {
				from, n := int(e["offset"].(float64)), int(e["length"].(float64))
				if from < 0 || n <= 0 || from+n > size {
					t.Fatalf("%s %q: %v beyond %d", mode, in, e, size)
				}
			}
			log := l.Chat("ayla", "")
			if html := log[len(log)-1].HTML; strings.Contains(html, "<script") || strings.Contains(html, "javascript:") && strings.Contains(html, `href="javascript`) {
				t.Fatalf("%s %q: %s", mode, in, html)
			}
			b.must("deleteMessage", obj{"chat_id": chat, "message_id": m.ID}, nil)
		}
	})
}
