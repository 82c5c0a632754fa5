package telegram_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

type keyboard struct {
	Inline [][]map[string]any `json:"inline_keyboard"`
	Menu   [][]map[string]any `json:"keyboard"`
	Stays  bool               `json:"is_persistent"`
	Small  bool               `json:"resize_keyboard"`
}

func keyboardOf(t *testing.T, r request) keyboard {
	t.Helper()
	var k keyboard
	if raw := r.fields["reply_markup"]; raw != "" {
		if err := json.Unmarshal([]byte(raw), &k); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func labels(rows [][]map[string]any) [][]string {
	var out [][]string
	for _, row := range rows {
		var line []string
		for _, k := range row {
			line = append(line, k["text"].(string))
		}
		out = append(out, line)
	}
	return out
}

func row(labels ...string) []conversation.Button {
	var out []conversation.Button
	for i, l := range labels {
		out = append(out, conversation.Button{Label: l, Token: fmt.Sprintf("t%d", i)})
	}
	return out
}

func TestRowsAreWrapped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		row  []string
		want [][]string
	}{
		"two short":  {[]string{"Bəli", "Xeyr"}, [][]string{{"Bəli", "Xeyr"}}},
		"five stars": {[]string{"1", "2", "3", "4", "5"}, [][]string{{"1", "2", "3", "4", "5"}}},
		"eleven": {
			[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"},
			[][]string{{"0", "1", "2", "3", "4", "5"}, {"6", "7", "8", "9", "10"}},
		},
		"two long": {
			[]string{"I have never used this product", "I use it every day, or nearly"},
			[][]string{{"I have never used this product"}, {"I use it every day, or nearly"}},
		},
		"three in the middle": {[]string{"Azərbaycan", "Türkçe", "Русский"}, [][]string{{"Azərbaycan", "Türkçe", "Русский"}}},
		"four":                {[]string{"Azərbaycan", "Türkçe", "Русский", "English"}, [][]string{{"Azərbaycan", "Türkçe"}, {"Русский", "English"}}},
		"lines in a label":    {[]string{"one\n two"}, [][]string{{"one two"}}},
		"no label":            {[]string{""}, [][]string{{"…"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sent(t, conversation.Body{Text: plain("?"), Rows: [][]conversation.Button{row(test.row...)}})[0]
			if got := labels(keyboardOf(t, r).Inline); !slices.EqualFunc(got, test.want, slices.Equal) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestButtons(t *testing.T) {
	t.Parallel()
	r := sent(t, conversation.Body{Text: plain("?"), Rows: [][]conversation.Button{{
		{Label: "Yes", Token: "t1", Style: "primary"},
		{Label: "Delete", Token: "t2", Style: "danger"},
		{Label: "Shop", URL: "https://example.com/a"},
		{Label: "Call us", URL: "tel:+994501234567"},
	}}})[0]
	if strings.Contains(r.fields["reply_markup"], "copy_text") {
		t.Errorf("an empty copy_text is sent: %s", r.fields["reply_markup"])
	}
	var flat []map[string]any
	for _, row := range keyboardOf(t, r).Inline {
		flat = append(flat, row...)
	}
	if len(flat) != 3 || flat[0]["callback_data"] != "t1" || flat[0]["style"] != "primary" || flat[1]["style"] != "danger" ||
		flat[2]["url"] != "https://example.com/a" || flat[2]["callback_data"] != nil {
		t.Errorf("got %v", flat)
	}
	if r.fields["text"] != "?\nCall us: tel:+994501234567" {
		t.Errorf("a link that can be no button is lost: %q", r.fields["text"])
	}
}

func TestTooManyButtons(t *testing.T) {
	t.Parallel()
	var rows [][]conversation.Button
	for range 30 {
		rows = append(rows, row("a", "b", "c", "d", "e"))
	}
	r := sent(t, conversation.Body{Text: plain("?"), Rows: rows})[0]
	n := 0
	for _, row := range keyboardOf(t, r).Inline {
		n += len(row)
	}
	if n != 100 {
		t.Errorf("%d buttons", n)
	}
}

func TestBadTokensAreOurMistake(t *testing.T) {
	t.Parallel()
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	for _, token := range []string{"", strings.Repeat("ə", 33)} {
		_, err := a.Send(t.Context(), sending("7", conversation.Body{
			Text: plain("?"),
			Rows: [][]conversation.Button{{{Label: "x", Token: token}}},
		}))
		if conversation.KindOf(err) != conversation.OurPayload || len(s.calls) != 0 {
			t.Errorf("token %q: %v after %d calls", token, err, len(s.calls))
		}
	}
}

func TestMenu(t *testing.T) {
	t.Parallel()
	menu := []string{"Kartım", "Xallarım", "Təkliflər", "Əməkdaş"}
	r := sent(t, conversation.Body{Text: plain("Xoş gəlmisiniz!"), Menu: menu})[0]
	k := keyboardOf(t, r)
	if got := labels(k.Menu); !slices.EqualFunc(got, [][]string{menu[:2], menu[2:]}, slices.Equal) || !k.Stays || !k.Small {
		t.Errorf("got %s", r.fields["reply_markup"])
	}
}

// One message carries one keyboard, so a menu beside buttons takes two.
func TestMenuBesideButtons(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text texts.Rich
		want []string
	}{
		"paragraphs": {texts.Parse("**Hi!**\n\nAsk me.\n\nWhich *language*?"), []string{"<b>Hi!</b>\n\nAsk me.", "Which <i>language</i>?"}},
		"lines":      {plain("Hi!\nWhich language?"), []string{"Hi!", "Which language?"}},
		"one line":   {plain("Which language?"), []string{"Which language?", "👇"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := sent(t, conversation.Body{Text: test.text, Menu: []string{"Card"}, Rows: [][]conversation.Button{row("az", "ru")}})
				if len(calls) != 2 || calls[0].fields["text"] != test.want[0] || calls[1].fields["text"] != test.want[1] {
					t.Fatalf("got %+v", calls)
				}
				if len(keyboardOf(t, calls[0]).Menu) != 1 || len(keyboardOf(t, calls[1]).Inline) != 1 {
					t.Errorf("got %s and %s", calls[0].fields["reply_markup"], calls[1].fields["reply_markup"])
				}
			})
		})
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

func TestPictures(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	if err := os.WriteFile(path, []byte("png-1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		image conversation.Image
		first func(request) bool
	}{
		"data": {conversation.Image{Data: []byte("png-2"), Name: "a.png"}, func(r request) bool { return r.files["photo"] == "png-2" }},
		"path": {conversation.Image{Path: path}, func(r request) bool { return r.files["photo"] == "png-1" }},
		"url":  {conversation.Image{URL: "https://example.com/a.png"}, func(r request) bool { return r.fields["photo"] == "https://example.com/a.png" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{answer: numbered()}
			a, _ := adapterWith(t, s)
			body := conversation.Body{Text: plain("New <menu>"), Image: &test.image, Rows: [][]conversation.Button{row("Yes")}}
			for range 2 {
				if _, err := a.Send(t.Context(), sending("7", body)); err != nil {
					t.Fatal(err)
				}
			}
			first, second := s.calls[0], s.calls[1]
			if first.method != "sendPhoto" || !test.first(first) || first.fields["caption"] != "New &lt;menu&gt;" || len(keyboardOf(t, first).Inline) != 1 {
				t.Errorf("first: %+v", first)
			}
			if second.fields["photo"] != "large-101" || len(second.files) != 0 {
				t.Errorf("the second time it is not sent by its id: %+v", second)
			}
		})
	}
}

func TestAChangedFileIsUploadedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	for i, content := range []string{"one", "another"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Path: path}})); err != nil {
			t.Fatal(err)
		}
		if s.calls[i].files["photo"] != content {
			t.Errorf("send %d: %+v", i, s.calls[i])
		}
	}
}

// A file that has not changed is read once, however many people get it.
func TestAnUnchangedFileIsReadOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	changed := time.Unix(1700000000, 0)
	for _, content := range []string{"one", "two"} { // same size and time: taken to be the same
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Path: path}})); err != nil {
			t.Fatal(err)
		}
	}
	if s.calls[1].fields["photo"] != "large-101" {
		t.Errorf("got %+v", s.calls[1])
	}
}

