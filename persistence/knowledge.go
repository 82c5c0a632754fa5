package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// KnowledgeIn implements knowledge.Stores.
func (db *DB) KnowledgeIn(tx conversation.Tx) knowledge.Books { return knowledgeBooks{From(tx)} }

var _ knowledge.Stores = (*DB)(nil)

type knowledgeBooks struct{ *Tx }

// dayFormat is how days are kept: they are labels, not instants.
const dayFormat = "2006-01-02"

// useSlots is how many rows count the uses of one article, or of one lesson, on one day. Whoever counts holds its row until the commit is on the
// disk: with one row, all whom a busy article answers would wait in a line.
const useSlots = 16

// CountUse implements knowledge.Books.
func (k knowledgeBooks) CountUse(_ context.Context, article string, lang language.Code, at time.Time) error {
	k.later(`
		INSERT INTO article_uses (article, lang, day, slot, uses) VALUES (?, ?, ?, ?, 1)
		ON CONFLICT (article, lang, day, slot) DO UPDATE SET uses = article_uses.uses + 1`,
		article, string(lang), at.UTC().Format(dayFormat), k.turn.inbox%useSlots)
	return nil
}

// RecordHelped implements knowledge.Books.
func (k knowledgeBooks) RecordHelped(ctx context.Context, h knowledge.Helped) (bool, error) {
	person, _ := k.Person()
	n, err := k.exec(ctx, `
		INSERT INTO article_feedback (inbox_id, customer_id, article, lang, helped, given_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (inbox_id) DO NOTHING`,
		h.Question, int64(person), h.ArticleID, string(h.Language), flag(h.Helped), ms(h.At))
	return n > 0, err
}

// RecordUnanswered implements knowledge.Books. A question that an answer did not help stays one gap, with the newest
// outcome.
func (k knowledgeBooks) RecordUnanswered(ctx context.Context, m knowledge.Missed) error {
	person, _ := k.Person()
	_, err := k.exec(ctx, `
		INSERT INTO unanswered (inbox_id, customer_id, lang, text, nearest, score, outcome, asked_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (inbox_id) DO UPDATE SET outcome = excluded.outcome, nearest = excluded.nearest`,
		m.Question, int64(person), string(m.Language), m.Text, m.Nearest, m.Score, m.Outcome, ms(m.At))
	return err
}

// Vote implements knowledge.Books. A phrasing has one vote per event: the question that was answered is closed as a gap
// with the first, and a second press of its buttons finds it closed.
func (k knowledgeBooks) Vote(ctx context.Context, v knowledge.Vote) error {
	n, err := k.exec(ctx, `UPDATE unanswered SET closed_at = ? WHERE inbox_id = ? AND closed_at = 0`, ms(v.At), v.Question)
	if err != nil || n == 0 {
		return err
	}
	_, err = k.exec(ctx, `
		INSERT INTO learned_phrasings (article, lang, folded, text, votes, learned_at) VALUES (?, ?, ?, ?, 1, ?)
		ON CONFLICT (article, lang, folded) DO UPDATE SET votes = learned_phrasings.votes + 1`,
		v.ArticleID, string(v.Language), language.Fold(v.Text, v.Language), v.Text, ms(v.At))
	return err
}

// LearnedPhrasing is a question that people matched to an article.
type LearnedPhrasing struct {
	Article string `db:"article"`
	Lang    string `db:"lang"`
	Text    string `db:"text"`
	Votes   int    `db:"votes"`
	State   string `db:"state"`
}

// LearnedPhrasings lists the phrasings with at least that many votes, or that staff made live, by article.
func (db *DB) LearnedPhrasings(ctx context.Context, votes int) (list []LearnedPhrasing, err error) {
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		err := r.list(ctx, &list, `
			SELECT article, lang, text, votes, state FROM learned_phrasings
			WHERE state = 'live' OR (state = 'vote' AND votes >= ?) ORDER BY article, lang, id`, votes)
		if errors.Is(err, conversation.ErrNotFound) {
			return nil
		}
		return err
	})
	return list, err
}

// thresholdsSetting is the prefix of the settings that keep thresholds by content hash.
const thresholdsSetting = "knowledge.thresholds."

var _ knowledge.ThresholdCache = (*DB)(nil)

// FindThresholds implements knowledge.ThresholdCache.
func (db *DB) FindThresholds(ctx context.Context, hash string) (t map[language.Code]knowledge.Thresholds, ok bool, err error) {
	var raw string
	err = db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.get(ctx, &raw, `SELECT value FROM settings WHERE name = ?`, thresholdsSetting+hash)
	})
	if errors.Is(err, conversation.ErrNotFound) {
		return nil, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(raw), &t)
	}
	return t, err == nil, err
}

// KeepThresholds implements knowledge.ThresholdCache. Those of other contents are dropped.
func (db *DB) KeepThresholds(ctx context.Context, hash string, t map[language.Code]knowledge.Thresholds) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.exec(ctx, `DELETE FROM settings WHERE name LIKE 'knowledge.thresholds.%'`); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
			thresholdsSetting+hash, string(raw), ms(tx.Now()))
		return err
	})
}

// Unanswered lists the questions since a time that got no certain answer, or one that did not help.
func (db *DB) Unanswered(ctx context.Context, since time.Time) ([]knowledge.Unanswered, error) {
	var rows []struct {
		Text    string
		Lang    string
		Nearest string
		Outcome string
		AskedAt int64 `db:"asked_at"`
	}
	err := db.Read(ctx, func(ctx context.Context, r *Reader) error {
		return r.list(ctx, &rows, `SELECT text, lang, nearest, outcome, asked_at FROM unanswered WHERE closed_at = 0 AND asked_at >= ? ORDER BY id`, ms(since))
	})
	if err != nil {
		return nil, err
	}
	all := make([]knowledge.Unanswered, 0, len(rows))
	for _, row := range rows {
		all = append(all, knowledge.Unanswered{Text: row.Text, Language: language.Code(row.Lang), Nearest: row.Nearest, At: instant(row.AskedAt), Failed: row.Outcome == "not_helped"})
	}
	return all, nil
}
