package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/language"
)

// Audiences implements audience.Store.
type Audiences struct{ db *DB }

var _ audience.Store = Audiences{}

// Audiences reads people for audiences.
func (db *DB) Audiences() Audiences { return Audiences{db} }

// crowd is a page of people while their facts are read.
type crowd struct {
	list  []audience.Customer
	place map[int64]int // a record's person in list
	ids   string        // all records, for dialect.in
	on    *statements
}

// People implements audience.Store: a handful of queries a page, however many people it has.
func (s Audiences) People(ctx context.Context, q audience.Query) ([]audience.Customer, error) {
	c := &crowd{place: map[int64]int{}, on: &s.db.statements}
	steps := []struct {
		wanted bool
		read   func(context.Context) error
	}{
		{true, func(ctx context.Context) error { return c.roots(ctx, q) }},
		{true, c.chats},
		{true, c.agreements},
		{q.Needs.Has(audience.NeedsOrders), c.orders},
		{q.Needs.Has(audience.NeedsBought), c.bought},
		{q.Needs.Has(audience.NeedsLoyalty), c.loyalty},
		{q.Needs.Has(audience.NeedsNPS), c.scores},
		{q.Needs.Has(audience.NeedsFacts), c.facts},
	}
	for i, step := range steps {
		if !step.wanted || i > 0 && len(c.list) == 0 {
			continue
		}
		if err := step.read(ctx); err != nil {
			return nil, fmt.Errorf("read a page of people: %w", err)
		}
	}
	return c.list, nil
}

// personRow is one record of a person.
type personRow struct {
	ID        int64
	Root      int64 `db:"root_id"`
	Chosen    string
	Spoken    string
	Name      string
	Honorific string
	Zone      string
	Stopped   bool
	Staff     bool
	Created   int64 `db:"created_at"`
}

const personColumns = `c.id, c.root_id, c.chosen, c.spoken, c.name, c.honorific, c.zone, c.stopped, c.staff, c.created_at`

// roots reads the people of the page, with all their records.
func (c *crowd) roots(ctx context.Context, q audience.Query) error {
	var rows []personRow
	var err error
	if q.Only != nil {
		err = c.on.list(ctx, &rows, `SELECT `+personColumns+` FROM customers asked JOIN customers c ON c.root_id = asked.root_id
			WHERE c.forgotten_at = 0 AND `+c.on.d.in("asked.id")+` ORDER BY c.root_id, c.id`, ids(c.on.d, q.Only))
	} else {
		// CROSS JOIN keeps SQLite from reading all customers in the order asked for and looking each up in the page.
		err = c.on.list(ctx, &rows, `SELECT `+personColumns+` FROM
			(SELECT id FROM customers WHERE id > ? AND root_id = id AND forgotten_at = 0 ORDER BY id LIMIT CAST(? AS bigint)) page
			CROSS JOIN customers c WHERE c.root_id = page.id ORDER BY c.root_id, c.id`, int64(q.After), q.Limit)
	}
	if err != nil {
		return err
	}
	var records []int64
	for _, r := range rows {
		if _, known := c.place[r.ID]; known {
			continue // asked for by two of the person's records
		}
		if n := len(c.list); n == 0 || int64(c.list[n-1].Root()) != r.Root {
			c.list = append(c.list, audience.Customer{Person: conversation.Person{Root: conversation.CustomerID(r.Root)}})
		}
		records = append(records, r.ID)
		c.place[r.ID] = len(c.list) - 1
		r.join(&c.list[len(c.list)-1])
	}
	c.ids = ids(c.on.d, records)
	return nil
}

// join adds a record to its person: what the root says comes first.
func (r personRow) join(c *audience.Customer) {
	c.Records = append(c.Records, conversation.CustomerID(r.ID))
	p := &c.Person
	root := r.ID == r.Root
	if root {
		p.ID = conversation.CustomerID(r.ID)
	}
	for _, f := range []struct {
		into *string
		has  string
	}{{&p.Name, r.Name}, {&p.Honorific, r.Honorific}, {&p.Zone, r.Zone}} {
		if f.has != "" && (root || *f.into == "") {
			*f.into = f.has
		}
	}
	if r.Chosen != "" && (root || p.Chosen == "") {
		p.Chosen = language.Code(r.Chosen)
	}
	if r.Spoken != "" && (root || p.Spoken == "") {
		p.Spoken = language.Code(r.Spoken)
	}
	p.Stopped, p.Staff = p.Stopped || r.Stopped, p.Staff || r.Staff
	if created := instant(r.Created); c.Created.IsZero() || created.Before(c.Created) {
		c.Created = created
	}
}

// chats reads the private chats, the last used first.
func (c *crowd) chats(ctx context.Context) error {
	var rows []struct {
		ID           int64
		Customer     int64 `db:"customer_id"`
		Channel      string
		Account      string
		Chat         string
		Locale       string
		Reach        string
		NeedsConsent bool  `db:"needs_consent"`
		LastIn       int64 `db:"last_in_at"`
	}
	err := c.on.list(ctx, &rows, `SELECT c.id, c.customer_id, c.channel, c.account, c.chat, i.locale, i.reach, i.needs_consent, c.last_in_at
		FROM conversations c JOIN identities i ON i.id = c.identity_id
		WHERE c.private = 1 AND `+c.on.d.in("c.customer_id")+` ORDER BY c.last_in_at DESC, c.id DESC`, c.ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		one := &c.list[c.place[r.Customer]]
		one.Chats = append(one.Chats, audience.Chat{
			Conversation: conversation.ConversationID(r.ID), Customer: conversation.CustomerID(r.Customer),
			To:     conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat},
			Locale: r.Locale, LastUsed: instant(r.LastIn), Reachable: r.Reach == "ok", Lapsed: r.NeedsConsent,
		})
	}
	return nil
}