// Words that somebody waits for go without a picture that cannot be had.
func TestWordsGoWithoutABadPicture(t *testing.T) {
	t.Parallel()
	t.Run("missing file", func(t *testing.T) {
		t.Parallel()
		calls := sent(t, conversation.Body{Text: plain("hours"), Image: &conversation.Image{Path: "/nonexistent/a.png"}})
		if len(calls) != 1 || calls[0].method != "sendMessage" || calls[0].fields["text"] != "hours" {
			t.Errorf("got %+v", calls)
		}
	})
	for _, text := range []string{"Bad Request: failed to get HTTP URL content", "Bad Request: PHOTO_INVALID_DIMENSIONS", "Bad Request: IMAGE_PROCESS_FAILED"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			answer := numbered()
			s.answer = func(r request) (int, string) {
				if r.method == "sendPhoto" {
					return refusal(400, text, "")
				}
				return answer(r)
			}
			a, _ := adapterWith(t, s)
			img := &conversation.Image{URL: "https://example.com/a.png"}
			if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("hours"), Image: img})); err != nil {
				t.Fatal(err)
			}
			if last := s.calls[len(s.calls)-1]; last.method != "sendMessage" || last.fields["text"] != "hours" {
				t.Errorf("got %+v", last)
			}
			_, err := a.Send(t.Context(), sending("7", conversation.Body{Image: img}))
			if conversation.KindOf(err) != conversation.OurPayload {
				t.Errorf("a picture alone: %v", err)
			}
		})
	}
}

