package persistence

import (
	"context"
	"errors"

	"github.com/rapport-chat/rapport/conversation"
)

// SavePerson implements conversation.Tx. It writes to the person's root, where all linked records find it.
func (tx *Tx) SavePerson(_ context.Context, p conversation.Person) error {
	root := tx.turn.root
	if root == 0 {
		root = p.Root
	}
	welcomed := int64(0)
	if p.Welcomed {
		welcomed = ms(tx.Now())
	}
	asked := int64(0) // never taken back: nobody is asked twice
	if p.OffersAsked {
		asked = ms(tx.Now())
	}
	if root == 0 {
		return errors.New("save a person that is nobody")
	}
	tx.person = &write{
		`UPDATE customers SET chosen = ?, spoken = ?, name = ?, honorific = ?, zone = ?,
		welcomed_at = CASE WHEN CAST(? AS bigint) = 0 THEN 0 WHEN welcomed_at > 0 THEN welcomed_at ELSE CAST(? AS bigint) END,
		offers_asked_at = CASE WHEN offers_asked_at > 0 THEN offers_asked_at ELSE CAST(? AS bigint) END WHERE id = ?`,
		[]any{string(p.Chosen), string(p.Spoken), clean(p.Name), p.Honorific, p.Zone, welcomed, welcomed, asked, int64(root)},
	}
	return nil
}

// sameRoot are all records of a person, given any one of them.
const sameRoot = `(SELECT linked.id FROM customers linked JOIN customers asked ON asked.root_id = linked.root_id WHERE asked.id = ?)`
