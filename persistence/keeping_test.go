package persistence_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
	"github.com/rapport-chat/rapport/texts"
)

func TestTranscript(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		in := accept(t, db, message("ann", "1", "salam"))[0]
		yes := conversation.Act("Bəli", "feedback", "yes", nil)
		settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
			_, err = tx.Send(ctx, conversation.Say(texts.Literal("Kömək oldu?"), []conversation.Button{yes}))
			return d, err
		})
		l := lease(t, db, bot, "a")
		item := claimAll(t, db, l)[0]
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: item.ID, Outcome: outbox.Sent}}); err != nil {
			t.Fatal(err)
		}
		press, command := message("ann", "2", ""), message("ann", "3", "")
		press.Kind, press.Token = conversation.KindPress, item.Body.Rows[0][0].Token
		command.Command, command.Args = "language", "az"
		accept(t, db, press, command)
		accept(t, db, message("bob", "4", "another person's"))
		for name, where := range map[string]conversation.ConversationID{"all": 0, "this chat": in.Conversation} {
			lines, err := db.Transcript(t.Context(), in.Customer, where, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range lines {
				got = append(got, line.Text.Plain()+" "+line.State)
			}
			want := []string{"salam ", "Kömək oldu? sent", "Bəli ", "/language az "}
			if len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if lines, err := db.Transcript(t.Context(), in.Customer, 0, 2); err != nil || len(lines) != 2 || lines[1].Text.Plain() != "/language az" {
			t.Errorf("the last two = %+v, %v", lines, err)
		}
		if lines, err := db.Transcript(t.Context(), in.Customer, 4711, 10); err != nil || len(lines) != 0 {
			t.Errorf("in another chat = %+v, %v; want nothing", lines, err)
		}
	})
}

func TestExpire(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		ins := accept(t, db, message("ann", "1", "a"), message("ann", "2", "b"))
		settle(t, db, ins[0], say(conversation.Dialogue{}, "hi"))
		l := lease(t, db, bot, "a")
		item := claimAll(t, db, l)[0]
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: item.ID, Outcome: outbox.Sent}}); err != nil {
			t.Fatal(err)
		}
		write(t, db, notice("pending"))
		if n, err := db.Expire(t.Context(), persistence.Messages, time.Now().Add(-time.Hour)); err != nil || n != 0 {
			t.Errorf("nothing is old yet: Expire() = %d, %v", n, err)
		}
		if n, err := db.Expire(t.Context(), persistence.Messages, time.Now().Add(time.Hour)); err != nil || n != 2 {
			t.Errorf("Expire() = %d, %v; want the settled event and the sent message", n, err)
		}
		if in, out := count(t, db, "inbox"), count(t, db, "outbox"); in != 1 || out != 1 {
			t.Errorf("%d events and %d messages are left, want what is not settled", in, out)
		}
		if _, err := db.Expire(t.Context(), "wishes", time.Now()); err == nil {
			t.Error("an unknown kind was expired")
		}
	})
}

func TestExpireGoesPageByPage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			for i := range 1200 {
				_, err := persistence.Exec(ctx, tx, `INSERT INTO audit (key, actor, act, done_at) VALUES (?, 'cli', 'x', ?)`, numbered("k", i), i)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := db.Expire(t.Context(), persistence.AuditTrail, time.UnixMilli(1100)); err != nil || n != 1100 {
			t.Errorf("Expire() = %d, %v; want 1100", n, err)
		}
	})
}

func TestBackup(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	accept(t, db, message("ann", "1", "salam"))
	file := filepath.Join(t.TempDir(), "copy.db")
	if err := db.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	accept(t, db, message("ann", "2", "salam"))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v; want it private", info, err)
	}
	if n := count(t, open(t, "sqlite://"+file), "inbox"); n != 1 {
		t.Errorf("the copy has %d events, want 1", n)
	}
	if err := db.Backup(t.Context(), file); err == nil {
		t.Error("a file was overwritten")
	}
	if err := open(t, migrated.Postgres(t)).Backup(t.Context(), file+"2"); !errors.Is(err, persistence.ErrOtherTool) {
		t.Errorf("PostgreSQL: %v, want ErrOtherTool", err)
	}
}

func TestTheOutageOfAServerPasses(t *testing.T) {
	t.Parallel()
	cluster := dbtest.Cluster(t, postgres.Options{Durable: true})
	db := open(t, dbtest.Database(t, cluster.Server))
	accept(t, db, message("ann", "1", "salam"))
	if err := cluster.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // more than there were idle connections
		_, err := db.Conversations().Accept(t.Context(), message("ann", numbered("lost", i), "x"))
		if !errors.Is(err, persistence.ErrUnavailable) {
			t.Fatalf("Accept() while the server is down = %v, want ErrUnavailable", err)
		}
	}
	if err := cluster.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	in := accept(t, db, message("ann", "2", "salam"))[0]
	settle(t, db, in, say(conversation.Dialogue{}, "hi"))
	if n := count(t, db, "inbox"); n != 2 {
		t.Errorf("%d events, want the two that were accepted", n)
	}
}

func TestAFullDiskHurtsNobodyElse(t *testing.T) {
	t.Parallel()
	db := open(t, migrated.SQLite(t))
	if err := persistence.LimitPages(db, 20); err != nil {
		t.Fatal(err)
	}
	release := hold(t, db)
	big := make([]byte, 4<<20)
	results := make(chan error, 3)
	go func() {
		results <- db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
			_, err := persistence.Exec(ctx, tx, `INSERT INTO settings (name, value, updated_at) VALUES ('big', hex(?), 0)`, big)
			return err
		})
	}()
	small := make(chan error, 2)
	for i := range 2 {
		go func() { small <- db.Do(t.Context(), put(numbered("small", i))) }()
	}
	persistence.WaitQueued(db, 3)
	release()
	if err := <-results; !errors.Is(err, persistence.ErrFull) || !errors.Is(err, conversation.ErrAway) {
		t.Errorf("what does not fit: %v, want ErrFull", err)
	}
	for range 2 {
		if err := <-small; err != nil {
			t.Errorf("what fits: %v", err)
		}
	}
	if n := count(t, db, "settings"); n != 2 {
		t.Errorf("%d rows, want the two small ones", n)
	}
}
