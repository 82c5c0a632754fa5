package persistence

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
)

// topicAll is the consent that "stop" refuses.
const topicAll = "all"

// RecordConsent implements conversation.Tx.
func (tx *Tx) RecordConsent(ctx context.Context, c conversation.Consent) error {
	if tx.turn.person == 0 {
		return errors.New("a consent of nobody: outside a turn use RecordConsentOf")
	}
	key := fmt.Sprintf("inbox:%d:%d", tx.turn.inbox, tx.turn.consents)
	tx.turn.consents++
	_, err := tx.RecordConsentOf(ctx, tx.turn.person, tx.turn.to.Channel, key, c)
	return err
}

// RecordConsentOf keeps a yes or no that came outside a turn, from an import or from staff. key makes it unique:
// fresh is false when it was kept before, and then nothing changes. A no holds for the whole person, a yes for the
// record and the channel that it was said with, but a yes to a topic of offers unmutes it everywhere. A no to "all" stops
// everything that we start; its undoing is no yes to anything: what was agreed to before is in force again, nothing more.
func (tx *Tx) RecordConsentOf(ctx context.Context, who conversation.CustomerID, channel, key string, c conversation.Consent) (fresh bool, err error) {
	at := ms(tx.Now())
	var id int64
	err = tx.get(ctx, &id, `INSERT INTO consents (key, customer_id, root_id, channel, topic, granted, wording, way, given_at)
		SELECT ?, id, root_id, ?, ?, ?, ?, ?, ? FROM customers WHERE id = ? ON CONFLICT (key) DO NOTHING RETURNING id`,
		clean(key), channel, c.Topic, flag(c.Granted), c.Wording, c.Way, at, int64(who))
	if errors.Is(err, conversation.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("record a consent of %d: %w", who, err)
	}
	if c.Topic == topicAll && c.Granted {
		return true, tx.followConsent(ctx, who, channel, id, at, c)
	}
	_, err = tx.exec(ctx, `INSERT INTO consents_in_force (customer_id, channel, topic, granted, consent_id, given_at)
		VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (customer_id, channel, topic)
		DO UPDATE SET granted = excluded.granted, consent_id = excluded.consent_id, given_at = excluded.given_at`,
		int64(who), channel, c.Topic, flag(c.Granted), id, at)
	if err != nil {
		return false, fmt.Errorf("put a consent of %d in force: %w", who, err)
	}
	return true, tx.followConsent(ctx, who, channel, id, at, c)
}

// followConsent writes what else changes with a consent.
func (tx *Tx) followConsent(ctx context.Context, who conversation.CustomerID, channel string, id, at int64, c conversation.Consent) error {
	var all []write
	if !c.Granted {
		all = append(all, write{`UPDATE consents_in_force SET granted = 0, consent_id = ?, given_at = ?
			WHERE topic = ? AND granted = 1 AND customer_id IN ` + sameRoot, []any{id, at, c.Topic, int64(who)}})
	}
	switch {
	case c.Topic == topicAll:
		all = append(all, write{`UPDATE customers SET stopped = ? WHERE id IN ` + sameRoot, []any{flag(!c.Granted), int64(who)}})
		if c.Granted {
			all = append(all, write{`DELETE FROM consents_in_force WHERE topic = 'all' AND customer_id IN ` + sameRoot, []any{int64(who)}})
		}
	case c.Granted && strings.Contains(c.Topic, "/"):
		all = append(all, write{`UPDATE consents_in_force SET granted = 1, consent_id = ?, given_at = ?
			WHERE topic = ? AND granted = 0 AND customer_id IN ` + sameRoot, []any{id, at, c.Topic, int64(who)}})
	case c.Granted:
		all = append(all, write{`UPDATE identities SET needs_consent = 0 WHERE customer_id = ? AND channel = ?`, []any{int64(who), channel}})
	}
	if len(all) == 0 {
		return nil
	}
	if _, err := tx.writeAll(ctx, all...); err != nil {
		return fmt.Errorf("follow a consent of %d: %w", who, err)
	}
	return nil
}
