package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// CodeForgotten is why messages to a person who was erased are not sent, and what their open work ended with.
const CodeForgotten = "forgotten"

// ForgottenReport is what the last sentence to an erased person names in Outgoing.Report: with its outcome the address
// is erased too.
const ForgottenReport = CodeForgotten

// farewellWithin is how long the last sentence is tried: its address is kept no longer than that.
const farewellWithin = 3 * 24 * time.Hour

// ErrNothingToErase is the answer of Tx.Erase when the ticket that it is for is resolved already, or somebody else's.
var ErrNothingToErase = errors.New("the ticket is resolved already")

// Erasure is who is erased, on whose word.
type Erasure struct {
	Look // what DB.LookForErasure found, outside any transaction
	// By is who does it, as the audit trail names people.
	By string
	// Ticket is the unresolved ticket of the person that asks for it; 0 for none in particular.
	Ticket int64
	// Farewell is the last sentence. It is sent to who has an unresolved ticket of conversation.ReasonPrivacy, and to nobody else.
	Farewell func(lang language.Code) texts.Rich
}

// Erased is what an erasure came to.
type Erased struct {
	Customer conversation.CustomerID // the number that is left of the person
	Told     bool                    // the last sentence is on its way
}

// Erase is Tx.Erase in a transaction of its own, after a look at what there is.
func (db *DB) Erase(ctx context.Context, who conversation.CustomerID, e Erasure) (done Erased, err error) {
	if e.Look, err = db.LookForErasure(ctx, who); err != nil {
		return Erased{}, err
	}
	err = db.Do(ctx, func(ctx context.Context, tx *Tx) error {
		done, err = tx.Erase(ctx, e)
		return err
	})
	return done, err
}

// Erase takes a person out of the database with all linked records: names, numbers, words, addresses and the platforms'
// ids. What sums rest on stays under a number that nobody belongs to. Nothing more is sent to the person but the last
// sentence, what is in flight settles without a word, and a repeated event ends at its key. Whoever writes again is
// somebody new. A second time changes nothing.
func (tx *Tx) Erase(ctx context.Context, e Erasure) (Erased, error) {
	turn := tx.turn
	defer func() { tx.turn = turn }()
	if err := tx.lockRoot(ctx, e.Customer); err != nil {
		return Erased{}, err
	}
	root := tx.turn.root
	tx.turn = scope{now: tx.Now()}
	p, err := tx.erasable(ctx, root)
	if err != nil {
		return Erased{}, fmt.Errorf("see what is to be erased of %d: %w", root, err)
	}
	told, err := tx.farewell(ctx, e, root, p)
	if err == nil {
		err = tx.wipe(ctx, e, p)
	}
	if err == nil {
		err = tx.audit(ctx, fmt.Sprintf("forget:%d", root), e.By, "forget", "customer", int64(root), nil)
	}
	if err != nil {
		return Erased{}, fmt.Errorf("erase customer %d: %w", root, err)
	}
	tx.tickets = true
	return Erased{Customer: root, Told: told}, nil
}

// wipe erases in everything that knows the person.
func (tx *Tx) wipe(ctx context.Context, e Erasure, p *erasable) error {
	more, err := findTraces(ctx, &tx.statements, p, e.traces.upTo)
	if err != nil {
		return err
	}
	more.join(e.traces)
	return tx.overwriting(ctx, func() error {
		for _, step := range []func(context.Context, *erasable) error{tx.wipeEvents, tx.wipeMessages, tx.wipeAnswers, tx.wipeTables} {
			if err := step(ctx, p); err != nil {
				return err
			}
		}
		return tx.wipeTraces(ctx, p, more)
	})
}

