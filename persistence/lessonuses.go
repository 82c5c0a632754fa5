package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// CountLesson implements knowledge.LessonBooks.
func (b lessonBooks) CountLesson(_ context.Context, id int64, at time.Time) error {
	b.later(`
		INSERT INTO lesson_uses (lesson_id, day, slot, uses) VALUES (?, ?, ?, 1)
		ON CONFLICT (lesson_id, day, slot) DO UPDATE SET uses = lesson_uses.uses + 1`, id, at.UTC().Format(dayFormat), b.turn.inbox%useSlots)
	return nil
}

// CountLessonFailed implements knowledge.LessonBooks.
func (b lessonBooks) CountLessonFailed(_ context.Context, id int64, at time.Time) error {
	b.later(`
		INSERT INTO lesson_uses (lesson_id, day, slot, failed) VALUES (?, ?, ?, 1)
		ON CONFLICT (lesson_id, day, slot) DO UPDATE SET failed = lesson_uses.failed + 1`, id, at.UTC().Format(dayFormat), b.turn.inbox%useSlots)
	return nil
}

// CloseQuestions implements knowledge.LessonBooks.
func (b lessonBooks) CloseQuestions(ctx context.Context, at time.Time) error {
	_, root := b.Person()
	_, err := b.exec(ctx, `UPDATE unanswered SET closed_at = ? WHERE closed_at = 0 AND customer_id IN (SELECT id FROM customers WHERE root_id = ?)`,
		ms(at), int64(root))
	if err != nil {
		return fmt.Errorf("close the questions of customer %d: %w", root, err)
	}
	return nil
}

// Saved is what one member of staff's lessons saved.
type Saved struct {
	Author  string `json:"author" db:"author"`
	Lessons int    `json:"lessons" db:"lessons"` // that served
	Replies int    `json:"replies" db:"replies"` // answers that nobody had to write
}

// SavedBy lists how many replies the answers of each member of staff saved from the day of since on (UTC), the most
// first. An answer that did not help saved nothing. Lessons that were undone count for as long as they served.
func (db *DB) SavedBy(ctx context.Context, since time.Time) (list []Saved, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &list, `SELECT max(l.author) AS author, count(DISTINCT l.id) AS lessons, CAST(sum(u.uses - u.failed) AS bigint) AS replies
			FROM lesson_uses u JOIN lessons l ON l.id = u.lesson_id WHERE u.day >= ?
			GROUP BY l.author_id HAVING sum(u.uses - u.failed) > 0 ORDER BY replies DESC, author`, since.UTC().Format(dayFormat))
	})
	if err != nil {
		return nil, fmt.Errorf("count the replies saved: %w", err)
	}
	return list, nil
}

// SavedReplies is how many replies each lesson saved so far.
func (db *DB) SavedReplies(ctx context.Context) (map[int64]int, error) {
	var rows []struct {
		ID      int64 `db:"lesson_id"`
		Replies int
	}
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &rows, `SELECT lesson_id, CAST(sum(uses - failed) AS bigint) AS replies FROM lesson_uses GROUP BY lesson_id`)
	})
	if err != nil {
		return nil, fmt.Errorf("count the replies saved: %w", err)
	}
	saved := make(map[int64]int, len(rows))
	for _, row := range rows {
		saved[row.ID] = max(row.Replies, 0)
	}
	return saved, nil
}

// Served is how an article did.
type Served struct {
	Article string        `json:"article" db:"article"`
	Lang    language.Code `json:"language" db:"lang"`
	Uses    int           `json:"uses" db:"uses"`
	Helped  int           `json:"helped" db:"helped"`
	Failed  int           `json:"did_not_help" db:"failed"`
}

// ServedBy lists how often each article answered from the day of since on (UTC), and what people said about it, the
// most down-votes first. It is the digest's list of articles that need work.
func (db *DB) ServedBy(ctx context.Context, since time.Time) (list []Served, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &list, `SELECT article, lang, CAST(sum(uses) AS bigint) AS uses, CAST(sum(helped) AS bigint) AS helped, CAST(sum(failed) AS bigint) AS failed
			FROM (SELECT article, lang, uses, 0 AS helped, 0 AS failed FROM article_uses WHERE day >= ?
				UNION ALL SELECT article, lang, 0 AS uses, helped, 1 - helped AS failed FROM article_feedback WHERE given_at >= ?) all_of_them
			GROUP BY article, lang ORDER BY failed DESC, uses DESC, article, lang`, since.UTC().Format(dayFormat), ms(since))
	})
	if err != nil {
		return nil, fmt.Errorf("count what served: %w", err)
	}
	return list, nil
}

var _ knowledge.LessonBooks = lessonBooks{}
