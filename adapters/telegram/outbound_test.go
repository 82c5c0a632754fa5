package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/telegram"
	"github.com/rapport-chat/rapport/texts"
)

// sent makes one send to chat 7 and answers the calls that it led to.
func sent(t *testing.T, body conversation.Body) []request {
	t.Helper()
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	if _, err := a.Send(t.Context(), sending("7", body)); err != nil {
		t.Fatal(err)
	}
	return s.calls
}

func sending(chat string, body conversation.Body) conversation.Sending {
	return conversation.Sending{Nonce: "n1", Outgoing: conversation.Outgoing{
		To: conversation.Address{Channel: "telegram", Chat: chat}, Body: body,
	}}
}

func TestMarkup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text texts.Rich
		want string
	}{
		"plain":           {plain(`a < b & c > d "quoted" 'x'`), `a &lt; b &amp; c &gt; d "quoted" 'x'`},
		"styles":          {texts.Parse("**bold** *it* `co<de`"), "<b>bold</b> <i>it</i> <code>co&lt;de</code>"},
		"both":            {texts.Parse("***both***"), "<b><i>both</i></b>"},
		"link":            {texts.Link(`shop "A" & B`, "https://example.com/?a=1&b=2"), `<a href="https://example.com/?a=1&amp;b=2">shop "A" &amp; B</a>`},
		"bold link":       {texts.Link("shop", "https://example.com").In(texts.Bold), `<a href="https://example.com"><b>shop</b></a>`},
		"code in a link":  {texts.Link("shop", "https://example.com").In(texts.Code), `<a href="https://example.com">shop</a>`},
		"mail":            {texts.Link("write to us", "mailto:a@example.com"), "write to us (a@example.com)"},
		"mail shown":      {texts.Link("a@example.com", "mailto:a@example.com"), "a@example.com"},
		"tg link":         {texts.Link("us", "tg://resolve?domain=x"), `<a href="tg://resolve?domain=x">us</a>`},
		"bold code":       {texts.Literal("x").In(texts.Bold | texts.Code), "<code>x</code>"},
		"entity as typed": {plain("&amp; &#60;b&#62;"), "&amp;amp; &amp;#60;b&amp;#62;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sent(t, conversation.Body{Text: test.text})[0]
			if r.method != "sendMessage" || r.fields["text"] != test.want || r.fields["parse_mode"] != "HTML" {
				t.Errorf("got  %q as %q\nwant %q", r.fields["text"], r.fields["parse_mode"], test.want)
			}
			if r.fields["link_preview_options"] != `{"is_disabled":true}` {
				t.Errorf("link preview: %q", r.fields["link_preview_options"])
			}
		})
	}
}

func TestQuietAndThread(t *testing.T) {
	t.Parallel()
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	out := sending("-100500", conversation.Body{Text: plain("x"), Quiet: true})
	out.To.Thread = "12"
	if _, err := a.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	f := s.calls[0].fields
	if f["disable_notification"] != "true" || f["message_thread_id"] != "12" || f["chat_id"] != "-100500" {
		t.Errorf("got %v", f)
	}
}

// In a group the bot repeats nobody's name so that it pings.
func TestNamesDoNotPingInGroups(t *testing.T) {
	t.Parallel()
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	for _, chat := range []string{"-100500", "7"} {
		if _, err := a.Send(t.Context(), sending(chat, conversation.Body{Text: plain("ask @everyone or a@b.example, 3 @ 5")})); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.calls[0].fields["text"]; strings.Contains(got, "@everyone") || strings.Contains(got, "@b") || !strings.Contains(got, "3 @ 5") {
		t.Errorf("in a group: %q", got)
	}
	if got := s.calls[1].fields["text"]; got != "ask @everyone or a@b.example, 3 @ 5" {
		t.Errorf("in private: %q", got)
	}
}

// sentences is a text of n sentences of twenty UTF-16 units each, with signs outside the basic plane.
func sentences(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Sentence %06d 👍👍. ", i)
	}
	return strings.TrimSpace(b.String())
}

