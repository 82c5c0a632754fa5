package persistence_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

// atOnce is how many people, whose events came one after the other, an article answers without one turn's waiting for
// the commit of another's.
const atOnce = 16

// answeredBy is a commit that answers with an article and counts it.
func answeredBy(db *persistence.DB, article string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
		if _, err := tx.Send(ctx, conversation.Say(texts.Literal("from nine to six"))); err != nil {
			return d, err
		}
		return d, db.KnowledgeIn(tx).CountUse(ctx, article, language.Azerbaijani, time.Now())
	}
}

// taughtBy is a commit that answers with what staff taught, whose id is 1, and counts it.
func taughtBy(db *persistence.DB, _ string) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (d conversation.Dialogue, err error) {
		if _, err := tx.Send(ctx, conversation.Say(texts.Literal("from nine to six"))); err != nil {
			return d, err
		}
		return d, db.LessonsIn(tx).CountLesson(ctx, 1, time.Now())
	}
}

// TestAnArticleAnswersManyAtOnce has one turn stand at its commit, with an article or a lesson counted, while the same
// one answers the people after.
func TestAnArticleAnswersManyAtOnce(t *testing.T) {
	t.Parallel()
	for table, commit := range map[string]func(*persistence.DB, string) conversation.Commit{"article_uses": answeredBy, "lesson_uses": taughtBy} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			answersManyAtOnce(t, table, commit)
		})
	}
}

func answersManyAtOnce(t *testing.T, table string, commit func(*persistence.DB, string) conversation.Commit) {
	t.Helper()
	url := migrated.Postgres(t)
	beside := watch(t, url)
	beside.run(t, `INSERT INTO lessons (id, key, kind, article, lang, body, author, author_id, taught_at)
		VALUES (1, 'a', 'article', 'hours', 'az', '{}', 'Zed', 'slack:U1', 0)`)
	// Whoever is called slow stands at the commit until the bystander lets go of a lock, if an article was counted.
	const lock = 42
	beside.run(t, fmt.Sprintf(`CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF current_setting('application_name') = 'slow' THEN PERFORM pg_advisory_xact_lock(%d); END IF; RETURN NULL; END $$`, lock))
	beside.run(t, `CREATE CONSTRAINT TRIGGER stands AFTER INSERT OR UPDATE ON `+table+` DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION stand()`)
	beside.run(t, fmt.Sprintf(`SELECT pg_advisory_lock(%d)`, lock))

	slow, others := open(t, url+"&application_name=slow&statement_timeout=0"), open(t, url+"&lock_timeout=500")
	events := make([]conversation.Inbound, atOnce)
	for n := range events {
		events[n] = message(numbered("user", n), numbered("event", n), "When are you open?")
	}
	events = accept(t, others, events...)
	if first, last := events[0].ID, events[atOnce-1].ID; last-first != atOnce-1 {
		t.Fatalf("the events are %d to %d, want them one after the other", first, last)
	}
	standing := make(chan error, 1)
	first := turn(t, slow, events[0])
	go func() { standing <- slow.Conversations().Settle(t.Context(), first, commit(slow, "hours")) }()
	for beside.number(t, `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 0 {
		select {
		case err := <-standing:
			t.Fatalf("the first turn ended before its commit: %v", err)
		default:
			runtime.Gosched()
		}
	}
	for n, in := range events[1:] {
		if err := others.Conversations().Settle(t.Context(), turn(t, others, in), commit(others, "hours")); err != nil {
			t.Errorf("turn %d, while the first one stands at its commit: %v", n+1, err)
			break
		}
	}
	select {
	case err := <-standing:
		t.Errorf("the first turn did not stand until all others had ended: %v", err)
	default:
		beside.run(t, fmt.Sprintf(`SELECT pg_advisory_unlock(%d)`, lock))
		if err := <-standing; err != nil {
			t.Errorf("the first turn: %v", err)
		}
	}
}

// TestEveryUseOfAnArticleIsCounted has many people answered at the same time, in several rows of the counter.
func TestEveryUseOfAnArticleIsCounted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		const people = 3*atOnce + 1
		events := make([]conversation.Inbound, people)
		for n := range events {
			events[n] = message(numbered("user", n), numbered("event", n), "When are you open?")
		}
		begun := time.Now()
		var all sync.WaitGroup
		for _, in := range accept(t, db, events...) {
			its := turn(t, db, in)
			all.Go(func() {
				if err := db.Conversations().Settle(t.Context(), its, answeredBy(db, "hours")); err != nil {
					t.Errorf("Settle: %v", err)
				}
			})
		}
		all.Wait()
		list, err := db.ServedBy(t.Context(), begun)
		if err != nil {
			t.Fatal(err)
		}
		want := persistence.Served{Article: "hours", Lang: language.Azerbaijani, Uses: people}
		if len(list) != 1 || list[0] != want {
			t.Errorf("ServedBy() = %+v, want only %+v", list, want)
		}
	})
}
