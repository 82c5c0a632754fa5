package telegram_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// received hands one update to the adapter, through the webhook, and answers what came of it.
func received(t *testing.T, body string) (conversation.Inbound, bool) {
	t.Helper()
	a := connected(t, &server{})
	in := newInbox()
	if w := post(t, a, in, "hook-secret_1", body); w.Code != 200 {
		t.Fatalf("the webhook answers %d", w.Code)
	}
	all := in.all()
	if len(all) == 0 {
		return conversation.Inbound{}, false
	}
	return all[0], true
}

const (
	private = `"chat":{"id":7,"type":"private","first_name":"A"}`
	group   = `"chat":{"id":-100500,"type":"supergroup","title":"G"}`
	ayla    = `"from":{"id":7,"is_bot":false,"first_name":"Ayla","last_name":"Əliyeva","username":"ayla","language_code":"az"}`
)

// inPrivate is an update with a private message of Ayla that has these fields.
func inPrivate(fields string) string {
	return `{"update_id":9,"message":{"message_id":3,"date":1700000000,` + ayla + `,` + private + `,` + fields + `}}`
}

func inGroup(fields string) string {
	return `{"update_id":9,"message":{"message_id":3,"date":1700000000,` + ayla + `,` + group + `,` + fields + `}}`
}

func TestMessage(t *testing.T) {
	t.Parallel()
	got, _ := received(t, inPrivate(`"text":" salam "`))
	want := conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: "telegram:123456789", Chat: "7"},
		EventID: "9", Kind: conversation.KindMessage, Private: true, Text: "salam", MessageID: "3", At: time.Unix(1700000000, 0),
		From: conversation.Sender{UserID: "7", Name: "Ayla Əliyeva", Locale: "az"},
	}
	g, w := asJSON(t, got), asJSON(t, want)
	if g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		update              string
		known               bool
		command, args, text string
		mentioned           bool
	}{
		"plain":                       {inPrivate(`"text":"/balance"`), true, "balance", "", "/balance", false},
		"with words":                  {inPrivate(`"text":"/start ref_A-b9"`), true, "start", "ref_A-b9", "/start ref_A-b9", false},
		"upper case":                  {inPrivate(`"text":"/START x"`), true, "start", "x", "/START x", false},
		"lines":                       {inPrivate(`"text":"/feedback good\nbut slow"`), true, "feedback", "good\nbut slow", "/feedback good\nbut slow", false},
		"addressed":                   {inPrivate(`"text":"/help@Rapport_Bot now"`), true, "help", "now", "/help@Rapport_Bot now", false},
		"not at the start":            {inPrivate(`"text":"say /help"`), true, "", "", "say /help", false},
		"a path":                      {inPrivate(`"text":"/etc/passwd"`), true, "", "", "/etc/passwd", false},
		"a slash":                     {inPrivate(`"text":"/"`), true, "", "", "/", false},
		"too long":                    {inPrivate(`"text":"/` + strings.Repeat("a", 33) + `"`), true, "", "", "/" + strings.Repeat("a", 33), false},
		"after words with wide signs": {inPrivate(`"text":"👍 /help","entities":[{"type":"bot_command","offset":3,"length":5}]`), true, "", "", "👍 /help", false},
		"in a group, ours":            {inGroup(`"text":"/help@rapport_bot now"`), true, "help", "now", "/help@rapport_bot now", true},
		"in a group, another's":       {inGroup(`"text":"/help@other_bot"`), false, "", "", "", false},
		"in a group, anybody's":       {inGroup(`"text":"/help"`), true, "help", "", "/help", false},
		"in private, another's":       {inPrivate(`"text":"/help@other_bot"`), true, "", "", "/help@other_bot", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known := received(t, test.update)
			if known != test.known {
				t.Fatalf("known: %v", known)
			}
			if got.Command != test.command || got.Args != test.args || got.Text != test.text || got.Mentioned != test.mentioned {
				t.Errorf("got command %q, args %q, text %q, mentioned %v", got.Command, got.Args, got.Text, got.Mentioned)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		update    string
		known     bool
		mentioned bool
		text      string
	}{
		"nobody is meant": {inGroup(`"text":"hello all"`), true, false, "hello all"},
		"the bot is mentioned": {
			inGroup(`"text":"@rapport_bot hours?","entities":[{"type":"mention","offset":0,"length":12}]`),
			true, true, "hours?",
		},
		"mentioned in another case, after wide signs": {
			inGroup(`"text":"👋🏽 @Rapport_Bot hours?","entities":[{"type":"mention","offset":5,"length":12}]`),
			true, true, "👋🏽  hours?",
		},
		"somebody else is mentioned": {
			inGroup(`"text":"@rapport_bot2 hi","entities":[{"type":"mention","offset":0,"length":13}]`),
			true, false, "@rapport_bot2 hi",
		},
		"mentioned by link": {
			inGroup(`"text":"Bot hours?","entities":[{"type":"text_mention","offset":0,"length":3,"user":{"id":123456789,"is_bot":true,"first_name":"R"}}]`),
			true, true, "hours?",
		},
		"the name without an entity": {inGroup(`"text":"mail me at x@rapport_bot"`), true, false, "mail me at x@rapport_bot"},
		"an entity out of bounds": {
			inGroup(`"text":"@rapport_bot","entities":[{"type":"mention","offset":5,"length":120}]`),
			true, false, "@rapport_bot",
		},
		"a reply to the bot": {
			inGroup(`"text":"and on Sunday?","reply_to_message":{"message_id":2,"date":1,` + group + `,"from":{"id":123456789,"is_bot":true,"first_name":"R"}}`),
			true, true, "and on Sunday?",
		},
		"a reply to a person": {
			inGroup(`"text":"yes","reply_to_message":{"message_id":2,"date":1,` + group + `,"from":{"id":8,"first_name":"B"}}`),
			true, false, "yes",
		},
		"a photo with a mention": {
			inGroup(`"caption":"@rapport_bot look","caption_entities":[{"type":"mention","offset":0,"length":12}],"photo":[{"file_id":"p"}]`),
			true, true, "look",
		},
		"an anonymous administrator": {
			`{"update_id":9,"message":{"message_id":3,"date":1,"from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"sender_chat":{"id":-100500,"type":"supergroup"},` + group + `,"text":"x"}}`,
			false, false, "",
		},
		"no sender":          {`{"update_id":9,"message":{"message_id":3,"date":1,` + group + `,"text":"x"}}`, false, false, ""},
		"another bot":        {`{"update_id":9,"message":{"message_id":3,"date":1,"from":{"id":55,"is_bot":true,"first_name":"B"},` + group + `,"text":"@rapport_bot"}}`, false, false, ""},
		"a channel":          {`{"update_id":9,"message":{"message_id":3,"date":1,` + ayla + `,"chat":{"id":-1,"type":"channel"},"text":"x"}}`, false, false, ""},
		"somebody joins":     {inGroup(`"new_chat_members":[{"id":8,"first_name":"B"}]`), false, false, ""},
		"a group that moves": {inGroup(`"migrate_to_chat_id":-100600`), false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known := received(t, test.update)
			if known != test.known || got.Private {
				t.Fatalf("known: %v, private: %v", known, got.Private)
			}
			if got.Mentioned != test.mentioned || got.Text != test.text {
				t.Errorf("mentioned %v, text %q", got.Mentioned, got.Text)
			}
			if known && (got.Chat != "-100500" || got.From.UserID != "7") {
				t.Errorf("chat %q of %q", got.Chat, got.From.UserID)
			}
		})
	}
}

