package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// LessonsIn implements knowledge.LessonStores.
func (db *DB) LessonsIn(tx conversation.Tx) knowledge.LessonBooks { return lessonBooks{From(tx)} }

var _ knowledge.LessonStores = (*DB)(nil)

type lessonBooks struct{ *Tx }

// maxSameID is how many articles may want the same id.
const maxSameID = 100

// Teach implements knowledge.LessonBooks.
func (b lessonBooks) Teach(ctx context.Context, key string, l knowledge.Lesson) (knowledge.Lesson, bool, error) {
	body, err := json.Marshal(l.Text)
	if err != nil {
		return l, false, fmt.Errorf("encode a lesson: %w", err)
	}
	if l.ID, err = b.taught(ctx, key); err != nil || l.ID != 0 {
		return l, false, err
	}
	if l.Kind == knowledge.TaughtArticle {
		if l.ArticleID, err = b.freeID(ctx, key, l.ArticleID); err != nil {
			return l, false, err
		}
	}
	err = b.get(ctx, &l.ID, `
		INSERT INTO lessons (key, kind, article, lang, body, words, author, author_id, ticket_id, taught_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET article = excluded.article, lang = excluded.lang, body = excluded.body, words = excluded.words,
			author = excluded.author, author_id = excluded.author_id, taught_at = excluded.taught_at,
			state = 'live', undone_at = 0, undone_by = '', settled_at = 0
		WHERE lessons.state <> 'live' RETURNING id`,
		clean(key), string(l.Kind), l.ArticleID, string(l.Language), clean(string(body)), clean(l.Words), clean(l.Author), clean(l.AuthorID),
		l.Ticket, ms(l.At))
	if errors.Is(err, conversation.ErrNotFound) { // another process taught it meanwhile
		return l, false, nil
	}
	if err != nil {
		return l, false, fmt.Errorf("keep a lesson: %w", err)
	}
	return l, true, nil
}

// taught is the lesson in force that came from a key, 0 for none.
func (b lessonBooks) taught(ctx context.Context, key string) (id int64, err error) {
	err = b.get(ctx, &id, `SELECT id FROM lessons WHERE key = ? AND state = 'live'`, clean(key))
	if errors.Is(err, conversation.ErrNotFound) {
		return 0, nil
	}
	return id, err
}

// freeID is the wanted id, with a number behind it when another lesson has it.
func (b lessonBooks) freeID(ctx context.Context, key, wanted string) (string, error) {
	id := wanted
	for n := 2; n < maxSameID; n++ {
		var taken int
		if err := b.get(ctx, &taken, `SELECT count(*) FROM lessons WHERE kind = 'article' AND article = ? AND key <> ?`, id, clean(key)); err != nil {
			return "", err
		}
		if taken == 0 {
			return id, nil
		}
		id = fmt.Sprintf("%s_%d", wanted, n)
	}
	return "", fmt.Errorf("find an id like %s: there are too many", wanted)
}

// Undo implements knowledge.LessonBooks.
func (b lessonBooks) Undo(ctx context.Context, id int64, by string, at time.Time) (knowledge.Lesson, bool, error) {
	n, err := b.exec(ctx, `UPDATE lessons SET state = 'undone', undone_at = ?, undone_by = ?, settled_at = 0 WHERE id = ? AND state = 'live'`,
		ms(at), clean(by), id)
	if err != nil {
		return knowledge.Lesson{}, false, fmt.Errorf("undo lesson %d: %w", id, err)
	}
	var row lessonRow
	if err := b.get(ctx, &row, lessonSQL+` WHERE id = ?`, id); err != nil {
		return knowledge.Lesson{}, false, fmt.Errorf("read lesson %d: %w", id, err)
	}
	l, err := row.lesson()
	return l.Lesson, n > 0, err
}

// NoteLesson implements knowledge.LessonBooks.
func (b lessonBooks) NoteLesson(ctx context.Context, id int64, note conversation.OutgoingID, to conversation.Address) error {
	raw, err := json.Marshal(to)
	if err != nil {
		return fmt.Errorf("encode an address: %w", err)
	}
	_, err = b.exec(ctx, `UPDATE lessons SET note_id = ?, note_to = ? WHERE id = ?`, int64(note), string(raw), id)
	return err
}

// KeptLesson is a lesson with what the service still has to do about it.
type KeptLesson struct {
	knowledge.Lesson
	Note    conversation.OutgoingID // what tells staff about it, 0 for nothing
	NoteTo  conversation.Address
	Settled bool // the file is written and those who waited were offered it
}

type lessonRow struct {
	ID       int64
	Kind     string
	Article  string
	Lang     string
	Body     string
	Words    string
	Author   string
	AuthorID string `db:"author_id"`
	Ticket   int64  `db:"ticket_id"`
	Note     int64  `db:"note_id"`
	NoteTo   string `db:"note_to"`
	Taught   int64  `db:"taught_at"`
	Undone   int64  `db:"undone_at"`
	Settled  int64  `db:"settled_at"`
}

const lessonSQL = `SELECT id, kind, article, lang, body, words, author, author_id, ticket_id, note_id, note_to, taught_at, undone_at, settled_at
	FROM lessons`

func (r lessonRow) lesson() (KeptLesson, error) {
	k := KeptLesson{
		Lesson: knowledge.Lesson{
			ID: r.ID, Kind: knowledge.LessonKind(r.Kind), ArticleID: r.Article, Language: language.Code(r.Lang), Words: r.Words,
			Author: r.Author, AuthorID: r.AuthorID, Ticket: r.Ticket, At: instant(r.Taught), Undone: instant(r.Undone),
		},
		Note: conversation.OutgoingID(r.Note), Settled: r.Settled != 0,
	}
	if err := json.Unmarshal([]byte(r.Body), &k.Text); err != nil {
		return k, fmt.Errorf("decode lesson %d: %w", r.ID, err)
	}
	if r.NoteTo != "" {
		if err := json.Unmarshal([]byte(r.NoteTo), &k.NoteTo); err != nil {
			return k, fmt.Errorf("decode where lesson %d is told: %w", r.ID, err)
		}
	}
	return k, nil
}