func TestLengthsAreInUTF16(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := sent(t, conversation.Body{Text: plain(sentences(500))})
		if len(calls) < 3 {
			t.Fatalf("%d messages", len(calls))
		}
		for i, c := range calls {
			text := c.fields["text"]
			if n := len(utf16.Encode([]rune(text))); n > 4096 || i < len(calls)-1 && n < 4000 || !strings.HasSuffix(text, ".") {
				t.Errorf("message %d has %d units and ends %q", i, n, text[max(len(text)-20, 0):])
			}
		}
	})
}

// The parts of a message keep the platform's pace themselves.
func TestPartsKeepThePace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		s := &server{}
		answer := numbered()
		s.answer = func(r request) (int, string) { at = append(at, time.Now()); return answer(r) }
		a, _ := adapterWith(t, s)
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain(sentences(600))})); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("what comes next")})); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d < time.Second || d > 2*time.Second {
				t.Errorf("part %d came %s after the one before", i, d)
			}
		}
		before := time.Now()
		for _, chat := range []string{"8", "9", "9"} { // nobody else waits
			if _, err := a.Send(t.Context(), sending(chat, conversation.Body{Text: plain("short")})); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(before); d > 0 {
			t.Errorf("others waited %s", d)
		}
	})
}

// A try that ends between two parts is taken up where it stopped.
func TestPartsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		trouble  func() (int, string)
		deadline time.Duration
		kind     conversation.ErrorKind
	}{
		"refused for pace": {func() (int, string) { return refusal(429, "Too Many Requests: retry after 3", `{"retry_after":3}`) }, time.Hour, conversation.RateLimited},
		"server error":     {func() (int, string) { return refusal(500, "Internal Server Error", "") }, time.Hour, conversation.Temporary},
		"no time left":     {nil, 3 * time.Second, conversation.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				answer := numbered()
				var texts []string
				calls := 0
				s.answer = func(r request) (int, string) {
					if calls++; test.trouble != nil && calls == 2 {
						return test.trouble()
					}
					texts = append(texts, r.fields["text"])
					return answer(r)
				}
				a, _ := adapterWith(t, s)
				out := sending("7", conversation.Body{Text: plain(sentences(600))})
				var r conversation.Receipt
				var kinds []conversation.ErrorKind
				for range 5 {
					ctx, cancel := context.WithTimeout(t.Context(), test.deadline)
					var err error
					r, err = a.Send(ctx, out)
					cancel()
					if err == nil {
						break
					}
					kinds = append(kinds, conversation.KindOf(err))
					<-time.After(3 * time.Second)
				}
				if len(kinds) == 0 || kinds[0] != test.kind {
					t.Errorf("errors: %v", kinds)
				}
				if got, want := strings.Fields(strings.Join(texts, " ")), strings.Fields(sentences(600)); !slices.Equal(got, want) {
					t.Errorf("the person reads %d words, want %d", len(got), len(want))
				}
				if n := strings.Count(r.MessageID, ","); n != len(texts)-1 {
					t.Errorf("receipt %q for %d messages", r.MessageID, len(texts))
				}
			})
		})
	}
}

func TestPlainTextWhenMarkupIsRefused(t *testing.T) {
	t.Parallel()
	s := &server{}
	answer := numbered()
	s.answer = func(r request) (int, string) {
		if r.fields["parse_mode"] != "" {
			return refusal(400, `Bad Request: can't parse entities: Unsupported start tag "secretword" at byte offset 5`, "")
		}
		return answer(r)
	}
	a, out := adapterWith(t, s)
	r, err := a.Send(t.Context(), sending("7", conversation.Body{Text: texts.Parse("**a** < b"), Rows: [][]conversation.Button{row("Yes")}}))
	if err != nil {
		t.Fatal(err)
	}
	last := s.calls[len(s.calls)-1]
	if last.fields["text"] != "a < b" || len(keyboardOf(t, last).Inline) != 1 {
		t.Errorf("got %+v", last)
	}
	if strings.Contains(out.String(), "secretword") {
		t.Error("the log holds what was written")
	}
	if _, err := a.Send(t.Context(), edit(r.MessageID, conversation.Body{Text: texts.Parse("**c**")})); err != nil {
		t.Fatal(err)
	}
	if last := s.calls[len(s.calls)-1]; last.method != "editMessageText" || last.fields["text"] != "c" {
		t.Errorf("got %+v", last)
	}
}