func TestTopicsAreThreads(t *testing.T) {
	t.Parallel()
	got, _ := received(t, inGroup(`"text":"x","message_thread_id":12,"is_topic_message":true`))
	if got.Thread != "12" {
		t.Errorf("thread %q", got.Thread)
	}
	got, _ = received(t, inGroup(`"text":"x","message_thread_id":12`)) // a reply's thread is no topic
	if got.Thread != "" {
		t.Errorf("thread %q", got.Thread)
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields string
		want   conversation.Attachment
		text   string
	}{
		"photo": {
			`"photo":[{"file_id":"s","file_size":1},{"file_id":"l","file_size":900}],"caption":"broken"`,
			conversation.Attachment{Kind: "photo", File: "l", Size: 900},
			"broken",
		},
		"voice":      {`"voice":{"file_id":"v","file_size":5,"duration":2}`, conversation.Attachment{Kind: "voice", File: "v", Size: 5}, ""},
		"video":      {`"video":{"file_id":"v","file_name":"a.mp4"}`, conversation.Attachment{Kind: "video", File: "v", Name: "a.mp4"}, ""},
		"video note": {`"video_note":{"file_id":"v"}`, conversation.Attachment{Kind: "video", File: "v"}, ""},
		"audio":      {`"audio":{"file_id":"m","file_name":"s.mp3"}`, conversation.Attachment{Kind: "file", File: "m", Name: "s.mp3"}, ""},
		"document": {
			`"document":{"file_id":"d","file_name":"bill.pdf","file_size":12}`,
			conversation.Attachment{Kind: "file", File: "d", Name: "bill.pdf", Size: 12},
			"",
		},
		"animation": {
			`"animation":{"file_id":"g","file_name":"g.mp4"},"document":{"file_id":"g","file_name":"g.mp4"}`,
			conversation.Attachment{Kind: "video", File: "g", Name: "g.mp4"},
			"",
		},
		"sticker":  {`"sticker":{"file_id":"s","emoji":"👍","type":"regular"}`, conversation.Attachment{Kind: "sticker", File: "s", Text: "👍"}, ""},
		"dice":     {`"dice":{"emoji":"🎲","value":3}`, conversation.Attachment{Kind: "sticker", Text: "🎲"}, ""},
		"location": {`"location":{"latitude":40.4093,"longitude":49.8671}`, conversation.Attachment{Kind: "location", Text: "40.4093,49.8671"}, ""},
		"venue": {
			`"venue":{"location":{"latitude":1,"longitude":2},"title":"Shop","address":"x"},"location":{"latitude":1,"longitude":2}`,
			conversation.Attachment{Kind: "location", Text: "1,2"},
			"",
		},
		"own contact": {
			`"contact":{"phone_number":"994501234567","first_name":"Ayla","user_id":7}`,
			conversation.Attachment{Kind: "contact", Text: "994501234567", Name: "Ayla", Own: true},
			"",
		},
		"another's contact": {
			`"contact":{"phone_number":"994501234567","first_name":"B","user_id":8}`,
			conversation.Attachment{Kind: "contact", Text: "994501234567", Name: "B"},
			"",
		},
		"a contact without an account": {
			`"contact":{"phone_number":"1","first_name":"B"}`,
			conversation.Attachment{Kind: "contact", Text: "1", Name: "B"},
			"",
		},
		"a poll":                      {`"poll":{"id":"1","question":"?","options":[],"type":"regular"}`, conversation.Attachment{Kind: "file"}, ""},
		"what no version of ours has": {`"hologram":{"file_id":"h"}`, conversation.Attachment{Kind: "file"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := received(t, inPrivate(test.fields))
			if len(got.Attachments) != 1 || got.Attachments[0] != test.want || got.Text != test.text || got.Kind != conversation.KindMessage {
				t.Errorf("got %s %q %+v, want %q %+v", got.Kind, got.Text, got.Attachments, test.text, test.want)
			}
		})
	}
}

