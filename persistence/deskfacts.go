package persistence

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
)

// Figures of what a card tells.
const (
	cardScores = 3
	cardOrders = 3
	cardFacts  = 50
)

// Customer implements desk.Stores.
func (d Desk) Customer(ctx context.Context, who conversation.CustomerID) (desk.Customer, error) {
	c := desk.Customer{ID: who}
	err := d.db.Read(ctx, func(ctx context.Context, r *Reader) error {
		if err := r.whoIs(ctx, who, &c); err != nil {
			return err
		}
		if c.Erased {
			return nil
		}
		if err := r.lastScores(ctx, who, &c); err != nil {
			return err
		}
		return r.lastOrders(ctx, who, &c)
	})
	if err != nil && !errors.Is(err, conversation.ErrNotFound) {
		return c, fmt.Errorf("read what a card tells about %d: %w", who, err)
	}
	return c, err
}

// whoIs reads the person, the membership and the facts.
func (r *Reader) whoIs(ctx context.Context, who conversation.CustomerID, c *desk.Customer) error {
	var row struct {
		Name    string
		Lang    string
		Since   int64
		Display string
		Channel string
		Member  bool
		Tier    string
		Points  int64
		Tickets int
		Erased  bool
	}
	err := r.get(ctx, &row, `SELECT CASE WHEN root.forgotten_at > 0 THEN 1 ELSE 0 END AS erased, COALESCE(NULLIF(root.name, ''), own.name) AS name,
		COALESCE(NULLIF(root.chosen, ''), NULLIF(own.chosen, ''), NULLIF(root.spoken, ''), own.spoken) AS lang, (SELECT min(l.created_at) FROM customers l WHERE l.root_id = root.id) AS since,
		COALESCE((SELECT i.display_name FROM identities i WHERE i.customer_id = own.id ORDER BY i.id DESC LIMIT 1), '') AS display,
		COALESCE((SELECT i.channel FROM identities i WHERE i.customer_id = own.id ORDER BY i.id DESC LIMIT 1), '') AS channel,
		CASE WHEN EXISTS (SELECT 1 FROM members m JOIN customers l ON l.id = m.customer_id WHERE l.root_id = root.id AND m.left_at = 0)
			THEN 1 ELSE 0 END AS member,
		COALESCE((SELECT m.tier FROM members m JOIN customers l ON l.id = m.customer_id WHERE l.root_id = root.id AND m.left_at = 0
			ORDER BY m.joined_at, m.customer_id LIMIT 1), '') AS tier,
		COALESCE((SELECT CAST(sum(b.points) AS bigint) FROM balances b JOIN customers l ON l.id = b.customer_id WHERE l.root_id = root.id), 0) AS points,
		(SELECT count(*) FROM tickets t WHERE t.root_id = root.id) AS tickets
		FROM customers own JOIN customers root ON root.id = own.root_id WHERE own.id = ?`, int64(who))
	if err != nil {
		return err
	}
	if c.Erased = row.Erased; c.Erased {
		return nil // what is left is nobody's
	}
	c.Name, c.Display, c.Channel, c.Lang, c.Since = row.Name, row.Display, row.Channel, language.Code(row.Lang), instant(row.Since)
	var ordered int64
	if err := r.get(ctx, &ordered, `SELECT COALESCE(min(placed_at), 0) FROM orders WHERE customer_id IN `+sameRoot, int64(who)); err != nil {
		return err
	}
	if first := instant(ordered); ordered > 0 && first.Before(c.Since) {
		c.Since = first // bought before writing
	}
	c.Member, c.Tier, c.Points, c.Tickets = row.Member, row.Tier, row.Points, row.Tickets
	var facts []struct{ Field, Value, Source string }
	if err := r.list(ctx, &facts, `SELECT field, value, source FROM facts WHERE customer_id IN `+sameRoot+` ORDER BY field, id LIMIT CAST(? AS bigint)`,
		int64(who), cardFacts); err != nil {
		return err
	}
	for _, f := range facts {
		c.Facts = append(c.Facts, desk.Fact(f))
	}
	return nil
}

func (r *Reader) lastScores(ctx context.Context, who conversation.CustomerID, c *desk.Customer) error {
	var rows []struct {
		Survey string
		Kind   string
		Score  int
		At     int64
	}
	err := r.list(ctx, &rows, `SELECT survey, kind, score, answered_at AS at FROM survey_responses
		WHERE customer_id IN `+sameRoot+` AND score IS NOT NULL ORDER BY answered_at DESC, id DESC LIMIT CAST(? AS bigint)`, int64(who), cardScores)
	for _, row := range rows {
		c.Scores = append(c.Scores, desk.Score{Survey: row.Survey, Kind: row.Kind, Score: row.Score, At: instant(row.At)})
	}
	return err
}

func (r *Reader) lastOrders(ctx context.Context, who conversation.CustomerID, c *desk.Customer) error {
	var rows []struct {
		Order    string `db:"order_id"`
		Total    int64
		Currency string
		State    string
		At       int64
	}
	err := r.list(ctx, &rows, `SELECT order_id, total, currency, state, placed_at AS at FROM orders
		WHERE customer_id IN `+sameRoot+` ORDER BY placed_at DESC, id DESC LIMIT CAST(? AS bigint)`, int64(who), cardOrders)
	for _, row := range rows {
		c.Orders = append(c.Orders, desk.Order{
			ID: row.Order, Total: row.Total, Currency: row.Currency, Returned: row.State == "returned", At: instant(row.At),
		})
	}
	return err
}

// Talk implements desk.Stores.
func (d Desk) Talk(ctx context.Context, who conversation.CustomerID, limit int) ([]desk.Line, error) {
	lines, err := d.db.Transcript(ctx, who, 0, limit)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Line, 0, len(lines))
	for _, l := range lines {
		line := desk.Line{
			At: l.At, Kind: l.Kind, Ours: l.Ours, Staff: l.Report.Kind == desk.ReplyReport, Lost: l.lost(), Text: l.Text, Attachments: l.Attachments,
			Account: l.Account, MessageID: l.MessageID, Rows: l.Rows,
		}
		if line.Staff {
			m, err := d.MessageByID(ctx, l.Report.ID)
			switch {
			case errors.Is(err, conversation.ErrNotFound):
			case err != nil:
				return nil, err
			case m.Deleted:
				continue
			case !m.ChangedAt.IsZero():
				line.Text = desk.ToCustomer(m)
			}
		}
		out = append(out, line)
	}
	return out, nil
}
