package telegram_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

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