func TestAGroupThatMoved(t *testing.T) {
	t.Parallel()
	s := &server{}
	answer := numbered()
	s.answer = func(r request) (int, string) {
		if r.fields["chat_id"] == "-55" {
			return refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1001234567890}`)
		}
		return answer(r)
	}
	a, _ := adapterWith(t, s)
	r, err := a.Send(t.Context(), sending("-55", conversation.Body{Text: plain("x")}))
	if err != nil || r.Chat != "-1001234567890" || r.MessageID == "" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// What was done is done, even when the answer holds things that this version cannot read.
func TestAnAnswerThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := &server{answer: func(request) (int, string) {
		return 200, `{"ok":true,"result":{"message_id":55,"date":"today","chat":{"id":7},"forward_origin":{"type":"hologram"}}}`
	}}
	a, _ := adapterWith(t, s)
	r, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("x")}))
	if err != nil || r.MessageID != "55" || len(s.calls) != 1 {
		t.Errorf("got %+v, %v after %d calls", r, err, len(s.calls))
	}
}

func TestTypingAndCommandsFailWithoutHarm(t *testing.T) {
	t.Parallel()
	s := &server{answer: func(r request) (int, string) { return refusal(404, "Not Found: method not found", "") }}
	a, out := adapterWith(t, s)
	err := a.Typing(t.Context(), conversation.Address{Chat: "7"})
	if err == nil || conversation.KindOf(err) == conversation.OurCredentials {
		t.Errorf("a server without sendChatAction: %v", err)
	}
	menu := []conversation.CommandInfo{{Name: "help", Description: "Kömək"}}
	if err := a.SetCommands(t.Context(), map[string][]conversation.CommandInfo{"az": menu, "tr": menu}); err != nil {
		t.Errorf("a server without setMyCommands: %v", err)
	}
	if strings.Count(out.String(), "the menu of commands could not be set") != 1 {
		t.Errorf("log: %s", out)
	}
}

func TestSetCommands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		menus map[string][]conversation.CommandInfo
		want  []string
	}{
		"with a default": {
			map[string][]conversation.CommandInfo{"": {{Name: "d", Description: "D"}}, "ru": {{Name: "r", Description: "R"}}},
			[]string{` [{"command":"d","description":"D"}]`, `ru [{"command":"r","description":"R"}]`},
		},
		"English is the default": {
			map[string][]conversation.CommandInfo{"az": {{Name: "a", Description: "A"}}, "en": {{Name: "e", Description: "E"}}},
			[]string{` [{"command":"e","description":"E"}]`, `az [{"command":"a","description":"A"}]`, `en [{"command":"e","description":"E"}]`},
		},
		"nothing": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{answer: numbered()}
			a, _ := adapterWith(t, s)
			if err := a.SetCommands(t.Context(), test.menus); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range s.calls {
				got = append(got, c.fields["language_code"]+" "+c.fields["commands"])
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// Whatever is written reaches the person as it is: nothing of it is markup, and no sign is lost.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"<b>x</b>", "a & b &amp;", "<", "*_`[x](y)", "</a>", "\u202eabc", "👍🏽", "a\x00b", "\xff"} {
		f.Add(seed)
	}
	l, err := platform.New(platform.Config{Token: token, Limits: unlimited})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := l.Introduce(lookalike.Person{Name: "ayla", ID: "7"}); err != nil {
		f.Fatal(err)
	}
	memory := lookalike.Transport(l.Handler())
	var journal int64
	f.Fuzz(func(t *testing.T, text string) {
		a, _ := adapterWith(t, memory)
		before := len(l.Chat("ayla", ""))
		_, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain(text)}))
		if err != nil {
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Code != "empty" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		for _, c := range l.Calls(journal) {
			journal = c.ID
			if c.Status != 200 {
				t.Errorf("%q was refused with %d", text, c.Status)
			}
		}
		var read strings.Builder
		for _, m := range l.Chat("ayla", "")[before:] {
			read.WriteString(m.Text)
		}
		// The platform drops some invisible signs; what is visible stays as it is.
		ordinary := !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
		if ordinary && len(text) <= 4096 && read.String() != strings.TrimSpace(text) {
			t.Errorf("sent %q, reads %q", text, read.String())
		}
	})
}
