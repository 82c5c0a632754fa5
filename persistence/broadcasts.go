package persistence

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
)

// settledDelivery is a delivery whose message was settled.
type settledDelivery struct {
	Occurrence int64 `db:"occurrence_id"`
	State      string
	Item       int64 `db:"outbox_id"`
}

// tallyRow is what a batch of results adds to an occurrence.
type tallyRow struct {
	ID      int64 `json:"id"`
	Sent    int   `json:"sent"`
	Failed  int   `json:"failed"`
	Unknown int   `json:"unknown"`
}

// judgedRow is how an occurrence stands after a batch.
type judgedRow struct {
	Offer  string
	Recent int64
	Failed int64 `db:"recent_failed"`
	StopAt int64 `db:"stop_at"`
}

// recentMost is how many results the share of failures is taken over: at that many all of them count half.
const recentMost = "500"

// countDeliveries counts what came of calls, pauses the offers of which too many failed, and ends the occurrences of
// which nobody is missing. called says of which messages a call was made.
func (tx *Tx) countDeliveries(ctx context.Context, all []settledDelivery, called map[int64]bool) error {
	tallies := map[int64]*tallyRow{}
	var of []int64
	for _, d := range all {
		t := tallies[d.Occurrence]
		if t == nil {
			t = &tallyRow{ID: d.Occurrence}
			tallies[d.Occurrence] = t
			of = append(of, d.Occurrence)
		}
		switch {
		case !called[d.Item]:
		case d.State == offer.StateSent:
			t.Sent++
		case d.State == offer.StateUnknown:
			t.Unknown++
		default:
			t.Failed++
		}
	}
	slices.Sort(of) // in the same order as everybody else
	var rows []tallyRow
	for _, id := range of {
		if t := tallies[id]; t.Sent+t.Failed+t.Unknown > 0 {
			rows = append(rows, *t)
		}
	}
	if len(rows) > 0 {
		if err := tx.tally(ctx, rows); err != nil {
			return err
		}
	}
	return tx.endOccurrences(ctx, of)
}

// tally adds to the counters and looks whether too many have failed.
func (tx *Tx) tally(ctx context.Context, rows []tallyRow) error {
	list, err := objects(rows)
	if err != nil {
		return err
	}
	const over = `(recent + r.sent + r.failed > ` + recentMost + `)`
	var judged []judgedRow
	err = tx.list(ctx, &judged, `UPDATE occurrences SET sent = occurrences.sent + r.sent, failed = occurrences.failed + r.failed,
			unknown = occurrences.unknown + r.unknown,
			recent = (recent + r.sent + r.failed) / CASE WHEN `+over+` THEN 2 ELSE 1 END,
			recent_failed = (recent_failed + r.failed) / CASE WHEN `+over+` THEN 2 ELSE 1 END
		FROM `+tx.d.rows("r", "id bigint", "sent bigint", "failed bigint", "unknown bigint")+`
		WHERE occurrences.id = r.id RETURNING offer, recent, recent_failed, stop_at`, list)
	if err != nil {
		return fmt.Errorf("count what came of %d occurrences: %w", len(rows), err)
	}
	for _, o := range judged {
		if !offer.TooMany(o.Failed, o.Recent, o.StopAt) {
			continue
		}
		if _, err := tx.pause(ctx, o.Offer, offer.PausedByFailures); err != nil {
			return err
		}
	}
	return nil
}

// pause holds an offer, unless it is held already.
func (tx *Tx) pause(ctx context.Context, id, why string) (int64, error) {
	n, err := tx.exec(ctx, `UPDATE schedules SET paused = 1, paused_why = ?, paused_at = ? WHERE name = ? AND paused = 0`, why, ms(tx.Now()), scheduleOf(id))
	if err != nil {
		return 0, fmt.Errorf("pause offer %s: %w", id, err)
	}
	return n, nil
}

// scheduleOf is an offer's name among schedules.
func scheduleOf(id string) string { return "offer/" + id }

// Pause implements offer.Control.
func (s Offers) Pause(ctx context.Context, id, why string) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		if n, err := tx.pause(ctx, id, why); err != nil || n > 0 {
			return err
		}
		return tx.known(ctx, id)
	})
}

