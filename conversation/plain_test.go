package conversation_test

import (
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// TestAMessageAsWordsAlone: what is left of a message that a platform refuses says everything that it said.
func TestAMessageAsWordsAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		body conversation.Body
		want string
	}{
		{"styles", conversation.Body{Text: texts.Literal("Open ").Append(texts.Literal("till ten").In(texts.Bold))}, "Open till ten"},
		{"a link", conversation.Body{Text: texts.Link("the map", "https://nar.example/map")}, "the map (https://nar.example/map)"},
		{"a link that is its address", conversation.Body{Text: texts.Link("nar.example", "https://nar.example")}, "nar.example"},
		{"buttons", conversation.Body{Text: texts.Literal("Which one?"), Rows: [][]conversation.Button{
			{conversation.Act("Latte", "s", "v", nil), conversation.Act("Mocha", "s", "v", nil)}, {{Label: "Menu", URL: "https://nar.example/m"}},
		}}, "Which one?\nLatte · Mocha\nMenu: https://nar.example/m"},
		{"a picture", conversation.Body{Text: texts.Literal("Look"), Image: &conversation.Image{URL: "https://nar.example/p.png"}}, "Look"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.body.Plainly()
			if !c.body.CanBePlain() || got.CanBePlain() {
				t.Errorf("may be tried as words alone: %v, and after that: %v", c.body.CanBePlain(), got.CanBePlain())
			}
			if got.Text.Plain() != c.want || len(got.Text) != 1 || got.Text[0].Style != 0 || got.Text[0].URL != "" ||
				got.Rows != nil || got.Image != nil || !got.Plain {
				t.Errorf("%+v, want only %q", got, c.want)
			}
		})
	}
	for name, body := range map[string]conversation.Body{
		"an edit":    {Kind: conversation.BodyEdit, Of: 1, Text: texts.Literal("x")},
		"a file":     {Text: texts.Literal("Here it is"), Document: &conversation.Document{Name: "a.json"}},
		"no words":   {Image: &conversation.Image{URL: "https://nar.example/p.png"}},
		"passed on":  {Text: texts.Literal("x"), Forward: &conversation.Forward{}},
		"only blank": {Text: texts.Literal(" \n")},
	} {
		if body.CanBePlain() {
			t.Errorf("%s is to be tried as words alone", name)
		}
	}
}