func TestServiceMessagesAreNoMessages(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{
		`"pinned_message":{"message_id":1,"date":0,` + private + `}`,
		`"message_auto_delete_timer_changed":{"message_auto_delete_time":86400}`,
		`"write_access_allowed":{}`,
	} {
		if got, known := received(t, inPrivate(fields)); known {
			t.Errorf("%s became %+v", fields, got)
		}
	}
}

func TestPrivateWithoutSender(t *testing.T) {
	t.Parallel()
	got, known := received(t, `{"update_id":9,"message":{"message_id":3,"date":1,`+private+`,"text":"x"}}`)
	if !known || got.From.UserID != "7" {
		t.Errorf("got %+v", got)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	edited := func(fields string) string {
		return strings.Replace(inPrivate(fields), `"message":{`, `"edited_message":{"edit_date":1700000100,`, 1)
	}
	got, _ := received(t, edited(`"text":"/balance"`))
	if got.Kind != conversation.KindEdit || got.Text != "/balance" || got.Command != "" || got.MessageID != "3" || got.At.Unix() != 1700000100 {
		t.Errorf("got %+v", got)
	}
	if got, _ = received(t, edited(`"photo":[{"file_id":"l"}],"caption":"now broken"`)); got.Kind != conversation.KindEdit || got.Text != "now broken" {
		t.Errorf("got %+v", got)
	}
	if got, known := received(t, edited(`"location":{"latitude":1,"longitude":2}`)); known {
		t.Errorf("a live location that moves became %+v", got)
	}
}

func TestPresses(t *testing.T) {
	t.Parallel()
	press := func(message string) string {
		return `{"update_id":9,"callback_query":{"id":"1",` + ayla + `,"chat_instance":"1","data":"tok"` + message + `}}`
	}
	for name, test := range map[string]struct {
		update        string
		chat, message string
		private       bool
		thread        string
	}{
		"ordinary":         {press(`,"message":{"message_id":44,"date":1700000000,` + private + `,"text":"?"}`), "7", "44", true, ""},
		"inaccessible":     {press(`,"message":{"message_id":44,"date":0,` + private + `}`), "7", "44", true, ""},
		"in a group":       {press(`,"message":{"message_id":44,"date":1,` + group + `}`), "-100500", "44", false, ""},
		"in a topic":       {press(`,"message":{"message_id":44,"date":1,"is_topic_message":true,"message_thread_id":5,` + group + `}`), "-100500", "44", false, "5"},
		"under poison":     {press(`,"message":{"message_id":44,"date":1,"forward_origin":{"type":"?"},` + private + `}`), "7", "44", true, ""},
		"without a place":  {press(`,"inline_message_id":"abc"`), "7", "", true, ""},
		"message is null":  {press(`,"message":null`), "7", "", true, ""},
		"message is empty": {press(`,"message":{}`), "7", "", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := received(t, test.update)
			if got.Kind != conversation.KindPress || got.Token != "tok" || got.From.UserID != "7" || got.From.Locale != "az" {
				t.Fatalf("got %+v", got)
			}
			if got.Chat != test.chat || got.MessageID != test.message || got.Private != test.private || got.Thread != test.thread {
				t.Errorf("chat %q, message %q, private %v, thread %q", got.Chat, got.MessageID, got.Private, got.Thread)
			}
			if time.Since(got.At).Abs() > time.Minute {
				t.Errorf("pressed at %s", got.At)
			}
		})
	}
}