// An id that the platform has forgotten is not the end of the picture.
func TestAForgottenPictureIsUploadedAgain(t *testing.T) {
	t.Parallel()
	s := &server{}
	answer := numbered()
	s.answer = func(r request) (int, string) {
		if strings.HasPrefix(r.fields["photo"], "large-") {
			return refusal(400, "Bad Request: wrong file identifier/HTTP URL specified", "")
		}
		return answer(r)
	}
	a, _ := adapterWith(t, s)
	for range 2 {
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Data: []byte("png")}})); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.calls) != 3 || s.calls[2].files["photo"] != "png" {
		t.Errorf("got %+v", s.calls)
	}
}

func TestALargePictureGoesAsAFile(t *testing.T) {
	t.Parallel()
	calls := sent(t, conversation.Body{Text: plain("x"), Image: &conversation.Image{Data: make([]byte, 10<<20+1), Name: "poster.png"}})
	if len(calls) != 1 || calls[0].method != "sendDocument" || len(calls[0].files["document"]) != 10<<20+1 {
		t.Errorf("%d calls, the first %s", len(calls), calls[0].method)
	}
}

func TestLongCaption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := sent(t, conversation.Body{Text: plain(strings.Repeat("ə", 1000)), Image: &conversation.Image{Data: []byte("png")}})
		if len(calls) != 1 {
			t.Errorf("a thousand letters of two bytes: %d calls", len(calls))
		}
		for _, n := range []int{1024, 1025} {
			calls := sent(t, conversation.Body{
				Text: plain(strings.Repeat("x", n)), Image: &conversation.Image{Data: []byte("png")},
				Rows: [][]conversation.Button{row("Yes")},
			})
			if n == 1024 && (len(calls) != 1 || len(calls[0].fields["caption"]) != n) {
				t.Errorf("%d units: %d calls", n, len(calls))
			}
			if n == 1025 && (len(calls) != 2 || calls[0].fields["caption"] != "" || len(calls[1].fields["text"]) != n ||
				calls[0].fields["reply_markup"] != "" || len(keyboardOf(t, calls[1]).Inline) != 1) {
				t.Errorf("%d units: %+v", n, calls)
			}
		}
	})
}

