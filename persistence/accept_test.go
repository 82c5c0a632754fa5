package persistence_test

import (
	"errors"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

func TestAcceptKeepsAnEventOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		store := db.Conversations()
		one, two := message("ann", "1", "salam"), message("bob", "2", "hi")
		for i, want := range []int{2, 0, 0} {
			if fresh, err := store.Accept(t.Context(), one, two); err != nil || fresh != want {
				t.Fatalf("Accept() number %d = %d, %v; want %d", i, fresh, err, want)
			}
		}
		if fresh, err := store.Accept(t.Context(), one, message("cem", "3", "x"), message("cem", "3", "x"), message("ann", "4", "y")); err != nil || fresh != 2 {
			t.Fatalf("Accept() of a mixed batch = %d, %v; want 2", fresh, err)
		}
		open, err := store.Unsettled(t.Context(), 0, 10)
		if err != nil || len(open) != 4 {
			t.Fatalf("Unsettled() = %d events, %v; want 4", len(open), err)
		}
		for i, want := range []string{"1", "2", "3", "4"} {
			if open[i].EventID != want || open[i].Customer == 0 || open[i].Conversation == 0 {
				t.Errorf("event %d = %q of customer %d in %d; want %q, known", i, open[i].EventID, open[i].Customer, open[i].Conversation, want)
			}
		}
		if open[0].Customer != open[3].Customer || open[0].Customer == open[1].Customer {
			t.Errorf("customers = %d, %d, %d; want one per sender", open[0].Customer, open[1].Customer, open[3].Customer)
		}
		if n := count(t, db, "customers"); n != 3 {
			t.Errorf("%d customers, want 3", n)
		}
	})
}

func TestAcceptTakesWhateverPlatformsSend(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := message("a\x00nn", "e\xff", "text \x00 \xff \u2028 'quote\" \\ {}")
		in.From.Name, in.Chat = "N\x00ame \xf0", "chat\x00"
		got := accept(t, db, in)[0]
		if got.Customer == 0 || got.Conversation == 0 {
			t.Errorf("kept as nobody's: %+v", got)
		}
		if fresh, err := db.Conversations().Accept(t.Context(), in); err != nil || fresh != 0 {
			t.Errorf("the same again = %d, %v", fresh, err)
		}
		settle(t, db, got, say(conversation.Dialogue{}, "\x00\xff"))
		if _, err := db.Conversations().Accept(t.Context(), conversation.Inbound{}); err == nil {
			t.Error("an event without account and id was kept")
		}
		if fresh, err := db.Conversations().Accept(t.Context()); err != nil || fresh != 0 {
			t.Errorf("no events = %d, %v", fresh, err)
		}
	})
}

func TestSendersAcceptedAtOnceAreOnePerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		results := make(chan error, 16)
		for i := range 16 {
			go func() {
				_, err := db.Conversations().Accept(t.Context(), message("ann", numbered("e", i), "x"), message("bob", numbered("f", i), "x"))
				results <- err
			}()
		}
		for range 16 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		for table, want := range map[string]int{"customers": 2, "identities": 2, "conversations": 2, "inbox": 32, "customers WHERE root_id = id": 2} {
			if n := count(t, db, table); n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
	})
}

func TestAGroupChatBelongsToNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		one, two := message("ann", "1", "x"), message("bob", "2", "y")
		one.Private, two.Private, one.Chat, two.Chat = false, false, "group", "group"
		ins := accept(t, db, one, two)
		if ins[0].Conversation != ins[1].Conversation || ins[0].Customer == ins[1].Customer {
			t.Errorf("conversations %d and %d of customers %d and %d", ins[0].Conversation, ins[1].Conversation, ins[0].Customer, ins[1].Customer)
		}
		settle(t, db, ins[0], say(conversation.Dialogue{}, "hi"))
		settle(t, db, ins[1], say(conversation.Dialogue{}, "hi"))
		if n := count(t, db, "conversations WHERE customer_id IS NULL AND version = 2"); n != 1 {
			t.Errorf("%d such conversations, want 1", n)
		}
	})
}

func TestAPrivateChatFindsItsOwnerLater(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		unread := message("", "1", "")
		unread.Kind, unread.Chat = conversation.KindBroken, "chat-ann"
		ins := accept(t, db, unread, message("ann", "2", "x"))
		if ins[0].Customer != 0 || ins[1].Customer == 0 || ins[0].Conversation != ins[1].Conversation {
			t.Errorf("events = %+v", ins)
		}
		if n := count(t, db, "conversations WHERE customer_id IS NOT NULL"); n != 1 {
			t.Errorf("%d conversations have an owner, want 1", n)
		}
	})
}

func TestBlockedAndBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		accept(t, db, message("ann", "1", "x"))
		blocked := message("ann", "2", "kicked")
		blocked.Kind = conversation.KindBlocked
		in := accept(t, db, blocked)[0]
		reach := func(where string) int { return count(t, db, "identities WHERE "+where) }
		if reach("reach = 'gone' AND reach_reason = 'kicked' AND needs_consent = 1") != 1 {
			t.Error("a person who blocked us can be reached")
		}
		if chats, err := db.Chats(t.Context(), in.Customer); err != nil || len(chats) != 0 {
			t.Errorf("Chats() = %+v, %v; want none", chats, err)
		}
		back := message("ann", "3", "/start")
		back.From.Locale = "az"
		accept(t, db, back)
		if reach("reach = 'ok' AND needs_consent = 1 AND locale = 'az' AND display_name = 'Name of ann'") != 1 {
			t.Error("a person who wrote again cannot be reached, or marketing resumed by itself")
		}
		if chats, err := db.Chats(t.Context(), in.Customer); err != nil || len(chats) != 1 || !chats[0].NeedsConsent || chats[0].To != in.Address {
			t.Errorf("Chats() = %+v, %v; want the one", chats, err)
		}
	})
}

// FuzzAccept: whatever a stranger's event holds, it is kept once, under its key, and can be read and answered.
func FuzzAccept(f *testing.F) {
	f.Add("ann", "1", "salam", "Ann", "chat", "tok.0")
	f.Add("a\x00", "\xff\xfe", "\u2028\"}{", "\x00", "'", "' OR 1=1")
	db := open(f, migrated.SQLite(f))
	f.Fuzz(func(t *testing.T, user, event, text, name, chat, token string) {
		if event == "" {
			return
		}
		in := conversation.Inbound{
			Address: conversation.Address{Channel: "telegram", Account: bot, Chat: chat}, EventID: event, Kind: conversation.KindPress,
			From: conversation.Sender{UserID: user, Name: name}, Private: true, Text: text, Token: token,
		}
		store := db.Conversations()
		fresh, err := store.Accept(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := store.Accept(t.Context(), in); err != nil || again != 0 {
			t.Fatalf("again: %d, %v", again, err)
		}
		open, err := store.Unsettled(t.Context(), 0, 10)
		if err != nil || len(open) != fresh {
			t.Fatalf("%d are open of %d, %v", len(open), fresh, err)
		}
		if _, err := store.FindButton(t.Context(), in.Address, token); !errors.Is(err, conversation.ErrNotFound) {
			t.Fatalf("FindButton() = %v", err)
		}
		for _, o := range open {
			settle(t, db, o, say(conversation.Dialogue{}))
		}
	})
}
