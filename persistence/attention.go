package persistence

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/attention"
)

// AttentionGate is the gate that asks the attention policy, and takes a place in the budget of whom it lets through.
func AttentionGate(p attention.Policy) Gate {
	return func(ctx context.Context, tx *Tx, now time.Time, candidates []Candidate) ([]Verdict, error) {
		g := &gate{tx: tx, policy: p, now: now, candidates: candidates}
		if err := g.load(ctx); err != nil {
			return nil, fmt.Errorf("read what the gate goes by: %w", err)
		}
		verdicts := g.decide()
		return verdicts, g.keep(ctx)
	}
}

// gate is one round of decisions.
type gate struct {
	tx         *Tx
	policy     attention.Policy
	now        time.Time
	candidates []Candidate

	people  map[conversation.CustomerID]*attended // by record
	silent  time.Time
	granted []placeRow
	freed   []placeRow
}

// attended is what is known of a person whom something is to be sent to.
type attended struct {
	root    int64
	stopped bool
	zone    *time.Location
	ticket  bool
	topics  []agreementRow
	taken   []takenRow
	waiting []waitingRow
}

type agreementRow struct {
	Customer int64 `db:"customer_id"`
	Channel  string
	Topic    string
	Granted  bool
}

type takenRow struct {
	Root int64 `db:"root_id"`
	Key  string
	At   int64 `db:"taken_at"`
}

type waitingRow struct {
	ID       int64
	Customer int64 `db:"customer_id"`
	Purpose  string
}

type placeRow struct {
	Key  string `json:"key"`
	Root int64  `json:"root"`
	Kind string `json:"kind"`
}

// placeKey is under which a message's place stands.
func placeKey(id conversation.OutgoingID) string { return fmt.Sprintf("outbox:%d", id) }

// load locks the people and reads their facts: a handful of queries for the whole round.
func (g *gate) load(ctx context.Context) error {
	asked := make([]conversation.CustomerID, 0, len(g.candidates))
	for _, c := range g.candidates {
		if c.Customer > 0 {
			asked = append(asked, c.Customer)
		}
	}
	g.people = map[conversation.CustomerID]*attended{}
	var until int64
	err := g.tx.get(ctx, &until, `SELECT COALESCE(max(until_at), 0) FROM silences WHERE from_at <= ? AND until_at > ?`, ms(g.now), ms(g.now))
	g.silent = instant(until)
	if err != nil || len(asked) == 0 {
		return err
	}
	roots, err := g.lock(ctx, asked)
	if err != nil {
		return err
	}
	return g.readPeople(ctx, ids(g.tx.d, roots))
}

// lock keeps two accounts from giving a person's last place away at once: roots by id, as everywhere.
func (g *gate) lock(ctx context.Context, asked []conversation.CustomerID) (roots []int64, err error) {
	if err := g.tx.list(ctx, &roots, `SELECT DISTINCT root_id FROM customers WHERE `+g.tx.d.in("id"), ids(g.tx.d, asked)); err != nil {
		return nil, err
	}
	slices.Sort(roots)
	var locked []int64
	return roots, g.tx.list(ctx, &locked, `SELECT id FROM customers WHERE `+g.tx.d.in("id")+` ORDER BY id`+g.tx.d.lockRow, ids(g.tx.d, roots))
}

// readPeople reads all records of the roots and what is known of them.
func (g *gate) readPeople(ctx context.Context, roots string) error {
	d := g.tx.d
	var records []struct {
		ID      int64
		Root    int64 `db:"root_id"`
		Zone    string
		Stopped bool
	}
	if err := g.tx.list(ctx, &records, `SELECT id, root_id, zone, stopped FROM customers WHERE `+d.in("root_id")+` ORDER BY id`, roots); err != nil {
		return err
	}
	byRoot := map[int64]*attended{}
	all := make([]int64, len(records))
	for i, r := range records {
		p := byRoot[r.Root]
		if p == nil {
			p = &attended{root: r.Root}
			byRoot[r.Root] = p
		}
		p.stopped = p.stopped || r.Stopped
		if zone, err := time.LoadLocation(r.Zone); err == nil && r.Zone != "" && (p.zone == nil || r.ID == r.Root) {
			p.zone = zone
		}
		g.people[conversation.CustomerID(r.ID)], all[i] = p, r.ID
	}
	var tickets []int64
	err := g.tx.list(ctx, &tickets, `SELECT root_id FROM tickets
		WHERE (state IN ('claimed', 'waiting') OR (state = 'open' AND silent = 0)) AND `+d.in("root_id"), roots)
	if err != nil {
		return err
	}
	for _, root := range tickets {
		byRoot[root].ticket = true
	}
	var places []takenRow
	err = g.tx.list(ctx, &places, `SELECT root_id, key, taken_at FROM attention WHERE state <> 'given_back' AND taken_at >= ? AND `+d.in("root_id"),
		ms(attention.Since(g.now)), ids(d, all))
	if err != nil {
		return err
	}
	for _, t := range places {
		p := g.people[conversation.CustomerID(t.Root)] // a root that was linked since then is a record now
		p.taken = append(p.taken, t)
	}
	return g.readRecords(ctx, ids(d, all))
}

