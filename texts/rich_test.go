package texts_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/texts"
)

func TestParse(t *testing.T) {
	t.Parallel()
	bold, italic, code := texts.Bold, texts.Italic, texts.Code
	tests := []struct {
		name   string
		markup string
		want   texts.Rich
	}{
		{"empty", "", nil},
		{"plain", "Salam.", texts.Rich{{Text: "Salam."}}},
		{"bold", "a **b c** d", texts.Rich{{Text: "a "}, {Text: "b c", Style: bold}, {Text: " d"}}},
		{"italic", "*a*", texts.Rich{{Text: "a", Style: italic}}},
		{"code", "`a*b*`", texts.Rich{{Text: "a*b*", Style: code}}},
		{"bold with italic in it", "**a *b* c**", texts.Rich{{Text: "a ", Style: bold}, {Text: "b", Style: bold | italic}, {Text: " c", Style: bold}}},
		{"three stars", "***a***", texts.Rich{{Text: "a", Style: bold | italic}}},
		{"link", "[buraya](https://a.az/b?c=d) bax", texts.Rich{{Text: "buraya", URL: "https://a.az/b?c=d"}, {Text: " bax"}}},
		{"bold label", "[**a** b](https://a.az)", texts.Rich{{Text: "a", Style: bold, URL: "https://a.az"}, {Text: " b", URL: "https://a.az"}}},
		{"bold around a link", "**[a](https://a.az)**", texts.Rich{{Text: "a", Style: bold, URL: "https://a.az"}}},
		{"mail and telegram links", "[a](mailto:a@b.az) [b](tg://user?id=1)", texts.Rich{{Text: "a", URL: "mailto:a@b.az"}, {Text: " "}, {Text: "b", URL: "tg://user?id=1"}}},
		{"list", "Var:\n- çay\n  - qəhvə", texts.Rich{{Text: "Var:\n• çay\n• qəhvə"}}},
		{"paragraphs", "a\r\n\r\nb", texts.Rich{{Text: "a\n\nb"}}},
		{"escapes", `\*a\* \[b\](c) \- \\ \{n\}`, texts.Rich{{Text: `*a* [b](c) - \ {n}`}}},
		{"a backslash before a letter", `C:\dir`, texts.Rich{{Text: `C:\dir`}}},
		{"open star", "2 ** 3 and *b", texts.Rich{{Text: "2 ** 3 and *b"}}},
		{"arithmetic", "2*3*4 = 24", texts.Rich{{Text: "2*3*4 = 24"}}},
		{"a star open over a line end", "*a\nb*", texts.Rich{{Text: "*a\nb*"}}},
		{"empty emphasis", "**** ** `` []()", texts.Rich{{Text: "**** ** `` []()"}}},
		{"script link", "[a](javascript:alert(1))", texts.Rich{{Text: "[a](javascript:alert(1))"}}},
		{"data link", "[a](data:text/html,x)", texts.Rich{{Text: "[a](data:text/html,x)"}}},
		{"link without host", "[a](https://)", texts.Rich{{Text: "[a](https://)"}}},
		{"link with a space", "[a](https://a.az b)", texts.Rich{{Text: "[a](https://a.az b)"}}},
		{"open code", "a ` b", texts.Rich{{Text: "a ` b"}}},
		{"a dash that is no list", "10 - 20\n-5", texts.Rich{{Text: "10 - 20\n-5"}}},
		{"bytes that are no text", "a\xffb", texts.Rich{{Text: "a\uFFFDb"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := texts.Parse(tt.markup); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Parse(%q) = %#v, want %#v", tt.markup, got, tt.want)
			}
		})
	}
}

func TestLiteralIsNeverParsed(t *testing.T) {
	t.Parallel()
	const data = "**a** [b](https://c.az) <b>&amp; @everyone\n- d"
	if got := texts.Literal(data); len(got) != 1 || got[0] != (texts.Span{Text: data}) {
		t.Errorf("Literal(%q) = %#v", data, got)
	}
}

func TestRichJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(texts.Parse("a **b** [c](https://d.az)"))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"t":"a "},{"t":"b","s":1},{"t":" "},{"t":"c","u":"https://d.az"}]`
	if string(data) != want {
		t.Errorf("JSON is %s, want %s", data, want)
	}
	var back texts.Rich
	if err := json.Unmarshal(data, &back); err != nil || back.Plain() != "a b c" {
		t.Errorf("read back %q, %v", back.Plain(), err)
	}
}

func TestBuildingTexts(t *testing.T) {
	t.Parallel()
	r := texts.Literal("a").Append(texts.Literal("b"), nil, texts.Literal(""), texts.Literal("c").In(texts.Bold))
	if want := (texts.Rich{{Text: "ab"}, {Text: "c", Style: texts.Bold}}); !reflect.DeepEqual(r, want) {
		t.Errorf("Append gives %#v, want %#v", r, want)
	}
	if got := texts.Lines(texts.Literal("a"), nil, texts.Literal(" "), texts.Literal("b")).Plain(); got != "a\nb" {
		t.Errorf("Lines gives %q", got)
	}
	if got := texts.List(texts.Literal("a"), nil, texts.Literal("b")).Plain(); got != "• a\n• b" {
		t.Errorf("List gives %q", got)
	}
	if got := texts.Link("a", "javascript:x"); got[0].URL != "" {
		t.Errorf("Link accepts %q", got[0].URL)
	}
	if !texts.Parse(" \n ").Empty() || texts.Literal("a").Empty() {
		t.Error("Empty is wrong")
	}
	if got := texts.Parse("\n **a** \n").Trim(); len(got) != 1 || got.Plain() != "a" {
		t.Errorf("Trim gives %#v", got)
	}
}

// runes is how Telegram's neighbours count; utf16Units is how Telegram counts.
func utf16Units(s string) int { return len(utf16.Encode([]rune(s))) }

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		in    texts.Rich
		limit int
		want  []string
	}{
		{"fits", texts.Literal("abc"), 3, []string{"abc"}},
		{"empty", nil, 3, nil},
		{"no limit", texts.Literal("abc"), 0, []string{"abc"}},
		{"paragraph first", texts.Literal("Bir cümlə. İki.\n\nÜç söz burada."), 25, []string{"Bir cümlə. İki.", "Üç söz burada."}},
		{"then a line", texts.Literal("bir iki üç\ndörd beş altı"), 20, []string{"bir iki üç", "dörd beş altı"}},
		{"then a sentence", texts.Literal("Bir iki üç. Dörd beş altı yeddi."), 25, []string{"Bir iki üç.", "Dörd beş altı yeddi."}},
		{"a quote ends with its sentence", texts.Literal("O dedi: «Bir iki.» Dörd beş altı."), 24, []string{"O dedi: «Bir iki.»", "Dörd beş altı."}},
		{"then a word", texts.Literal("bir iki üç dörd"), 11, []string{"bir iki üç", "dörd"}},
		{"then anywhere", texts.Literal("abcdefgh"), 3, []string{"abc", "def", "gh"}},
		{"a short first sentence does not waste the piece", texts.Literal("A. bcdef ghijk lmnop qrstu vwxyz"), 28, []string{"A. bcdef ghijk lmnop qrstu", "vwxyz"}},
		{"not inside a label", texts.Parse("bir iki [üç dörd](https://a.az) beş"), 12, []string{"bir iki", "üç dörd beş"}},
		{"before a label without a blank", texts.Parse("bir:[üç dörd](https://a.az)"), 8, []string{"bir:", "üç dörd"}},
		{"inside a label that is too long", texts.Parse("[bir iki üç](https://a.az)"), 7, []string{"bir iki", "üç"}},
		{"a family stays together", texts.Literal("ab👨‍👩‍👧cd"), 8, []string{"ab", "👨‍👩‍👧", "cd"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, piece := range texts.Split(tt.in, tt.limit, utf16Units) {
				got = append(got, piece.Plain())
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Split gives %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSplitKeepsStyles(t *testing.T) {
	t.Parallel()
	pieces := texts.Split(texts.Parse("a **b c** [d e](https://f.az)"), 5, utf8.RuneCountInString)
	want := []texts.Rich{
		{{Text: "a "}, {Text: "b c", Style: texts.Bold}},
		{{Text: "d e", URL: "https://f.az"}},
	}
	if !reflect.DeepEqual(pieces, want) {
		t.Errorf("Split gives %#v, want %#v", pieces, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"**a** *b* `c` [d](https://e.az)", "***a**b*", "- a\n- b", `\*`, "[[a](b)](https://c)", "*a **b* c**", "{n} {points:x}", "\U0010F000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		r := texts.Parse(markup)
		if !utf8.ValidString(r.Plain()) {
			t.Fatalf("Parse(%q) is no valid text", markup)
		}
		for i, s := range r {
			if s.Text == "" {
				t.Fatalf("Parse(%q) has an empty span", markup)
			}
			if i > 0 && r[i-1].Style == s.Style && r[i-1].URL == s.URL {
				t.Fatalf("Parse(%q) leaves equal neighbours: %#v", markup, r)
			}
			if scheme, _, _ := strings.Cut(strings.ToLower(s.URL), ":"); s.URL != "" && scheme != "http" && scheme != "https" && scheme != "tg" && scheme != "mailto" {
				t.Fatalf("Parse(%q) links to %q", markup, s.URL)
			}
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add("a **b c** [d e](https://f.az) ggggggggg. h\n\ni", 5)
	f.Add("👨‍👩‍👧👨‍👩‍👧 é́́", 3)
	f.Fuzz(func(t *testing.T, markup string, limit int) {
		limit %= 100
		r := texts.Parse(markup)
		pieces := texts.Split(r, limit, utf16Units)
		var all strings.Builder
		for _, p := range pieces {
			if p.Empty() && !r.Empty() {
				t.Fatalf("an empty piece of %q at %d", markup, limit)
			}
			if limit > 0 && utf16Units(p.Plain()) > max(limit, 2) {
				t.Fatalf("a piece of %d units at limit %d: %q", utf16Units(p.Plain()), limit, p.Plain())
			}
			all.WriteString(p.Plain())
		}
		if got, want := withoutBlanks(all.String()), withoutBlanks(r.Plain()); got != want {
			t.Fatalf("pieces of %q at %d read %q", markup, limit, got)
		}
	})
}

func withoutBlanks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}
