package telegram_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestPrivacyMode: in a group the bot sees commands, mentions and answers to it, and nothing else.
func TestPrivacyMode(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	group := func(text, replyTo string) string {
		t.Helper()
		id, err := l.Say(t.Context(), lookalike.Say{As: "ayla", In: telegram.Group, Text: text, ReplyTo: replyTo})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	group("hello everybody", "")
	group("/balance", "")
	group("/balance@rapport_sandbox_bot", "")
	group("/balance@another_bot", "")
	group("what says @Rapport_Sandbox_Bot to this?", "")
	group("what says @rapport_sandbox_bottom to this?", "")
	got := b.poll(0)
	if want := []string{"/balance", "/balance@rapport_sandbox_bot", "what says @Rapport_Sandbox_Bot to this?"}; !equal(texts(got), want) {
		t.Fatalf("seen: %q", texts(got))
	}
	chat := got[0].Message.Chat
	if chat["type"] != "group" || chat["id"].(float64) >= 0 || got[0].Message.From["first_name"] != "Ayla" {
		t.Errorf("group %v, from %v", chat, got[0].Message.From)
	}
	var answer sent
	b.must("sendMessage", obj{"chat_id": chat["id"], "text": "in private, please"}, &answer)
	log := l.Chat("ayla", telegram.Group)
	group("why?", log[len(log)-1].ID)
	got = b.poll(got[2].ID + 1)
	if len(got) != 1 || got[0].Message.ReplyTo == nil || got[0].Message.ReplyTo.ID != answer.ID {
		t.Errorf("an answer to the bot: %+v", got)
	}
	if log := l.Chat("ayla", ""); len(log) != 0 {
		t.Errorf("the private chat: %+v", log)
	}
	if log := l.Chat("mehmet", telegram.Group); len(log) != 0 {
		t.Errorf("the group as a stranger sees it: %+v", log)
	}
}

// TestBlock: blocking and unblocking are told to the bot once each; a blocked bot hears nothing.
func TestBlock(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	for range 2 {
		if err := l.Block(t.Context(), "ayla"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "x"}); !errors.Is(err, lookalike.ErrRefused) {
		t.Errorf("writing to a blocked bot: %v", err)
	}
	if err := l.Unblock(t.Context(), "ayla"); err != nil {
		t.Fatal(err)
	}
	got := b.poll(0)
	if len(got) != 2 {
		t.Fatalf("updates: %+v", got)
	}
	for i, want := range []string{"kicked", "member"} {
		member := got[i].Member["new_chat_member"].(map[string]any)
		if member["status"] != want || member["user"].(map[string]any)["is_bot"] != true {
			t.Errorf("update %d: %v", i, got[i].Member)
		}
	}
	b.must("sendMessage", obj{"chat_id": chat, "text": "welcome back"}, nil)
}

// TestPressChoosesTheButton: which button a label means.
func TestPressChoosesTheButton(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	button := func(text, data string) obj { return obj{"text": text, "callback_data": data} }
	var old sent
	b.must("sendMessage", obj{"chat_id": chat, "text": "old", "reply_markup": keys(button("1", "old1"), button("Balans", "old-balance"), button("Only here", "only"))}, &old)
	b.must("sendMessage", obj{"chat_id": chat, "text": "menu", "reply_markup": obj{"is_persistent": true, "keyboard": [][]any{
		{"💳 Kart", "Balans"}, {obj{"text": "Nömrəm", "request_contact": true}},
	}}}, nil)
	b.must("sendMessage", obj{"chat_id": chat, "text": "new", "reply_markup": keys(button("10", "new10"), button("1", "new1"), button("Sonra", "later"), obj{"text": "Sayt", "url": "https://example.com"})}, nil)
	if got := l.Menu("ayla"); len(got) != 2 || !equal(got[0], []string{"💳 Kart", "Balans"}) {
		t.Errorf("menu: %v", got)
	}

	var offset int64
	for _, c := range []struct {
		press       lookalike.Press
		data, text  string
		contact     bool
		nothing     bool
		wantMessage int
	}{
		{press: lookalike.Press{Label: "1"}, data: "new1"},
		{press: lookalike.Press{Label: "1", Message: "1"}, data: "old1", wantMessage: old.ID},
		{press: lookalike.Press{Label: "sonr"}, data: "later"},
		{press: lookalike.Press{Label: "Balans"}, text: "Balans"},
		{press: lookalike.Press{Label: "Kart"}, text: "💳 Kart"},
		{press: lookalike.Press{Label: "Only"}, data: "only", wantMessage: old.ID},
		{press: lookalike.Press{Label: "Nömrəm"}, contact: true},
		{press: lookalike.Press{Label: "Sayt"}, nothing: true},
	} {
		c.press.As = "ayla"
		if err := l.Press(t.Context(), c.press); err != nil {
			t.Errorf("press %q: %v", c.press.Label, err)
			continue
		}
		got := b.poll(offset)
		if c.nothing {
			if len(got) != 0 {
				t.Errorf("press %q: %+v", c.press.Label, got)
			}
			continue
		}
		if len(got) != 1 {
			t.Fatalf("press %q: %+v", c.press.Label, got)
		}
		offset = got[0].ID + 1
		switch q, m := got[0].Query, got[0].Message; {
		case c.data != "" && (q == nil || q.Data != c.data || c.wantMessage != 0 && q.Message.ID != c.wantMessage || q.Message.Markup == nil):
			t.Errorf("press %q: %+v", c.press.Label, q)
		case c.text != "" && (m == nil || m.Text != c.text):
			t.Errorf("press %q: %+v", c.press.Label, m)
		case c.contact && (m == nil || m.Contact["user_id"] != m.From["id"]):
			t.Errorf("press %q: %+v", c.press.Label, m)
		}
	}
	for _, p := range []lookalike.Press{{Label: "Nowhere"}, {Label: "10", Message: "1"}, {Label: "1", Message: "99"}, {Label: " "}} {
		p.As = "ayla"
		if err := l.Press(t.Context(), p); !errors.Is(err, lookalike.ErrNotFound) {
			t.Errorf("press %+v: %v", p, err)
		}
	}
	b.must("sendMessage", obj{"chat_id": chat, "text": "bye", "reply_markup": obj{"remove_keyboard": true}}, nil)
	if got := l.Menu("ayla"); len(got) != 0 {
		t.Errorf("menu after its removal: %v", got)
	}
}

// TestAttachments: each kind of attachment makes its own message.
func TestAttachments(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	for _, kind := range []string{lookalike.Voice, lookalike.Photo, lookalike.File, lookalike.Sticker, lookalike.Contact, lookalike.Location} {
		if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "here", Attach: kind}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Attach: "hologram"}); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("a hologram: %v", err)
	}
	var raw []struct {
		Message obj `json:"message"`
	}
	b.must("getUpdates", obj{}, &raw)
	for i, field := range []string{"voice", "photo", "document", "sticker", "contact", "location"} {
		if i >= len(raw) || raw[i].Message[field] == nil {
			t.Errorf("update %d has no %s: %v", i, field, raw)
		}
	}
	if raw[0].Message["caption"] != "here" || raw[3].Message["caption"] != nil {
		t.Errorf("captions: %v, %v", raw[0].Message["caption"], raw[3].Message["caption"])
	}
	log := l.Chat("ayla", "")
	if len(log) != 6 || log[0].Attachment != lookalike.Voice || log[1].Image == "" {
		t.Errorf("transcript: %+v", log)
	}
	if kind, data, ok := l.Media(log[1].Image); !ok || kind != "image/png" || len(data) == 0 {
		t.Errorf("picture: %q %d bytes %v", kind, len(data), ok)
	}
}

