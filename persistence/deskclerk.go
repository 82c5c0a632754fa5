package persistence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// DeskClerk implements desk.ClerkStores.
type DeskClerk struct{ db *DB }

var _ desk.ClerkStores = DeskClerk{}

// DeskClerk answers the store of staff's commands.
func (db *DB) DeskClerk() DeskClerk { return DeskClerk{db} }

// Clerk implements desk.ClerkStores.
func (DeskClerk) Clerk(tx conversation.Tx) desk.ClerkBooks { return clerkBooks{From(tx)} }

// FindCustomers implements desk.ClerkStores.
func (s DeskClerk) FindCustomers(ctx context.Context, asked string, limit int) (found []conversation.CustomerID, err error) {
	asked = clean(strings.TrimSpace(asked))
	if asked == "" {
		return nil, nil
	}
	err = s.db.Read(ctx, func(ctx context.Context, r *Reader) error {
		if rest, ok := strings.CutPrefix(asked, "#"); ok {
			id, err := strconv.ParseInt(rest, 10, 64)
			if err != nil {
				return nil
			}
			return r.list(ctx, &found, `SELECT root_id FROM tickets WHERE id = ? AND root_id IS NOT NULL`, id)
		}
		phone, _ := loyalty.NormalPhone(asked)
		err := r.list(ctx, &found, `SELECT DISTINCT c.root_id FROM customers c WHERE c.forgotten_at = 0 AND (
			c.id IN (SELECT customer_id FROM members WHERE card = ? AND left_at = 0)
			OR c.id IN (SELECT customer_id FROM facts WHERE field = 'phone' AND value = ?)) LIMIT CAST(? AS bigint)`,
			strings.ReplaceAll(asked, " ", ""), phone, limit)
		if err != nil || len(found) > 0 {
			return err
		}
		return r.findByName(ctx, asked, limit, &found)
	})
	if err != nil {
		return nil, fmt.Errorf("look for a customer: %w", err)
	}
	return found, nil
}

// findByName looks for a part of a name. Databases fold letters differently, so the spellings that people use are
// looked for as they stand.
func (r *Reader) findByName(ctx context.Context, asked string, limit int, found *[]conversation.CustomerID) error {
	var names, displays []string
	var args []any
	for _, spelling := range []string{asked, strings.ToLower(asked), strings.ToUpper(asked), titled(asked)} {
		names, displays = append(names, `c.name LIKE ? ESCAPE '!'`), append(displays, `i.display_name LIKE ? ESCAPE '!'`)
		args = append(args, "%"+likeEscape.Replace(spelling)+"%")
	}
	args = append(append(args, args...), limit)
	return r.list(ctx, found, `SELECT root_id FROM (
		SELECT c.root_id, c.id FROM customers c WHERE c.forgotten_at = 0 AND (`+strings.Join(names, " OR ")+`)
		UNION ALL SELECT c.root_id, c.id FROM identities i JOIN customers c ON c.id = i.customer_id
			WHERE c.forgotten_at = 0 AND (`+strings.Join(displays, " OR ")+`)) f
		GROUP BY root_id ORDER BY max(id) DESC LIMIT CAST(? AS bigint)`, args...)
}

// likeEscape takes the meaning from the signs of LIKE.
var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// titled has every word begin with a capital.
func titled(s string) string {
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + w[size:]
	}
	return strings.Join(words, " ")
}

// Mine implements desk.ClerkStores.
func (s DeskClerk) Mine(ctx context.Context, memberID string, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.owner = ? AND t.state IN ('claimed', 'waiting')
		ORDER BY CASE WHEN t.state = 'claimed' THEN 0 ELSE 1 END, t.asked_at, t.id LIMIT CAST(? AS bigint)`, clean(memberID), limit)
}

// Queue implements desk.ClerkStores.
func (s DeskClerk) Queue(ctx context.Context, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.state = 'open' ORDER BY t.urgent DESC, t.priority DESC, t.opened_at, t.id LIMIT CAST(? AS bigint)`, limit)
}