// known is ErrNotFound for an offer that was never loaded.
func (tx *Tx) known(ctx context.Context, id string) error {
	var name string
	if err := tx.get(ctx, &name, `SELECT name FROM schedules WHERE name = ?`, scheduleOf(id)); err != nil {
		return fmt.Errorf("look for offer %s: %w", id, err)
	}
	return nil
}

// Resume implements offer.Control.
func (s Offers) Resume(ctx context.Context, id string) error {
	return s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.resume(ctx, id)
		return err
	})
}

// resume lets a paused offer go on; false when it does already.
func (tx *Tx) resume(ctx context.Context, id string) (bool, error) {
	n, err := tx.exec(ctx, `UPDATE schedules SET paused = 0, paused_why = '', paused_at = 0 WHERE name = ? AND paused = 1`, scheduleOf(id))
	if err != nil {
		return false, fmt.Errorf("resume offer %s: %w", id, err)
	}
	if n == 0 {
		return false, tx.known(ctx, id)
	}
	if _, err := tx.exec(ctx, `UPDATE occurrences SET recent = 0, recent_failed = 0 WHERE offer = ? AND state IN ('open', 'planned')`, id); err != nil {
		return false, fmt.Errorf("resume offer %s: %w", id, err)
	}
	// The messages that were held meanwhile: a page of them, and what their people's nights had put off before.
	var accounts []string
	err = tx.list(ctx, &accounts, `UPDATE outbox SET not_before = 0, error_code = '' WHERE state = 0 AND error_code = ?
		AND (report_kind = ? AND EXISTS (SELECT 1 FROM deliveries d JOIN occurrences o ON o.id = d.occurrence_id WHERE d.id = outbox.report_id AND o.offer = ?)
		OR report_kind = ? AND EXISTS (SELECT 1 FROM posts d JOIN occurrences o ON o.id = d.occurrence_id WHERE d.id = outbox.report_id AND o.offer = ?))
		RETURNING account`, offer.ReasonPaused, offer.ReportDelivery, id, offer.ReportPost, id)
	if err != nil {
		return false, fmt.Errorf("release the messages of offer %s: %w", id, err)
	}
	for _, account := range accounts {
		tx.touch(BoxBulk, account)
	}
	return true, nil
}

// Stop implements offer.Control.
func (s Offers) Stop(ctx context.Context, id string) (ended int, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.exec(ctx, `UPDATE occurrences SET state = 'stopped', reason = ?, finished_at = ? WHERE offer = ? AND state IN ('open', 'planned')`,
			offer.PausedByStaff, ms(tx.Now()), id)
		if err != nil {
			return fmt.Errorf("stop offer %s: %w", id, err)
		}
		ended = int(n)
		_, err = tx.exec(ctx, `UPDATE posts SET state = ?, reason = ?, settled_at = ? WHERE state = 'open'
			AND occurrence_id IN (SELECT id FROM occurrences WHERE offer = ? AND state = 'stopped')`,
			offer.StateSuppressed, offer.ReasonStopped, ms(tx.Now()), id)
		if err != nil {
			return fmt.Errorf("stop the posts of offer %s: %w", id, err)
		}
		return tx.known(ctx, id)
	})
	return ended, err
}

// Progress implements offer.Control.
func (s Offers) Progress(ctx context.Context, limit int) ([]offer.Progress, error) {
	var rows []struct {
		ID      int64
		Offer   string
		Due     int64 `db:"due_at"`
		State   string
		Paused  string
		Sent    int
		Failed  int
		Unknown int
		Waiting int
	}
	err := s.db.statements.list(ctx, &rows, `SELECT o.id, o.offer, o.due_at, o.state, o.sent, o.failed, o.unknown,
		CASE WHEN o.state IN ('open', 'planned') THEN COALESCE((SELECT s.paused_why FROM schedules s WHERE s.name = 'offer/' || o.offer AND s.paused = 1), '')
			ELSE '' END AS paused,
		(SELECT count(*) FROM deliveries d WHERE d.occurrence_id = o.id AND d.state IN ('pending', 'deferred'))
			+ (SELECT count(*) FROM posts p WHERE p.occurrence_id = o.id AND p.state IN ('open', 'pending', 'deferred')) AS waiting
		FROM occurrences o WHERE o.subject_id = 0 ORDER BY o.id DESC LIMIT CAST(? AS bigint)`, limit)
	if err != nil {
		return nil, fmt.Errorf("list how offers go: %w", err)
	}
	out := make([]offer.Progress, len(rows))
	for i, r := range rows {
		out[i] = offer.Progress{
			Occurrence: r.ID, Offer: r.Offer, Due: instant(r.Due), State: r.State, Paused: r.Paused,
			Sent: r.Sent, Failed: r.Failed, Unknown: r.Unknown, Waiting: r.Waiting,
		}
	}
	return out, nil
}