// TestPersonEdits: own texts can be edited and deleted; the bot hears of the first only.
func TestPersonEdits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 2, 11, 0, 0, 0, time.UTC)
	l := open(t, telegram.Config{Limits: unlimited, Now: func() time.Time { return now }})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	id := say(t, l, "ayla", "sifarsi")
	b.must("sendMessage", obj{"chat_id": chat, "text": "?"}, nil)
	if err := l.Edit(t.Context(), "ayla", id, "sifariş"); err != nil {
		t.Fatal(err)
	}
	if err := l.Edit(t.Context(), "ayla", l.Chat("ayla", "")[1].ID, "x"); !errors.Is(err, lookalike.ErrRefused) {
		t.Errorf("edit of the bot's message: %v", err)
	}
	if err := l.Edit(t.Context(), "ayla", "99", "x"); !errors.Is(err, lookalike.ErrNotFound) {
		t.Errorf("edit of nothing: %v", err)
	}
	got := b.poll(0)
	if len(got) != 2 || got[1].Edited == nil || got[1].Edited.Text != "sifariş" || got[1].Edited.EditDate == 0 {
		t.Fatalf("updates: %+v", got)
	}
	if log := l.Chat("ayla", ""); log[0].Text != "sifariş" || !log[0].Edited || log[1].Edited {
		t.Errorf("transcript: %+v", log)
	}
	now = now.Add(49 * time.Hour)
	if err := l.Edit(t.Context(), "ayla", id, "late"); !errors.Is(err, lookalike.ErrRefused) {
		t.Errorf("edit after two days: %v", err)
	}
	if err := l.Delete(t.Context(), "ayla", id); err != nil {
		t.Fatal(err)
	}
	if got := b.poll(got[1].ID + 1); len(got) != 0 {
		t.Errorf("updates after a deletion: %+v", got)
	}
	if log := l.Chat("ayla", ""); len(log) != 1 {
		t.Errorf("transcript: %+v", log)
	}
}