// Lessons lists the lessons in force and those about which something is still to be done, the oldest first.
func (db *DB) Lessons(ctx context.Context) ([]KeptLesson, error) {
	return db.lessons(ctx, ` WHERE state = 'live' OR settled_at = 0 ORDER BY id`)
}

// AllLessons lists every lesson, the undone ones too, the oldest first.
func (db *DB) AllLessons(ctx context.Context) ([]KeptLesson, error) {
	return db.lessons(ctx, ` ORDER BY id`)
}

func (db *DB) lessons(ctx context.Context, which string) ([]KeptLesson, error) {
	var rows []lessonRow
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error { return r.list(ctx, &rows, lessonSQL+which) })
	if err != nil {
		return nil, fmt.Errorf("list the lessons: %w", err)
	}
	all := make([]KeptLesson, 0, len(rows))
	for _, row := range rows {
		l, err := row.lesson()
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// SettleLesson notes that nothing more is to be done about a lesson as it was read: not when it was undone or taught
// again meanwhile. tell, when it has text, goes in place of what staff were told about it.
func (db *DB) SettleLesson(ctx context.Context, l KeptLesson, tell conversation.Outgoing) error {
	return db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.exec(ctx, `UPDATE lessons SET settled_at = ? WHERE id = ? AND settled_at = 0 AND taught_at = ? AND undone_at = ?`,
			ms(tx.Now()), l.ID, ms(l.At), ms(l.Undone))
		if err != nil || n == 0 || tell.Body.Text.Empty() {
			return err
		}
		_, err = tx.Send(ctx, tell)
		return err
	})
}

// Waiter is a person who waits for an answer of staff.
type Waiter struct {
	Ticket       int64
	Customer     conversation.CustomerID
	Conversation conversation.ConversationID
	Lang         language.Code
	Questions    []string // what the person asked, as typed
}

// StillWaiting lists those whose ticket is open or claimed, was opened since then and is not the one named, the oldest
// first, with what they asked.
func (db *DB) StillWaiting(ctx context.Context, since time.Time, except int64, limit int) ([]Waiter, error) {
	var rows []struct {
		ID           int64
		Customer     int64 `db:"customer_id"`
		Conversation int64 `db:"conversation_id"`
		Root         int64 `db:"root_id"`
		Lang         string
		Words        string
		Opened       int64 `db:"opened_at"`
	}
	var asked []struct {
		Root int64 `db:"root_id"`
		Text string
	}
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		err := r.list(ctx, &rows, `SELECT id, customer_id, conversation_id, root_id, lang, words, opened_at FROM tickets
			WHERE state IN ('open', 'claimed') AND opened_at >= ? AND id <> ?
			AND customer_id IS NOT NULL AND conversation_id IS NOT NULL AND root_id IS NOT NULL
			ORDER BY id LIMIT CAST(? AS bigint)`, ms(since), except, limit)
		if err != nil || len(rows) == 0 {
			return err
		}
		roots := make([]int64, len(rows))
		for i, row := range rows {
			roots[i] = row.Root
		}
		return r.list(ctx, &asked, `SELECT c.root_id, u.text FROM unanswered u JOIN customers c ON c.id = u.customer_id
			WHERE u.closed_at = 0 AND u.asked_at >= ? AND `+r.d.in("c.root_id")+` ORDER BY u.id DESC`, ms(since), ids(r.d, roots))
	})
	if err != nil {
		return nil, fmt.Errorf("list who still waits: %w", err)
	}
	questions := map[int64][]string{}
	for _, a := range asked {
		questions[a.Root] = append(questions[a.Root], a.Text)
	}
	all := make([]Waiter, 0, len(rows))
	for _, row := range rows {
		w := Waiter{
			Ticket: row.ID, Customer: conversation.CustomerID(row.Customer), Conversation: conversation.ConversationID(row.Conversation),
			Lang: language.Code(row.Lang), Questions: questions[row.Root],
		}
		for line := range strings.SplitSeq(row.Words, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				w.Questions = append(w.Questions, line)
			}
		}
		all = append(all, w)
	}
	return all, nil
}

// OpenQuestions lists what a person, given by the root, asked since then and the bot could not answer, the newest
// first.
func (db *DB) OpenQuestions(ctx context.Context, root conversation.CustomerID, since time.Time, limit int) (texts []string, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &texts, `SELECT u.text FROM unanswered u JOIN customers c ON c.id = u.customer_id
			WHERE c.root_id = ? AND u.closed_at = 0 AND u.asked_at >= ? ORDER BY u.id DESC LIMIT CAST(? AS bigint)`, int64(root), ms(since), limit)
	})
	if err != nil {
		return nil, fmt.Errorf("list the open questions of customer %d: %w", root, err)
	}
	return texts, nil
}

// Waits says, within a transaction, whether the ticket is still open or claimed, and locks it.
func (tx *Tx) Waits(ctx context.Context, ticket int64) (waits, owned bool, err error) {
	var state string
	err = tx.get(ctx, &state, `SELECT state FROM tickets WHERE id = ?`+tx.d.lockRow, ticket)
	if errors.Is(err, conversation.ErrNotFound) {
		return false, false, nil
	}
	return state == "open" || state == "claimed", state == "claimed", err
}