func TestPressesThatSayNothing(t *testing.T) {
	t.Parallel()
	if got, known := received(t, `{"update_id":9,"callback_query":{"id":"1",`+ayla+`,"game_short_name":"x"}}`); known {
		t.Errorf("a game became %+v", got)
	}
	for _, update := range []string{
		`{"update_id":9,"callback_query":{"id":"1",` + ayla + `,"data":{"a":1}}}`,
		`{"update_id":9,"callback_query":{"id":"1","data":"tok"}}`,
	} {
		if got, _ := received(t, update); got.Kind != conversation.KindBroken {
			t.Errorf("%s became %+v", update, got)
		}
	}
}

func TestMembership(t *testing.T) {
	t.Parallel()
	member := func(where, status string) string {
		return `{"update_id":9,"my_chat_member":{` + ayla + `,` + where + `,"date":1700000000,"old_chat_member":{"status":"member"},` +
			`"new_chat_member":{"user":{"id":1,"is_bot":true,"first_name":"R"},"status":"` + status + `","until_date":0}}}`
	}
	for name, test := range map[string]struct {
		update string
		kind   conversation.Kind
		known  bool
	}{
		"blocked":               {member(private, "kicked"), conversation.KindBlocked, true},
		"back":                  {member(private, "member"), conversation.KindBack, true},
		"a status that is new":  {member(private, "hibernating"), "", false},
		"thrown out of a group": {member(group, "kicked"), "", false},
		"taken into a group":    {member(group, "member"), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known := received(t, test.update)
			if known != test.known || got.Kind != test.kind && known {
				t.Fatalf("got %v %+v", known, got)
			}
			if known && (got.From.UserID != "7" || got.Chat != "7" || !got.Private) {
				t.Errorf("got %+v", got)
			}
			if got.Kind == conversation.KindBlocked && got.Text != "blocked_by_user" {
				t.Errorf("reason %q", got.Text)
			}
		})
	}
}

// PostgreSQL takes no NUL in a text.
func TestNULIsDropped(t *testing.T) {
	t.Parallel()
	got, _ := received(t, inPrivate(`"text":"a\u0000b"`))
	if got.Text != "ab" {
		t.Errorf("got %q", got.Text)
	}
}

func FuzzUpdates(f *testing.F) {
	for _, seed := range []string{
		inPrivate(`"text":"/start x"`), inGroup(`"text":"@rapport_bot","entities":[{"type":"mention","offset":0,"length":12}]`),
		`{"update_id":9,"callback_query":{"id":"1",` + ayla + `,"data":"tok","message":{"message_id":44,"date":0,` + private + `}}}`,
		`{"update_id":9,"my_chat_member":{` + ayla + `,` + private + `,"new_chat_member":{"status":"kicked"}}}`,
		`{"update_id":"9","message":[]}`, `{"message":{"from":7,"chat":"x"}}`, `[]`, `0`, `{"update_id":1e99}`,
		inPrivate(`"contact":{"phone_number":"1"}`), inPrivate(`"photo":[]`), inPrivate(`"photo":[null]`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		a := connected(t, &server{})
		in := newInbox()
		w := post(t, a, in, "hook-secret_1", body)
		if w.Code != 200 && w.Code != 400 {
			t.Errorf("status %d", w.Code)
		}
		for _, e := range in.all() {
			if e.EventID == "" || e.Kind == "" || e.Channel != "telegram" || e.Account == "" || e.At.IsZero() {
				t.Errorf("incomplete: %+v", e)
			}
			if e.Kind != conversation.KindBroken && (e.Chat == "" || e.From.UserID == "") {
				t.Errorf("from nobody or nowhere: %+v", e)
			}
			if strings.Contains(e.Text+e.From.Name+e.Token+e.Args, "\x00") {
				t.Errorf("NUL in %+v", e)
			}
		}
	})
}
