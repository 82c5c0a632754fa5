package persistence_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

func lesson(kind knowledge.LessonKind, article, author string) knowledge.Lesson {
	return knowledge.Lesson{
		Kind: kind, ArticleID: article, Language: language.Azerbaijani, Text: knowledge.Text{Title: "Oyun otağı?", Phrasings: []string{"oyun guşəsi"}, Answer: "Var."},
		Words: "oyun otağı var", Author: author, AuthorID: "slack:" + author, Ticket: 7, At: time.UnixMilli(1_800_000_000_000).UTC(),
	}
}

// teach runs fn with the book of lessons.
func teach(t *testing.T, db *persistence.DB, fn func(ctx context.Context, tx *persistence.Tx, b knowledge.LessonBooks) error) {
	t.Helper()
	err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error { return fn(ctx, tx, db.LessonsIn(tx)) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestLessons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		to := conversation.Address{Channel: "slack", Account: "slack:1", Chat: "C1", Thread: "1.2"}
		note := conversation.Say(texts.Literal("taught"))
		note.To, note.Customer, note.Key = to, -1, "note"
		teach(t, db, func(ctx context.Context, tx *persistence.Tx, b knowledge.LessonBooks) error {
			kept, fresh, err := b.Teach(ctx, "article:r1", lesson(knowledge.TaughtArticle, "taught_play", "nigar"))
			if err != nil || !fresh || kept.ID == 0 || kept.ArticleID != "taught_play" {
				t.Errorf("Teach = %+v, %v, %v", kept, fresh, err)
			}
			if _, fresh, err := b.Teach(ctx, "article:r1", lesson(knowledge.TaughtArticle, "taught_play", "nigar")); err != nil || fresh {
				t.Errorf("the same reply taught twice: %v, %v", fresh, err)
			}
			other, fresh, err := b.Teach(ctx, "article:r2", lesson(knowledge.TaughtArticle, "taught_play", "rauf"))
			if err != nil || !fresh || other.ArticleID != "taught_play_2" {
				t.Errorf("an id that is taken becomes %q, %v, %v", other.ArticleID, fresh, err)
			}
			if _, fresh, err := b.Teach(ctx, "phrasing:hours:r1", lesson(knowledge.TaughtPhrasing, "hours", "nigar")); err != nil || !fresh {
				t.Errorf("a phrasing: %v, %v", fresh, err)
			}
			id, err := tx.Send(ctx, note)
			if err != nil {
				return err
			}
			return b.NoteLesson(ctx, kept.ID, id, to)
		})
		list, err := db.Lessons(t.Context())
		if err != nil || len(list) != 3 || list[0].Settled || list[0].Note == 0 || list[0].NoteTo != to || list[0].Text.Answer != "Var." || list[0].Words != "oyun otağı var" {
			t.Fatalf("lessons %+v, %v", list, err)
		}
		told := conversation.Say(texts.Literal("written"))
		told.Key, told.To, told.Customer, told.Body.Kind, told.Body.Of = "told", to, -1, conversation.BodyEdit, list[0].Note
		for range 2 { // a second time it says nothing more
			if err := db.SettleLesson(t.Context(), list[0], told); err != nil {
				t.Fatal(err)
			}
		}
		if n := count(t, db, "outbox"); n != 2 {
			t.Errorf("%d messages, want the note and what became of it", n)
		}
		at := list[0].At.Add(time.Hour)
		teach(t, db, func(ctx context.Context, _ *persistence.Tx, b knowledge.LessonBooks) error {
			for i, want := range []bool{true, false} {
				if l, undone, err := b.Undo(ctx, list[0].ID, "Rauf", at); err != nil || undone != want || l.ArticleID != "taught_play" {
					t.Errorf("Undo %d = %+v, %v, %v", i, l, undone, err)
				}
			}
			return nil
		})
		stale := list[0] // read before it was undone: settling it must not hide that the file is still to be changed
		if err := db.SettleLesson(t.Context(), stale, conversation.Outgoing{}); err != nil {
			t.Fatal(err)
		}
		again, err := db.Lessons(t.Context())
		if err != nil || len(again) != 3 || again[0].Settled || !again[0].Undone.Equal(at) {
			t.Fatalf("after undoing %+v, %v", again, err)
		}
		if err := db.SettleLesson(t.Context(), again[0], conversation.Outgoing{}); err != nil {
			t.Fatal(err)
		}
		if again, err = db.Lessons(t.Context()); err != nil || len(again) != 2 {
			t.Errorf("an undone lesson that is settled is still listed: %+v, %v", again, err)
		}
		teach(t, db, func(ctx context.Context, _ *persistence.Tx, b knowledge.LessonBooks) error {
			l, fresh, err := b.Teach(ctx, "article:r1", lesson(knowledge.TaughtArticle, "taught_play", "nigar"))
			if err != nil || !fresh || l.ID != list[0].ID {
				t.Errorf("taught again after undoing: %+v, %v, %v", l, fresh, err)
			}
			return nil
		})
	})
}