// agreements reads what is in force, per record and channel.
func (c *crowd) agreements(ctx context.Context) error {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		Channel  string
		Topic    string
		Granted  bool
		Given    int64 `db:"given_at"`
	}
	err := c.on.list(ctx, &rows, `SELECT customer_id, channel, topic, granted, given_at FROM consents_in_force
		WHERE `+c.on.d.in("customer_id"), c.ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		one := &c.list[c.place[r.Customer]]
		a := audience.Agreement{Topic: r.Topic, Granted: r.Granted, At: instant(r.Given)}
		if !r.Granted {
			one.Refusals = append(one.Refusals, r.Topic)
		}
		for i := range one.Chats {
			chat := &one.Chats[i]
			if int64(chat.Customer) == r.Customer && chat.To.Channel == r.Channel && !(r.Granted && chat.Lapsed) {
				chat.Agreed = append(chat.Agreed, a)
			}
		}
	}
	return nil
}

func (c *crowd) orders(ctx context.Context) error {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		Placed   int64 `db:"placed_at"`
		Total    int64
	}
	err := c.on.list(ctx, &rows, `SELECT customer_id, placed_at, total FROM orders
		WHERE state = 'placed' AND `+c.on.d.in("customer_id")+` ORDER BY placed_at, id`, c.ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		one := &c.list[c.place[r.Customer]]
		one.Orders = append(one.Orders, audience.Order{At: instant(r.Placed), Total: r.Total})
	}
	return nil
}

func (c *crowd) bought(ctx context.Context) error {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		SKU      string
		Name     string
		Category string
	}
	err := c.on.list(ctx, &rows, `SELECT DISTINCT o.customer_id, l.sku, l.name, l.category FROM orders o JOIN order_lines l ON l.order_row = o.id
		WHERE o.state = 'placed' AND `+c.on.d.in("o.customer_id"), c.ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		one := &c.list[c.place[r.Customer]]
		for _, what := range []string{r.Category, r.SKU, r.Name} {
			if what != "" && !slices.Contains(one.Bought, what) {
				one.Bought = append(one.Bought, what)
			}
		}
	}
	return nil
}

// loyalty reads membership and points. The oldest membership of a person counts, as everywhere.
func (c *crowd) loyalty(ctx context.Context) error {
	var members []struct {
		Customer int64 `db:"customer_id"`
		Tier     string
		Joined   int64 `db:"joined_at"`
	}
	err := c.on.list(ctx, &members, `SELECT customer_id, tier, joined_at FROM members
		WHERE left_at = 0 AND `+c.on.d.in("customer_id")+` ORDER BY joined_at, customer_id`, c.ids)
	if err != nil {
		return err
	}
	for _, m := range members {
		if one := &c.list[c.place[m.Customer]]; !one.Member {
			one.Member, one.Tier, one.Joined = true, m.Tier, instant(m.Joined)
		}
	}
	var balances []struct {
		Customer int64 `db:"customer_id"`
		Points   int
	}
	if err := c.on.list(ctx, &balances, `SELECT customer_id, points FROM balances WHERE `+c.on.d.in("customer_id"), c.ids); err != nil {
		return err
	}
	for _, b := range balances {
		c.list[c.place[b.Customer]].Points += b.Points
	}
	return nil
}

// scores reads the last NPS.
func (c *crowd) scores(ctx context.Context) error {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		Score    int
	}
	err := c.on.list(ctx, &rows, `SELECT customer_id, score FROM survey_responses
		WHERE kind = 'nps' AND score IS NOT NULL AND `+c.on.d.in("customer_id")+` ORDER BY answered_at, id`, c.ids)
	if err != nil {
		return err
	}
	for i := range rows {
		c.list[c.place[rows[i].Customer]].NPS = &rows[i].Score
	}
	return nil
}

// Fields of facts that audiences read. Lists are separated by commas.
const (
	factBirthday = "birthday" // 1990-05-28 or 05-28
	factTags     = "tags"
	factLikes    = "likes"
)

func (c *crowd) facts(ctx context.Context) error {
	var rows []struct {
		Customer int64 `db:"customer_id"`
		Field    string
		Value    string
	}
	err := c.on.list(ctx, &rows, `SELECT customer_id, field, value FROM facts
		WHERE field IN ('birthday', 'tags', 'likes') AND `+c.on.d.in("customer_id")+` ORDER BY set_at, id`, c.ids)
	if err != nil {
		return err
	}
	for _, r := range rows {
		one := &c.list[c.place[r.Customer]]
		switch r.Field {
		case factBirthday:
			if b, ok := readBirthday(r.Value); ok {
				one.Birthday = b
			}
		case factTags:
			one.Tags = append(one.Tags, listed(r.Value)...)
		case factLikes:
			one.Likes = append(one.Likes, listed(r.Value)...)
		}
	}
	return nil
}

// listed is a fact with several values: a JSON list, or words with commas between them.
func listed(value string) []string {
	var list []string
	if strings.HasPrefix(value, "[") && json.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	for _, one := range strings.Split(value, ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

func readBirthday(value string) (audience.Birthday, bool) {
	if t, err := time.Parse(time.DateOnly, value); err == nil {
		return audience.Birthday{Year: t.Year(), Month: t.Month(), Day: t.Day()}, true
	}
	t, err := time.Parse("2006-01-02", "2024-"+value) // a leap year: 29 February may come
	return audience.Birthday{Month: t.Month(), Day: t.Day()}, err == nil
}
