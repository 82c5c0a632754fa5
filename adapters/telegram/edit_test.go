package telegram_test

import (
	"slices"
	"testing"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/conversation"
)

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