// Overdue implements desk.ClerkStores.
func (s DeskClerk) Overdue(ctx context.Context, now time.Time, limit int) ([]desk.Ticket, error) {
	return listTickets(ctx, &s.db.statements, `WHERE t.state IN ('open', 'claimed') AND t.due_at > 0 AND t.due_at <= ?
		AND t.snoozed_until = 0 ORDER BY t.urgent DESC, t.priority DESC, t.due_at, t.id LIMIT CAST(? AS bigint)`, ms(now), limit)
}

// Settings of the clerk, each followed by a member's id.
const (
	awaySetting  = "desk.away:"
	spentSetting = "desk." // and the purse
)

// IsAway implements desk.ClerkStores.
func (s DeskClerk) IsAway(ctx context.Context, memberID string) (bool, error) {
	var n int
	if err := s.db.statements.get(ctx, &n, `SELECT count(*) FROM settings WHERE name = ?`, awaySetting+clean(memberID)); err != nil {
		return false, fmt.Errorf("look whether %s is away: %w", memberID, err)
	}
	return n > 0, nil
}

// clerkBooks implements desk.ClerkBooks.
type clerkBooks struct{ tx *Tx }

// SetAway implements desk.ClerkBooks.
func (b clerkBooks) SetAway(ctx context.Context, memberID string, away bool) (bool, error) {
	query, args := `DELETE FROM settings WHERE name = ?`, []any{awaySetting + clean(memberID)}
	if away {
		query = `INSERT INTO settings (name, value, updated_at) VALUES (?, 'away', ?) ON CONFLICT (name) DO NOTHING`
		args = append(args, ms(b.tx.Now()))
	}
	n, err := b.tx.exec(ctx, query, args...)
	if err != nil {
		return false, fmt.Errorf("note whether %s is away: %w", memberID, err)
	}
	return n > 0, nil
}

// Spend implements desk.ClerkBooks. The member's row is locked until the transaction ends, so that two acts at the same
// time see each other.
func (b clerkBooks) Spend(ctx context.Context, of desk.Purse, memberID, period string, n, limit int64) (left int64, ok bool, err error) {
	name := spentSetting + string(of) + ":" + clean(memberID)
	var value string
	err = b.tx.get(ctx, &value, `INSERT INTO settings (name, value, updated_at) VALUES (?, '', ?)
		ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at RETURNING value`, name, ms(b.tx.Now()))
	if err != nil {
		return 0, false, fmt.Errorf("read what %s has given: %w", memberID, err)
	}
	spent := int64(0)
	if in, figure, found := strings.Cut(value, " "); found && in == period {
		if spent, err = strconv.ParseInt(figure, 10, 64); err != nil {
			return 0, false, fmt.Errorf("read what %s has given: %w", memberID, err)
		}
	}
	if limit != desk.NoLimit && spent+n > limit {
		return max(limit-spent, 0), false, nil
	}
	_, err = b.tx.exec(ctx, `UPDATE settings SET value = ? WHERE name = ?`, period+" "+strconv.FormatInt(max(spent+n, 0), 10), name)
	if err != nil {
		return 0, false, fmt.Errorf("note what %s gives: %w", memberID, err)
	}
	return limit - spent - n, true, nil
}

// Silence implements desk.ClerkBooks.
func (b clerkBooks) Silence(ctx context.Context, from, until time.Time, reason, by string) error {
	_, err := b.tx.exec(ctx, `INSERT INTO silences (from_at, until_at, reason, actor) VALUES (?, ?, ?, ?)`, ms(from), ms(until), clean(reason), clean(by))
	if err != nil {
		return fmt.Errorf("order silence: %w", err)
	}
	return nil
}

// EndSilence implements desk.ClerkBooks. What was held for it is looked at again: other reasons may still hold it.
func (b clerkBooks) EndSilence(ctx context.Context, now time.Time) (bool, error) {
	n, err := b.tx.exec(ctx, `UPDATE silences SET until_at = ? WHERE until_at > ?`, ms(now), ms(now))
	if err != nil || n == 0 {
		return false, err
	}
	var accounts []string
	err = b.tx.list(ctx, &accounts, `UPDATE outbox SET not_before = 0, error_code = '' WHERE state = 0 AND error_code = ? RETURNING account`, attention.ReasonSilence)
	if err != nil {
		return true, fmt.Errorf("release what silence has held: %w", err)
	}
	for _, account := range accounts {
		b.tx.touch(BoxBulk, account)
	}
	if _, err := b.tx.exec(ctx, `UPDATE occurrences SET next_at = 0 WHERE state = 'open' AND next_at > ?`, ms(now)); err != nil {
		return true, fmt.Errorf("go on with the offers that silence has held: %w", err)
	}
	return true, nil
}

