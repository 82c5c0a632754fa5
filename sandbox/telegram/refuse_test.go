package telegram_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

const (
	notFound    = "Bad Request: chat not found"
	unallowed   = "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
	notModified = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
)

// keys is an inline keyboard of one row.
func keys(buttons ...obj) obj { return obj{"inline_keyboard": [][]obj{buttons}} }

// TestRefusals: what the real server refuses is refused with its own words.
func TestRefusals(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "az")
	var text, photo sent
	b.must("sendMessage", obj{"chat_id": chat, "text": "hi", "reply_markup": keys(obj{"text": "a", "callback_data": "a"})}, &text)
	b.must("sendPhoto", obj{"chat_id": chat, "photo": "https://example.com/a.png", "caption": "c"}, &photo)
	own := say(t, l, "ayla", "salam")
	stranger := l.Person("stranger").ID
	person(t, l, "blocker", "")
	if err := l.Block(t.Context(), "blocker"); err != nil {
		t.Fatal(err)
	}
	person(t, l, "gone", "")
	if err := l.Deactivate("gone"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method string
		params obj
		code   int
		want   string
	}{
		"no such method":        {"sendTelepathy", obj{}, 404, "Not Found: method not found"},
		"no chat":               {"sendMessage", obj{"text": "x"}, 400, "Bad Request: chat_id is empty"},
		"unknown chat":          {"sendMessage", obj{"chat_id": 42, "text": "x"}, 400, notFound},
		"chat by name":          {"sendMessage", obj{"chat_id": "@ayla", "text": "x"}, 400, notFound},
		"never started":         {"sendMessage", obj{"chat_id": stranger, "text": "x"}, 403, "Forbidden: bot can't initiate conversation with a user"},
		"blocked":               {"sendMessage", obj{"chat_id": l.Person("blocker").ID, "text": "x"}, 403, "Forbidden: bot was blocked by the user"},
		"blocked, typing":       {"sendChatAction", obj{"chat_id": l.Person("blocker").ID, "action": "typing"}, 403, "Forbidden: bot was blocked by the user"},
		"deactivated":           {"sendMessage", obj{"chat_id": l.Person("gone").ID, "text": "x"}, 403, "Forbidden: user is deactivated"},
		"no text":               {"sendMessage", obj{"chat_id": chat}, 400, "Bad Request: message text is empty"},
		"blank text":            {"sendMessage", obj{"chat_id": chat, "text": " \n "}, 400, "Bad Request: text must be non-empty"},
		"only tags":             {"sendMessage", obj{"chat_id": chat, "text": "<b></b>", "parse_mode": "HTML"}, 400, "Bad Request: text must be non-empty"},
		"too long":              {"sendMessage", obj{"chat_id": chat, "text": strings.Repeat("x", 4097)}, 400, "Bad Request: message is too long"},
		"too long in UTF-16":    {"sendMessage", obj{"chat_id": chat, "text": strings.Repeat("😀", 2049)}, 400, "Bad Request: message is too long"},
		"long caption":          {"sendPhoto", obj{"chat_id": chat, "photo": "https://example.com/a.png", "caption": strings.Repeat("ə", 1025)}, 400, "Bad Request: message caption is too long"},
		"unknown mode":          {"sendMessage", obj{"chat_id": chat, "text": "x", "parse_mode": "bbcode"}, 400, "Bad Request: unsupported parse_mode"},
		"reply to nothing":      {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_parameters": obj{"message_id": 999}}, 400, "Bad Request: message to be replied not found"},
		"keyboard not JSON":     {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": "{"}, 400, "Bad Request: can't parse reply keyboard markup JSON object"},
		"keyboard not rows":     {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": `{"inline_keyboard":[{"text":"a"}]}`}, 400, "Bad Request: field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays"},
		"button without action": {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": "a"})}, 400, unallowed},
		"button, empty action":  {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": "a", "callback_data": "", "copy_text": obj{"text": ""}})}, 400, unallowed},
		"button without text":   {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"callback_data": "a"})}, 400, "Bad Request: can't parse inline keyboard button: Can't find field \"text\""},
		"button, text a number": {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": 5, "callback_data": "a"})}, 400, "Bad Request: can't parse inline keyboard button: Field \"text\" must be of type String"},
		"button, blank text":    {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": " ", "callback_data": "a"})}, 400, "Bad Request: inline keyboard button text must be non-empty"},
		"65 bytes of data":      {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": "a", "callback_data": strings.Repeat("ə", 32) + "x"})}, 400, "Bad Request: BUTTON_DATA_INVALID"},
		"button to localhost":   {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": "a", "url": "http://localhost:80/"})}, 400, "Bad Request: inline keyboard button URL 'http://localhost:80/' is invalid: Wrong HTTP URL"},
		"button by ftp":         {"sendMessage", obj{"chat_id": chat, "text": "x", "reply_markup": keys(obj{"text": "a", "url": "ftp://example.com"})}, 400, "Bad Request: inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol"},
		"same again":            {"editMessageText", obj{"chat_id": chat, "message_id": text.ID, "text": "hi", "reply_markup": keys(obj{"text": "a", "callback_data": "a"})}, 400, notModified},
		"same keyboard":         {"editMessageReplyMarkup", obj{"chat_id": chat, "message_id": text.ID, "reply_markup": keys(obj{"text": "a", "callback_data": "a"})}, 400, notModified},
		"no keyboard to take":   {"editMessageReplyMarkup", obj{"chat_id": chat, "message_id": photo.ID}, 400, notModified},
		"edit nothing":          {"editMessageText", obj{"chat_id": chat, "text": "x"}, 400, "Bad Request: message identifier is not specified"},
		"edit the unknown":      {"editMessageText", obj{"chat_id": chat, "message_id": 999, "text": "x"}, 400, "Bad Request: message to edit not found"},
		"edit another's":        {"editMessageText", obj{"chat_id": chat, "message_id": own, "text": "x"}, 400, "Bad Request: message can't be edited"},
		"text of a photo":       {"editMessageText", obj{"chat_id": chat, "message_id": photo.ID, "text": "x"}, 400, "Bad Request: there is no text in the message to edit"},
		"caption of a text":     {"editMessageCaption", obj{"chat_id": chat, "message_id": text.ID, "caption": "x"}, 400, "Bad Request: there is no caption in the message to edit"},
		"menu on an edit":       {"editMessageText", obj{"chat_id": chat, "message_id": text.ID, "text": "x", "reply_markup": obj{"keyboard": [][]string{{"a"}}}}, 400, "Bad Request: inline keyboard expected"},
		"delete the unknown":    {"deleteMessage", obj{"chat_id": chat, "message_id": 999}, 400, "Bad Request: message to delete not found"},
		"unknown press":         {"answerCallbackQuery", obj{"callback_query_id": "1"}, 400, "Bad Request: query is too old and response timeout expired or query ID is invalid"},
		"unknown action":        {"sendChatAction", obj{"chat_id": chat, "action": "dancing"}, 400, "Bad Request: wrong parameter action in request"},
		"no photo":              {"sendPhoto", obj{"chat_id": chat}, 400, "Bad Request: there is no photo in the request"},
		"unknown photo":         {"sendPhoto", obj{"chat_id": chat, "photo": "AgACAgIAAx"}, 400, "Bad Request: wrong file identifier/HTTP URL specified"},
		"photo from loopback":   {"sendPhoto", obj{"chat_id": chat, "photo": "http://127.0.0.1/a.png"}, 400, "Bad Request: failed to get HTTP URL content"},
		"photo as document":     {"sendDocument", obj{"chat_id": chat, "document": photo.Photo[0]["file_id"]}, 400, "Bad Request: can't use file of type Photo as Document"},
		"unknown file":          {"getFile", obj{"file_id": "x"}, 400, "Bad Request: invalid file_id"},
		"bad command":           {"setMyCommands", obj{"commands": []obj{{"command": "Başla", "description": "x"}}}, 400, "Bad Request: BOT_COMMAND_INVALID"},
		"long description":      {"setMyCommands", obj{"commands": []obj{{"command": "a", "description": strings.Repeat("x", 257)}}}, 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID"},
		"too many commands":     {"setMyCommands", obj{"commands": manyCommands(101)}, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH"},
		"bad language":          {"setMyCommands", obj{"commands": []obj{}, "language_code": "aze"}, 400, "Bad Request: invalid language code specified"},
		"webhook without https": {"setWebhook", obj{"url": "http://example.com/"}, 400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"},
		"webhook, bad secret":   {"setWebhook", obj{"url": "https://example.com/", "secret_token": "a b"}, 400, "Bad Request: secret token contains unallowed characters"},
	} {
		t.Run(name, func(t *testing.T) {
			b := b
			b.t = t
			b.refused(c.method, c.params, c.code, c.want)
		})
	}
	if n := len(l.Chat("ayla", "")); n != 3 {
		t.Errorf("%d messages in the chat: a refused call left something", n)
	}
}

func manyCommands(n int) []obj {
	list := make([]obj, n)
	for i := range list {
		list[i] = obj{"command": "a", "description": "x"}
	}
	return list
}

// TestWrongToken: another bot's token is 401, one that is no token 404, as is everything else.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	for token, want := range map[string]int{
		"123456789:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB": http.StatusUnauthorized,
		"nonsense": http.StatusNotFound,
		token:      http.StatusOK,
	} {
		r, err := b.try(token, "getMe", nil)
		if err != nil || r.Status != want {
			t.Errorf("token %q: %d %s, %v, want %d", token, r.Status, r.Description, err, want)
		}
	}
	for _, c := range l.Calls(0) {
		if strings.Contains(c.Path, "AAA") || strings.Contains(c.Path, "BBB") {
			t.Errorf("a token stands in the journal: %s", c.Path)
		}
	}
}

// TestAccepted: what the limits just allow goes through.
func TestAccepted(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	for name, p := range map[string]obj{
		"4096 after parsing":   {"text": "<b>" + strings.Repeat("x", 4096) + "</b>", "parse_mode": "HTML"},
		"64 bytes of data":     {"text": "x", "reply_markup": keys(obj{"text": "a", "callback_data": strings.Repeat("ə", 32)})},
		"empty copy_text":      {"text": "x", "reply_markup": keys(obj{"text": "a", "callback_data": "a", "copy_text": obj{"text": ""}})},
		"no keyboard":          {"text": "x", "reply_markup": "null"},
		"link":                 {"text": "x", "reply_markup": keys(obj{"text": "a", "url": "https://example.com/"})},
		"loopback by address":  {"text": "x", "reply_markup": keys(obj{"text": "a", "url": "http://127.0.0.1:8080/"})},
		"reply, lenient":       {"text": "x", "reply_parameters": obj{"message_id": 999, "allow_sending_without_reply": true}},
		"menu of plain words":  {"text": "x", "reply_markup": obj{"keyboard": [][]any{{"Kart", obj{"text": "Balans"}}}, "is_persistent": true}},
		"method in lower case": {"text": "x"},
	} {
		method := "sendMessage"
		if strings.HasPrefix(name, "method") {
			method = "sendmessage"
		}
		p["chat_id"] = chat
		if r := b.call(method, p); !r.OK {
			t.Errorf("%s: %s", name, r.Description)
		}
	}
}

// TestNineInARow: clients show eight buttons in a row; the ninth is not there.
func TestNineInARow(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	var row []obj
	for _, n := range strings.Fields("0 1 2 3 4 5 6 7 8 9 10") {
		row = append(row, obj{"text": n, "callback_data": n})
	}
	b.must("sendMessage", obj{"chat_id": chat, "text": "nps", "reply_markup": keys(row...)}, nil)
	if got := l.Chat("ayla", "")[0].Buttons; len(got) != 8 {
		t.Errorf("buttons: %v", got)
	}
}

// TestDeleteAfterTwoDays: what is older than 48 hours stays.
func TestDeleteAfterTwoDays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 2, 11, 0, 0, 0, time.UTC)
	l := open(t, telegram.Config{Limits: unlimited, Now: func() time.Time { return now }})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	var old, young sent
	b.must("sendMessage", obj{"chat_id": chat, "text": "old"}, &old)
	now = now.Add(47 * time.Hour)
	b.must("sendMessage", obj{"chat_id": chat, "text": "young"}, &young)
	if old.Date != time.Date(2026, 12, 2, 11, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("dated %d", old.Date)
	}
	now = now.Add(2 * time.Hour)
	b.refused("deleteMessage", obj{"chat_id": chat, "message_id": old.ID}, 400, "Bad Request: message can't be deleted for everyone")
	b.must("deleteMessage", obj{"chat_id": chat, "message_id": young.ID}, nil)
	log := l.Chat("ayla", "")
	if len(log) != 1 || log[0].Text != "old" {
		t.Errorf("transcript: %+v", log)
	}
	if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "x", ReplyTo: "2"}); err == nil {
		t.Error("a deleted message was answered")
	}
}
