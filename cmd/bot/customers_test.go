package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

// forgetfulShop is a database with one customer, who asks to be forgotten, and a config that names it. The database
// stays open, as while the service runs.
func forgetfulShop(t *testing.T, url string) (path string, db *persistence.DB, who conversation.CustomerID) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "rapport.yaml")
	err := os.WriteFile(path, []byte("brand: {name: Nar Coffee, languages: [en], timezone: Asia/Baku, currency: AZN}\ndatabase: {url: \""+url+"\"}\n"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if db, err = persistence.Open(t.Context(), url, persistence.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	in := conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: "telegram:1", Chat: "700100200"}, EventID: "1", Kind: conversation.KindMessage,
		From: conversation.Sender{UserID: "700100200", Name: "Aynur"}, Private: true, Text: "forget me",
	}
	if _, err := db.Conversations().Accept(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if who, err = db.FindCustomer(t.Context(), "telegram", "700100200"); err != nil {
		t.Fatal(err)
	}
	chats, err := db.Chats(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Approach(t.Context(), chats[0].Conversation, func(ctx context.Context, tx conversation.Tx, s conversation.State) (conversation.Dialogue, error) {
		o := conversation.Say(texts.Literal("hello"))
		o.Key = "hello"
		if _, err := tx.Send(ctx, o); err != nil {
			return s.Dialogue, err
		}
		return s.Dialogue, tx.OpenTicket(ctx, conversation.Handoff{Reason: "privacy", Words: "forget me", Lang: "en"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return path, db, who
}

// TestCustomersForget lists, erases after --yes, and names what is wrong with an id, beside a program that has the
// database open.
func TestCustomersForget(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		path, db, who := forgetfulShop(t, url)
		id := fmt.Sprint(who)
		for _, c := range []struct {
			name, id string
			code     int
			say      []string
		}{
			{"nonsense", "aynur", exitUsage, []string{`"aynur" names nobody`, "channel:user-id"}},
			{"a number of nobody", "999", exitFailed, []string{`nobody is known as "999"`}},
			{"a ticket of nobody", "#999", exitFailed, []string{"nobody is known"}},
			{"an account of nobody", "telegram:999", exitFailed, []string{"nobody is known"}},
			{"by number", id, exitOK, []string{"customer " + id + " on telegram", "messages received", "messages sent", "tickets", "nothing was erased", "asks for it", "--yes"}},
			{"by ticket", "#1", exitOK, []string{"customer " + id, "nothing was erased"}},
			{"by account", "telegram:700100200", exitOK, []string{"customer " + id, "nothing was erased"}},
		} {
			code, out := command(t, path, "", "customers", "forget", c.id)
			if code != c.code {
				t.Errorf("%s: exit %d, want %d", c.name, code, c.code)
			}
			for _, part := range c.say {
				if !strings.Contains(out, part) {
					t.Errorf("%s: %q is missing in\n%s", c.name, part, out)
				}
			}
		}
		if _, err := db.FindCustomer(t.Context(), "telegram", "700100200"); err != nil {
			t.Fatalf("a listing erased: %v", err)
		}
		if code, out := command(t, path, "", "customers", "forget", "--yes", "telegram:700100200"); code != exitOK || !strings.Contains(out, "erased; the person is told so") {
			t.Errorf("exit %d, %s", code, out)
		}
		if _, err := db.FindCustomer(t.Context(), "telegram", "700100200"); err == nil {
			t.Error("the person is still known")
		}
		if code, out := command(t, path, "", "customers", "forget", "--json", "--yes", id); code != exitOK || !strings.Contains(out, `"erased_before":`) || !strings.Contains(out, `"told":false`) {
			t.Errorf("again: exit %d, %s", code, out)
		}
	})
}

// forgetConfig is a business whose staff may erase.
const forgetConfig = `
brand: {name: Nar Coffee, languages: [az, en], timezone: Asia/Baku, currency: AZN}
channels:
  telegram: {token: "${TELEGRAM_TOKEN}"}
  slack: {bot_token: "${SLACK_BOT_TOKEN}", app_token: "${SLACK_APP_TOKEN}"}
staff: {channel: "#support"}
desk:
  roles:
    team: {slack_channel_members: true, may: [reply, resolve, forget]}
offers:
  friday_beans:
    every: Friday 10:00
    valid: 14h
    text: {az: "Bu gün bütün qəhvə dənələrinə **15% endirim**.", en: "**15% off** all coffee beans today."}
`

// TestSandboxForgets is "forget me" from the question to the end: staff press Erase, the customer reads one last
// sentence, and who writes again is somebody new, to whom nothing is sent without a new yes.
func TestSandboxForgets(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(file, []byte(forgetConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBoxOn(t, file)
	leyla := b.person("telegram", "leyla")
	first := text(leyla.say("salam"))
	if got := text(leyla.say("/offers")); !strings.Contains(got, "Bəli, yazın") {
		t.Fatalf("not asked whether we may write:\n%s", got)
	}
	want(t, leyla.press("Bəli, yazın"), "Qeyd etdik")
	was := leyla.state()["customer"]
	want(t, leyla.say("məni unut"), "Davam edək?")
	leyla.press("Bəli, silin")
	card := b.cardOf("nigar", "məni unut")
	number := regexp.MustCompile(`#\d+`).FindString(card.Text)
	before := len(leyla.chat())
	b.post("/api/slack/press", map[string]string{"as": "nigar", "in": "staff", "label": "Erase", "message": card.ID})
	b.post("/api/slack/submit", map[string]any{"as": "nigar", "values": map[string]string{"Write " + number + " to erase everything for good": number}})
	b.idle()
	last := leyla.since(before)
	if want(t, last, "Məlumatlarınız silindi"); len(last) != 1 {
		t.Errorf("the last sentence is not one:\n%s", text(last))
	}
	is := text(b.place("nigar", "staff"))
	if !strings.Contains(is, "The customer's data was erased") || strings.Contains(is, "məni unut") {
		t.Errorf("the card still tells of the customer:\n%s", is)
	}
	if got := text(leyla.say("salam")); got != first {
		t.Errorf("who is new reads\n%s\nand read at first\n%s", got, first)
	}
	if now := leyla.state()["customer"]; now == was || now == nil {
		t.Errorf("who writes again is customer %v, and was %v", now, was)
	}
	b.clockTo(offerDue)
	if got := deliveriesOf(leyla, "friday_beans"); got["suppressed no_consent"] != 1 || len(got) != 1 {
		t.Errorf("without a new yes there is %v", got)
	}
}