// heldFor is how far a message of a paused offer is put off that would never be too late.
const heldFor = 365 * 24 * time.Hour

// OfferGate holds the messages of paused offers, drops those of stopped ones, and asks next about the others. What it
// holds waits until it would be too late, unless the offer is resumed before.
func OfferGate(next Gate) Gate {
	return func(ctx context.Context, tx *Tx, now time.Time, candidates []Candidate) ([]Verdict, error) {
		held, err := tx.heldOffers(ctx, candidates)
		if err != nil {
			return nil, err
		}
		if len(held) == 0 {
			return next(ctx, tx, now, candidates)
		}
		out := make([]Verdict, len(candidates))
		var rest []Candidate
		var place []int
		for i, c := range candidates {
			switch why := held[c.ID]; why {
			case "":
				rest, place = append(rest, c), append(place, i)
			case offer.ReasonStopped:
				out[i] = Verdict{Suppress: why}
			default:
				until := now.Add(heldFor)
				if !c.NotAfter.IsZero() {
					until = c.NotAfter.Add(time.Millisecond)
				}
				out[i] = Verdict{Defer: until, Reason: why}
			}
		}
		verdicts, err := next(ctx, tx, now, rest)
		if err != nil {
			return nil, err
		}
		for i, v := range verdicts {
			out[place[i]] = v
		}
		return out, nil
	}
}

// heldOffers tells which messages belong to an offer that is paused or was stopped. The pause is locked, so that who
// resumes it finds every message that was held.
func (tx *Tx) heldOffers(ctx context.Context, candidates []Candidate) (map[conversation.OutgoingID]string, error) {
	deliveries, posts := map[int64]conversation.OutgoingID{}, map[int64]conversation.OutgoingID{}
	for _, c := range candidates {
		switch c.Report.Kind {
		case offer.ReportDelivery:
			deliveries[c.Report.ID] = c.ID
		case offer.ReportPost:
			posts[c.Report.ID] = c.ID
		}
	}
	if len(deliveries)+len(posts) == 0 {
		return nil, nil
	}
	var paused []string
	if err := tx.list(ctx, &paused, `SELECT name FROM schedules WHERE paused = 1`+tx.d.shareRow); err != nil {
		return nil, fmt.Errorf("list paused offers: %w", err)
	}
	held := map[conversation.OutgoingID]string{}
	if err := tx.heldAmong(ctx, "deliveries", deliveries, paused, held); err != nil {
		return nil, err
	}
	return held, tx.heldAmong(ctx, "posts", posts, paused, held)
}

// heldAmong is heldOffers for the messages of one table, by the number of the row that they settle.
func (tx *Tx) heldAmong(ctx context.Context, table string, of map[int64]conversation.OutgoingID, paused []string, into map[conversation.OutgoingID]string) error {
	if len(of) == 0 {
		return nil
	}
	var rows []struct {
		ID    int64
		Offer string
		State string
	}
	err := tx.list(ctx, &rows, `SELECT d.id, o.offer, o.state FROM `+table+` d JOIN occurrences o ON o.id = d.occurrence_id WHERE `+tx.d.in("d.id"),
		ids(tx.d, slices.Sorted(maps.Keys(of))))
	if err != nil {
		return fmt.Errorf("look whether %d offers go on: %w", len(of), err)
	}
	for _, r := range rows {
		switch {
		case r.State == "stopped":
			into[of[r.ID]] = offer.ReasonStopped
		case slices.Contains(paused, scheduleOf(r.Offer)):
			into[of[r.ID]] = offer.ReasonPaused
		}
	}
	return nil
}