func TestSavedReplies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		day := time.UnixMilli(1_800_000_000_000)
		var ids []int64
		teach(t, db, func(ctx context.Context, _ *persistence.Tx, b knowledge.LessonBooks) error {
			for _, key := range []string{"article:a nigar", "article:b nigar", "article:c rauf", "article:d leyla"} {
				l, _, err := b.Teach(ctx, key, lesson(knowledge.TaughtArticle, key[8:9], key[10:]))
				if err != nil {
					return err
				}
				ids = append(ids, l.ID)
			}
			return nil
		})
		use := func(id int64, at time.Time, failed bool) {
			teach(t, db, func(ctx context.Context, _ *persistence.Tx, b knowledge.LessonBooks) error {
				if failed {
					return b.CountLessonFailed(ctx, id, at)
				}
				return b.CountLesson(ctx, id, at)
			})
		}
		for _, u := range []struct {
			lesson, days int
			failed       bool
		}{{0, 0, false}, {0, 0, false}, {0, 1, false}, {1, 1, false}, {1, 1, true}, {2, 0, false}, {2, -9, false}, {3, 0, false}, {3, 0, true}} {
			use(ids[u.lesson], day.AddDate(0, 0, u.days), u.failed)
		}
		got, err := db.SavedBy(t.Context(), day.AddDate(0, 0, -1))
		want := []persistence.Saved{{Author: "nigar", Lessons: 2, Replies: 3}, {Author: "rauf", Lessons: 1, Replies: 1}}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("SavedBy = %+v, %v, want %+v", got, err, want)
		}
		if all, err := db.SavedReplies(t.Context()); err != nil || all[ids[0]] != 3 || all[ids[1]] != 0 || all[ids[2]] != 2 {
			t.Errorf("SavedReplies = %v, %v", all, err)
		}
	})
}

func TestServedBy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for i, event := range []struct {
			article string
			helped  bool
		}{{"hours", true}, {"hours", false}, {"refund", false}, {"refund", false}, {"wifi", true}} {
			in := accept(t, db, message("ann", numbered("e", i), "?"))[0]
			st := turn(t, db, in)
			settled := func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				b := db.KnowledgeIn(tx)
				if err := b.CountUse(ctx, event.article, language.English, st.Now); err != nil {
					return st.Dialogue, err
				}
				_, err := b.RecordHelped(ctx, knowledge.Helped{Question: in.ID, ArticleID: event.article, Language: language.English, Helped: event.helped, At: st.Now})
				return st.Dialogue, err
			}
			if err := db.Conversations().Settle(t.Context(), st, settled); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.ServedBy(t.Context(), time.Now().AddDate(0, 0, -7))
		want := []persistence.Served{
			{Article: "refund", Lang: "en", Uses: 2, Failed: 2}, {Article: "hours", Lang: "en", Uses: 2, Helped: 1, Failed: 1}, {Article: "wifi", Lang: "en", Uses: 1, Helped: 1},
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("ServedBy = %+v, %v, want %+v", got, err, want)
		}
	})
}

func TestStillWaiting(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for _, who := range []string{"ann", "bob", "cem"} {
			in := accept(t, db, message(who, "e"+who, "is there a play room"))[0]
			st := turn(t, db, in)
			settled := func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				missed := knowledge.Missed{Question: in.ID, Text: "is there a play room", Language: language.English, Outcome: "none", At: st.Now}
				if err := db.KnowledgeIn(tx).RecordUnanswered(ctx, missed); err != nil {
					return st.Dialogue, err
				}
				if who == "cem" {
					return st.Dialogue, nil
				}
				return st.Dialogue, tx.OpenTicket(ctx, conversation.Handoff{Reason: "nothing_matched", Words: "a play room?\nfor two kids", Lang: language.English})
			}
			if err := db.Conversations().Settle(t.Context(), st, settled); err != nil {
				t.Fatal(err)
			}
		}
		since := time.Now().AddDate(0, 0, -1)
		all, err := db.StillWaiting(t.Context(), since, 0, 10)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v, %v: want ann and bob", all, err)
		}
		if want := []string{"is there a play room", "a play room?", "for two kids"}; !slices.Equal(all[0].Questions, want) || all[0].Lang != language.English || all[0].Conversation == 0 {
			t.Errorf("ann waits as %+v, want the questions %q", all[0], want)
		}
		if rest, err := db.StillWaiting(t.Context(), since, all[0].Ticket, 10); err != nil || len(rest) != 1 || rest[0].Ticket != all[1].Ticket {
			t.Errorf("without the answered one: %+v, %v", rest, err)
		}
		if none, err := db.StillWaiting(t.Context(), time.Now().Add(time.Hour), 0, 10); err != nil || len(none) != 0 {
			t.Errorf("since later: %+v, %v", none, err)
		}
		// Who is told that it is answered has no open question any more.
		in := accept(t, db, message("bob", "yes", "yes"))[0]
		st := turn(t, db, in)
		settled := func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			waits, owned, err := persistence.From(tx).Waits(ctx, all[1].Ticket)
			if err != nil || !waits || owned {
				t.Errorf("Waits = %v, %v, %v", waits, owned, err)
			}
			return st.Dialogue, db.LessonsIn(tx).CloseQuestions(ctx, st.Now)
		}
		if err := db.Conversations().Settle(t.Context(), st, settled); err != nil {
			t.Fatal(err)
		}
		if open, err := db.Unanswered(t.Context(), since); err != nil || len(open) != 2 {
			t.Errorf("%d questions are open, %v; want those of ann and cem", len(open), err)
		}
	})
}