// PauseOffer implements desk.ClerkBooks.
func (b clerkBooks) PauseOffer(ctx context.Context, id string) (bool, error) {
	n, err := b.tx.pause(ctx, id, offer.PausedByStaff)
	if err != nil || n > 0 {
		return n > 0, err
	}
	return false, b.tx.known(ctx, id)
}

// ResumeOffer implements desk.ClerkBooks.
func (b clerkBooks) ResumeOffer(ctx context.Context, id string) (bool, error) {
	return b.tx.resume(ctx, id)
}

// Record implements desk.ClerkBooks.
func (b clerkBooks) Record(ctx context.Context, d desk.Deed) error {
	return b.tx.audit(ctx, d.Key, d.By.ID, d.What, d.Kind, d.Subject, d.Detail)
}

// audit writes a line of the audit trail, once per key.
func (tx *Tx) audit(ctx context.Context, key, actor, act, kind string, subject int64, what any) error {
	detail := ""
	if what != nil {
		var err error
		if detail, err = objects([]any{what}); err != nil {
			return err
		}
		detail = detail[1 : len(detail)-1]
	}
	_, err := tx.exec(ctx, `INSERT INTO audit (key, actor, act, subject_kind, subject_id, detail, done_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING`, clean(key), clean(actor), act, kind, subject, clean(detail), ms(tx.Now()))
	if err != nil {
		return fmt.Errorf("keep who did %s: %w", act, err)
	}
	return nil
}

// StaffPoints implements desk.Giver over a programme.
type StaffPoints struct{ Programme *loyalty.Programme }

var _ desk.Giver = StaffPoints{}

// about runs fn on the books of a person in a transaction that is about somebody else's turn.
func (g StaffPoints) about(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, fn func(loyalty.Books) error) error {
	own := From(tx)
	turn := own.turn
	defer func() { own.turn = turn }()
	if err := own.lockRoot(ctx, who); err != nil {
		return err
	}
	return fn(g.Programme.Store.In(tx))
}

// Given implements desk.Giver. The person is locked from then on.
func (g StaffPoints) Given(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, key string) (before bool, err error) {
	err = g.about(ctx, tx, who, func(b loyalty.Books) error {
		_, err := b.FindEntry(ctx, loyalty.SourceStaff, key, loyalty.Adjust)
		before = err == nil
		return ignoreMissing(err)
	})
	return before, err
}

// Give implements desk.Giver.
func (g StaffPoints) Give(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, points int64, key, note string, at time.Time) (balance int64, err error) {
	err = g.about(ctx, tx, who, func(b loyalty.Books) error {
		_, err := g.Programme.Correct(ctx, tx, who, points, key, note, at)
		if errors.Is(err, loyalty.ErrInsufficientPoints) {
			return fmt.Errorf("%w: %w", desk.ErrTooFewPoints, err)
		}
		if err != nil {
			return err
		}
		account, err := b.Account(ctx, at, at)
		balance = account.Spendable
		return err
	})
	return balance, err
}

// Deeds lists what staff did about a subject of a kind, oldest first.
func (s DeskClerk) Deeds(ctx context.Context, kind string, subject int64, limit int) ([]desk.Deed, error) {
	var rows []struct {
		Key    string
		Actor  string
		Act    string
		Detail string
	}
	err := s.db.statements.list(ctx, &rows, `SELECT key, actor, act, detail FROM audit
		WHERE subject_kind = ? AND subject_id = ? ORDER BY id LIMIT CAST(? AS bigint)`, kind, subject, limit)
	if err != nil {
		return nil, fmt.Errorf("list what was done about %s %d: %w", kind, subject, err)
	}
	deeds := make([]desk.Deed, len(rows))
	for i, r := range rows {
		deeds[i] = desk.Deed{Key: r.Key, By: desk.Member{ID: r.Actor}, What: r.Act, Kind: kind, Subject: subject}
		if r.Detail != "" {
			deeds[i].Detail = json.RawMessage(r.Detail)
		}
	}
	return deeds, nil
}