// readRecords reads consents, and what else waits to be sent.
func (g *gate) readRecords(ctx context.Context, records string) error {
	d := g.tx.d
	var topics []agreementRow
	err := g.tx.list(ctx, &topics, `SELECT f.customer_id, f.channel, f.topic,
		CASE WHEN f.granted = 1 AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.customer_id = f.customer_id AND i.channel = f.channel AND i.needs_consent = 1)
			THEN 1 ELSE 0 END AS granted
		FROM consents_in_force f WHERE `+d.in("f.customer_id"), records)
	if err != nil {
		return err
	}
	for _, t := range topics {
		p := g.people[conversation.CustomerID(t.Customer)]
		p.topics = append(p.topics, t)
	}
	var waiting []waitingRow
	err = g.tx.list(ctx, &waiting, `SELECT id, customer_id, purpose FROM outbox
		WHERE state + 0 = 0 AND purpose <> '' AND not_before <= ? AND `+d.in("customer_id"), ms(g.now), records)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		p := g.people[conversation.CustomerID(w.Customer)]
		p.waiting = append(p.waiting, w)
	}
	return nil
}

// decide goes through the messages in the order of worth, so that the last place goes to the worthiest.
func (g *gate) decide() []Verdict {
	order := make([]int, len(g.candidates))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return g.policy.Worth(g.candidates[a].Proactive.Purpose) - g.policy.Worth(g.candidates[b].Proactive.Purpose)
	})
	out := make([]Verdict, len(g.candidates))
	for _, i := range order {
		c := g.candidates[i]
		p := g.people[c.Customer]
		if p == nil {
			out[i] = g.public(c)
			continue
		}
		v := attention.Decide(g.policy, g.facts(c, p), attention.Message{Purpose: c.Proactive.Purpose, NotAfter: c.NotAfter}, g.now)
		out[i] = Verdict{Suppress: v.Suppress, Defer: v.Defer, Reason: v.Reason}
		key := placeKey(c.ID)
		held := slices.IndexFunc(p.taken, func(t takenRow) bool { return t.Key == key })
		p.waiting = slices.DeleteFunc(p.waiting, func(w waitingRow) bool { return w.ID == int64(c.ID) })
		switch {
		case v.Send() && held < 0 && attention.Counts(c.Proactive.Purpose):
			g.granted = append(g.granted, placeRow{Key: key, Root: p.root, Kind: c.Proactive.Purpose})
			p.taken = append(p.taken, takenRow{Root: p.root, Key: key, At: ms(g.now)})
		case !v.Send() && held >= 0:
			g.freed = append(g.freed, placeRow{Key: key})
			p.taken = slices.Delete(p.taken, held, held+1)
		}
	}
	return out
}

// public decides about what is for nobody in particular, such as a post in a channel of a server: days of rest, an
// ordered silence and the brand's night hold it back, and nothing else.
func (g *gate) public(c Candidate) Verdict {
	until, why := g.policy.Held(g.now, g.silent)
	switch {
	case why == "":
		return Verdict{}
	case !c.NotAfter.IsZero() && until.After(c.NotAfter):
		return Verdict{Suppress: why}
	}
	return Verdict{Defer: until, Reason: why}
}

// facts are the person's, seen from one message.
func (g *gate) facts(c Candidate, p *attended) attention.Facts {
	f := attention.Facts{Stopped: p.stopped, TicketOpen: p.ticket, Zone: p.zone, SilentUntil: g.silent}
	topic := ""
	if c.Proactive.Topic != "" {
		topic = attention.TopicOffers + "/" + c.Proactive.Topic
	}
	for _, t := range p.topics {
		switch {
		case t.Topic == attention.TopicOffers && t.Customer == int64(c.Customer) && t.Channel == c.To.Channel:
			f.Agreed = t.Granted
		case topic != "" && t.Topic == topic && !t.Granted:
			f.Muted = true
		}
	}
	for _, t := range p.taken {
		if t.Key != placeKey(c.ID) {
			f.Taken = append(f.Taken, instant(t.At))
		}
	}
	for _, w := range p.waiting {
		if w.ID != int64(c.ID) {
			f.Waiting = append(f.Waiting, w.Purpose)
		}
	}
	return f
}

// keep writes the places that were taken and those that were given back.
func (g *gate) keep(ctx context.Context) error {
	if len(g.granted) > 0 {
		list, err := objects(g.granted)
		if err != nil {
			return err
		}
		_, err = g.tx.exec(ctx, `INSERT INTO attention (key, root_id, kind, state, taken_at)
			SELECT p.key, p.root, p.kind, 'taken', CAST(? AS bigint) FROM `+g.tx.d.rows("p", "key text", "root bigint", "kind text")+`
			WHERE true ON CONFLICT (key) DO UPDATE SET state = 'taken', taken_at = excluded.taken_at`, ms(g.now), list)
		if err != nil {
			return fmt.Errorf("take %d places: %w", len(g.granted), err)
		}
	}
	keys := make([]string, len(g.freed))
	for i, f := range g.freed {
		keys[i] = f.Key
	}
	return g.tx.giveBack(ctx, keys)
}

// giveBack frees the places of messages that were not sent after all.
func (tx *Tx) giveBack(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	list, err := objects(keys)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, `UPDATE attention SET state = 'given_back' WHERE key IN `+tx.d.texts(), list); err != nil {
		return fmt.Errorf("give %d places back: %w", len(keys), err)
	}
	return nil
}

// Silence has nothing started until a time, for everybody.
func (db *DB) Silence(ctx context.Context, from, until time.Time, reason, actor string) error {
	return db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `INSERT INTO silences (from_at, until_at, reason, actor) VALUES (?, ?, ?, ?)`,
			ms(from), ms(until), clean(reason), actor)
		return err
	})
}