func TestDocument(t *testing.T) {
	t.Parallel()
	calls := sent(t, conversation.Body{Text: plain("yours"), Document: &conversation.Document{Name: "../../my data.json", Data: []byte("{}")}})
	if len(calls) != 1 || calls[0].method != "sendDocument" || calls[0].files["document"] != "{}" || calls[0].fields["caption"] != "yours" {
		t.Errorf("got %+v", calls)
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

func edit(id string, body conversation.Body) conversation.Sending {
	body.Kind = conversation.BodyEdit
	s := sending("7", body)
	s.MessageID = id
	return s
}

func TestEditing(t *testing.T) {
	t.Parallel()
	refuse := func(method, text string) func(request) (int, string) {
		return func(r request) (int, string) {
			if r.method == method {
				return refusal(400, "Bad Request: "+text, "")
			}
			return 200, yesAnswer
		}
	}
	yes := func(request) (int, string) { return 200, yesAnswer }
	text := conversation.Body{Text: plain("new")}
	for name, test := range map[string]struct {
		id     string
		body   conversation.Body
		answer func(request) (int, string)
		calls  []string // methods with message ids
		kind   conversation.ErrorKind
		fails  bool
	}{
		"text":          {"5", text, yes, []string{"editMessageText 5"}, 0, false},
		"buttons alone": {"5", conversation.Body{Rows: [][]conversation.Button{row("x")}}, yes, []string{"editMessageReplyMarkup 5"}, 0, false},
		"not modified": {
			"5", text, refuse("editMessageText", "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"),
			[]string{"editMessageText 5"},
			0, false,
		},
		"a caption":            {"5", text, refuse("editMessageText", "there is no text in the message to edit"), []string{"editMessageText 5", "editMessageCaption 5"}, 0, false},
		"gone":                 {"5", text, refuse("editMessageText", "message to edit not found"), []string{"editMessageText 5"}, conversation.OurPayload, true},
		"too old":              {"5", text, refuse("editMessageText", "message can't be edited"), []string{"editMessageText 5"}, conversation.OurPayload, true},
		"lost on the way":      {"5", text, func(request) (int, string) { return 0, "" }, []string{"editMessageText 5"}, conversation.Temporary, true},
		"two parts become one": {"5,6", text, yes, []string{"editMessageText 6", "deleteMessage 5"}, 0, false},
		"picture and text":     {"m5,6", text, yes, []string{"editMessageText 6"}, 0, false},
		"two parts": {
			"5,6",
			conversation.Body{Text: plain(sentences(300)), Rows: [][]conversation.Button{row("x")}},
			yes,
			[]string{"editMessageText 5", "editMessageText 6"},
			0, false,
		},
		"the first carries the menu": {"5,6", conversation.Body{Text: plain(sentences(300))}, func(r request) (int, string) {
			if r.fields["message_id"] == "5" {
				return refusal(400, "Bad Request: message can't be edited", "")
			}
			return 200, yesAnswer
		}, []string{"editMessageText 5", "editMessageText 6"}, 0, false},
		"more than there is room": {"5", conversation.Body{Text: plain(sentences(900))}, yes, []string{"editMessageText 5"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{answer: test.answer}
			a, _ := adapterWith(t, s)
			_, err := a.Send(t.Context(), edit(test.id, test.body))
			if (err != nil) != test.fails || err != nil && conversation.KindOf(err) != test.kind {
				t.Errorf("got %v", err)
			}
			var got []string
			for _, c := range s.calls {
				got = append(got, c.method+" "+c.fields["message_id"])
				if n := len(utf16.Encode([]rune(c.fields["text"]))); n > 4096 {
					t.Errorf("a text of %d units", n)
				}
			}
			if !slices.Equal(got, test.calls) {
				t.Errorf("got %q, want %q", got, test.calls)
			}
		})
	}
}

func TestEditedButtonsStandUnderTheLastPart(t *testing.T) {
	t.Parallel()
	s := &server{answer: func(request) (int, string) { return 200, yesAnswer }}
	a, _ := adapterWith(t, s)
	if _, err := a.Send(t.Context(), edit("5,6", conversation.Body{Text: plain(sentences(300)), Rows: [][]conversation.Button{row("x")}})); err != nil {
		t.Fatal(err)
	}
	if s.calls[0].fields["reply_markup"] != "" || len(keyboardOf(t, s.calls[1]).Inline) != 1 {
		t.Errorf("got %+v", s.calls)
	}
}

func TestDeleting(t *testing.T) {
	t.Parallel()
	s := &server{answer: func(r request) (int, string) {
		if r.fields["message_id"] == "6" {
			return refusal(400, "Bad Request: message to delete not found", "")
		}
		return 200, yesAnswer
	}}
	a, _ := adapterWith(t, s)
	out := sending("7", conversation.Body{Kind: conversation.BodyDelete})
	out.MessageID = "m5,6,7"
	if _, err := a.Send(t.Context(), out); err != nil || len(s.calls) != 3 {
		t.Errorf("got %v after %d calls", err, len(s.calls))
	}
	out.MessageID = ""
	if _, err := a.Send(t.Context(), out); conversation.KindOf(err) != conversation.OurPayload || err == nil {
		t.Errorf("without an id: %v", err)
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
	if err := a.SetCommands(t.Context(), map[string][]conversation.CommandInfo{"az": {{Name: "help", Description: "Kömək"}}}); err != nil {
		t.Errorf("a server without setMyCommands: %v", err)
	}
	if !strings.Contains(out.String(), "the menu of commands could not be set") {
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