// TestPeople: ids follow from names, a locale can be said along, and the places and forms that Telegram lacks are
// refused.
func TestPeople(t *testing.T) {
	t.Parallel()
	one, other := open(t, telegram.Config{}), open(t, telegram.Config{})
	if a, b := one.Person("Ayla"), other.Person("ayla"); a.ID != b.ID || a.ID == "" || a.Name != "ayla" {
		t.Errorf("ids %q and %q, name %q", a.ID, b.ID, a.Name)
	}
	if _, err := one.Say(t.Context(), lookalike.Say{As: "ayla", Text: "salam", Locale: "az"}); err != nil {
		t.Fatal(err)
	}
	if got := inMemory(t, one).poll(0); got[0].Message.From["language_code"] != "az" || one.Person("ayla").Locale != "az" {
		t.Errorf("locale: %v", got[0].Message.From)
	}
	given, err := one.Introduce(lookalike.Person{Name: "mehmet", ID: "777", Locale: "tr"})
	if err != nil || given.ID != "777" {
		t.Errorf("introduced: %+v, %v", given, err)
	}
	if _, err := one.Introduce(lookalike.Person{Name: "vera", ID: "777"}); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("an id given twice: %v", err)
	}
	names := []string{}
	for _, p := range one.People() {
		names = append(names, p.Name)
	}
	if !slices.Equal(names, []string{"ayla", "mehmet"}) {
		t.Errorf("people: %v", names)
	}
	if _, err := one.Say(t.Context(), lookalike.Say{As: "ayla", Text: "x", In: "channel"}); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("a channel: %v", err)
	}
	if err := one.Submit(t.Context(), "ayla", nil); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("a form: %v", err)
	}
	if err := one.Command(t.Context(), "ayla", "balance", ""); err != nil {
		t.Error(err)
	}
	if log := one.Chat("ayla", ""); log[len(log)-1].Text != "/balance" {
		t.Errorf("command: %+v", log)
	}
}
