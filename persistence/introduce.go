package persistence

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-chat/rapport/conversation"
)

// keepStrange writes a batch in which there may be strangers.
func (b *batch) keepStrange(ctx context.Context, tx *Tx) (fresh int, err error) {
	if fresh, err = b.keep(ctx, &tx.statements); err != nil || fresh == len(b.rows) {
		return fresh, err
	}
	var missing []struct {
		N        int
		NoSender int64 `db:"no_sender"`
		NoChat   int64 `db:"no_chat"`
		Known    bool
	}
	if err := tx.list(ctx, &missing, b.sql.missing, b.events); err != nil {
		return 0, err
	}
	var again []int
	for _, m := range missing {
		if m.Known {
			again = append(again, m.N)
		}
	}
	if len(again) > 0 { // repeated events of somebody who was erased: nobody is made known by them
		b.drop(again)
		if len(b.rows) == 0 {
			return fresh, nil
		}
		more, err := b.keepStrange(ctx, tx)
		return fresh + more, err
	}
	strangers, chats := map[[2]string]bool{}, map[[2]string]int{}
	for _, m := range missing {
		row := b.rows[m.N]
		if m.NoSender == 1 {
			strangers[[2]string{row.Channel, row.User}] = true
		}
		if m.NoChat == 1 {
			chats[[2]string{row.Account, row.Chat}] = m.N
		}
	}
	if err := b.introduce(ctx, tx, strangers); err != nil {
		return 0, err
	}
	if err := b.openChats(ctx, tx, chats); err != nil {
		return 0, err
	}
	// Also when nobody is missing: another process may have made them known between the two looks.
	more, err := b.keep(ctx, &tx.statements)
	return fresh + more, err
}

// drop leaves events out of the batch, given by their places.
func (b *batch) drop(places []int) {
	var rows []eventRow
	var in []conversation.Inbound
	senders := map[[2]string]bool{}
	for n, row := range b.rows {
		if slices.Contains(places, n) {
			continue
		}
		senders[[2]string{row.Channel, row.User}] = true
		row.N = len(rows)
		rows, in = append(rows, row), append(in, b.in[n])
	}
	b.people = slices.DeleteFunc(slices.Clone(b.people), func(p senderRow) bool { return !senders[[2]string{p.Channel, p.User}] })
	b.rows, b.in, b.events, b.senders = rows, in, "", ""
}

// introduce makes senders known, each as a customer.
func (b *batch) introduce(ctx context.Context, tx *Tx, strangers map[[2]string]bool) error {
	var fresh []senderRow
	for _, p := range b.people {
		if strangers[[2]string{p.Channel, p.User}] {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	list, err := objects(fresh)
	if err != nil {
		return err
	}
	var made []int64
	if err := tx.list(ctx, &made, b.sql.customers, list); err != nil {
		return fmt.Errorf("make %d customers: %w", len(fresh), err)
	}
	if _, err := tx.exec(ctx, `UPDATE customers SET root_id = id WHERE `+b.d.in("id"), ids(b.d, made)); err != nil {
		return err
	}
	type identityRow struct {
		senderRow
		Customer int64 `json:"customer"`
	}
	rows := make([]identityRow, len(fresh))
	for i := range fresh {
		rows[i] = identityRow{fresh[i], made[i]}
	}
	if list, err = objects(rows); err != nil {
		return err
	}
	n, err := tx.exec(ctx, b.sql.identities, list)
	if err != nil || int(n) == len(fresh) {
		return err
	}
	_, err = tx.exec(ctx, b.sql.orphans, ids(b.d, made)) // another process has introduced some meanwhile
	return err
}

// openChats makes conversations known.
func (b *batch) openChats(ctx context.Context, tx *Tx, chats map[[2]string]int) error {
	if len(chats) == 0 {
		return nil
	}
	rows := make([]eventRow, 0, len(chats))
	for n, row := range b.rows {
		if at, missing := chats[[2]string{row.Account, row.Chat}]; missing && at == n {
			row.Payload = ""
			rows = append(rows, row)
		}
	}
	list, err := objects(rows)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, b.sql.conversations, list)
	return err
}