// overwriting has SQLite write zeros over what fn takes out, which the free parts of the file would else keep.
func (tx *Tx) overwriting(ctx context.Context, fn func() error) error {
	if !tx.d.sqlite {
		return fn()
	}
	_, err := tx.exec(ctx, `PRAGMA secure_delete = ON`)
	if err != nil {
		return err
	}
	err = fn()
	_, off := tx.exec(ctx, `PRAGMA secure_delete = OFF`)
	return errors.Join(err, off)
}

// farewell answers whether the person is told, and puts the last sentence into the outbox.
func (tx *Tx) farewell(ctx context.Context, e Erasure, root conversation.CustomerID, p *erasable) (bool, error) {
	var rows []struct {
		ID      int64
		Reason  string
		Lang    string
		Account string
		Channel string
		Chat    string
	}
	err := tx.list(ctx, &rows, `SELECT t.id, t.reason, t.lang, COALESCE(c.account, '') AS account, COALESCE(c.channel, '') AS channel,
		COALESCE(c.chat, '') AS chat FROM tickets t LEFT JOIN conversations c ON c.id = t.conversation_id
		WHERE t.state <> 'resolved' AND `+tx.d.in("t.customer_id")+` ORDER BY t.id DESC`, ids(tx.d, p.records))
	if err != nil {
		return false, err
	}
	found, told := e.Ticket == 0, false
	for _, r := range rows {
		found = found || r.ID == e.Ticket
		if told || e.Farewell == nil || r.Chat == "" || r.Reason != conversation.ReasonPrivacy {
			continue
		}
		lang := language.Code(r.Lang)
		if lang == "" {
			lang = language.English
		}
		_, err := tx.Send(ctx, conversation.Outgoing{
			Key: fmt.Sprintf("forgotten:%d", root), To: conversation.Address{Channel: r.Channel, Account: r.Account, Chat: r.Chat},
			Customer: -1, Lane: conversation.LaneAnswer, NotAfter: tx.Now().Add(farewellWithin),
			Body: conversation.Body{Text: e.Farewell(lang)}, Report: conversation.Ref{Kind: ForgottenReport, ID: int64(root)},
		})
		if err != nil {
			return false, err
		}
		told = true
	}
	if !found {
		return false, ErrNothingToErase
	}
	return told, nil
}

// forgetAddress is the report hook of the last sentence.
func forgetAddress(ctx context.Context, tx *Tx, reports []Report) error {
	list := make([]int64, 0, len(reports))
	for _, r := range reports {
		if r.Deferred.IsZero() {
			list = append(list, int64(r.Item))
		}
	}
	err := tx.overwriting(ctx, func() error {
		_, err := tx.exec(ctx, `UPDATE outbox SET `+emptied+` WHERE `+tx.d.in("id"), ids(tx.d, list))
		return err
	})
	if err != nil {
		return fmt.Errorf("erase the address of a last sentence: %w", err)
	}
	return nil
}

// EraseLeftovers erases again, in people who were erased since a time, what was being written about them at that very
// moment. It answers in how many it looked.
func (db *DB) EraseLeftovers(ctx context.Context, since time.Time) (n int, err error) {
	var roots []int64
	err = db.statements.list(ctx, &roots, `SELECT id FROM customers WHERE forgotten_at > 0 AND forgotten_at >= ? AND id = root_id`, ms(since))
	if err != nil {
		return 0, fmt.Errorf("list who was erased: %w", err)
	}
	for _, root := range roots {
		look, err := db.LookForErasure(ctx, conversation.CustomerID(root))
		if err != nil {
			return n, err
		}
		err = db.Do(ctx, func(ctx context.Context, tx *Tx) error {
			if err := tx.lockRoot(ctx, look.Customer); err != nil {
				return err
			}
			tx.turn = scope{}
			p, err := tx.erasable(ctx, look.Customer)
			if err != nil {
				return err
			}
			return tx.wipe(ctx, Erasure{Look: look, By: CodeForgotten}, p)
		})
		if err != nil {
			return n, fmt.Errorf("erase what is left of %d: %w", root, err)
		}
		n++
	}
	return n, nil
}
