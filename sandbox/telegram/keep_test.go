package telegram_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// copied is the folder as a process that was killed leaves it: what had been written, and a torn line.
func copied(t *testing.T, dir string) string {
	t.Helper()
	fresh := t.TempDir()
	if err := os.CopyFS(fresh, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(fresh, "telegram.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"entry":{"message":{"mess`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// TestSurvivesKill: people, transcripts, keyboards, files, commands, journal and what the bot has not confirmed are
// there after a kill.
func TestSurvivesKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, telegram.Config{Dir: dir, Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "az")
	say(t, l, "ayla", "confirmed")
	say(t, l, "ayla", "waiting")
	first := b.poll(0)
	b.poll(first[1].ID)
	var photo, edited, gone sent
	b.must("sendPhoto", obj{"chat_id": chat, "photo": "https://example.com/a.png", "caption": "look"}, &photo)
	b.must("sendMessage", obj{"chat_id": chat, "text": "draft", "reply_markup": keys(obj{"text": "ok", "callback_data": "ok"})}, &edited)
	b.must("editMessageText", obj{"chat_id": chat, "message_id": edited.ID, "text": "final", "reply_markup": keys(obj{"text": "ok", "callback_data": "ok"})}, nil)
	b.must("sendMessage", obj{"chat_id": chat, "text": "gone"}, &gone)
	b.must("deleteMessage", obj{"chat_id": chat, "message_id": gone.ID}, nil)
	b.must("sendMessage", obj{"chat_id": chat, "text": "menu", "reply_markup": obj{"keyboard": [][]string{{"Kart"}}}}, nil)
	b.must("setMyCommands", obj{"commands": []obj{{"command": "start", "description": "Başla"}}, "language_code": "az"}, nil)
	if err := l.Press(t.Context(), lookalike.Press{As: "ayla", Label: "ok"}); err != nil {
		t.Fatal(err)
	}
	person(t, l, "blocker", "")
	if err := l.Block(t.Context(), "blocker"); err != nil {
		t.Fatal(err)
	}
	calls := l.Calls(0)

	between := copied(t, dir)
	if err := open(t, telegram.Config{Dir: between, Limits: unlimited}).Close(); err != nil { // rewrites the file
		t.Fatal(err)
	}
	again := open(t, telegram.Config{Dir: copied(t, between), Limits: unlimited})
	b = inMemory(t, again)
	log, old := again.Chat("ayla", ""), l.Chat("ayla", "")
	if len(log) != len(old) || len(log) != 5 || log[3].Text != "final" || !log[3].Edited || log[3].ID != old[3].ID || !log[3].At.Equal(old[3].At) {
		t.Fatalf("transcript:\n got %+v\nwant %+v", log, old)
	}
	if kind, data, ok := again.Media(log[2].Image); !ok || kind != "image/png" || len(data) == 0 {
		t.Errorf("picture %q: %q, %d bytes", log[2].Image, kind, len(data))
	}
	if got := again.Menu("ayla"); len(got) != 1 || got[0][0] != "Kart" {
		t.Errorf("menu: %v", got)
	}
	got := b.poll(0)
	if len(got) != 3 || got[0].ID != first[1].ID || got[0].Message.Text != "waiting" || got[1].Query == nil || got[2].Member == nil {
		t.Fatalf("updates: %+v", got)
	}
	b.must("answerCallbackQuery", obj{"callback_query_id": got[1].Query.ID}, nil)
	b.must("sendPhoto", obj{"chat_id": chat, "photo": photo.Photo[0]["file_id"]}, nil)
	b.refused("sendMessage", obj{"chat_id": again.Person("blocker").ID, "text": "x"}, 403, "Forbidden: bot was blocked by the user")
	var commands []obj
	b.must("getMyCommands", obj{"language_code": "az"}, &commands)
	if len(commands) != 1 || commands[0]["description"] != "Başla" {
		t.Errorf("commands: %v", commands)
	}
	kept := again.Calls(0)
	if len(kept) < len(calls) || kept[0].ID != calls[0].ID || kept[len(calls)-1].Method != calls[len(calls)-1].Method {
		t.Errorf("journal: %d calls, were %d", len(kept), len(calls))
	}
	if rest := again.Calls(calls[len(calls)-1].ID); len(rest) == 0 || rest[0].ID <= calls[len(calls)-1].ID {
		t.Error("ids of calls do not go on")
	}
	if err := again.Press(t.Context(), lookalike.Press{As: "ayla", Label: "ok"}); err != nil {
		t.Fatal(err)
	}
	if second := b.poll(got[2].ID + 1); len(second) != 1 || second[0].Query == nil || second[0].Query.ID == got[1].Query.ID {
		t.Errorf("a second press: %+v", second)
	}
	b.poll(got[2].ID + 2)
	id := say(t, again, "ayla", "new")
	for _, m := range old {
		if m.ID == id {
			t.Errorf("message id %s was given twice", id)
		}
	}
	if last := b.poll(got[2].ID + 2); len(last) != 1 || last[0].ID != got[2].ID+2 {
		t.Errorf("update ids do not go on: %+v", last)
	}
}

// TestBrokenFolder: a folder that cannot be used is an error at once.
func TestBrokenFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "telegram.jsonl"), []byte("not JSON\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := telegram.New(telegram.Config{Dir: dir}); err == nil {
		t.Error("a broken file was taken")
	}
	if _, err := telegram.New(telegram.Config{Token: "no token"}); err == nil {
		t.Error("a broken token was taken")
	}
}
