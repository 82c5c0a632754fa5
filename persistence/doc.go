// Package persistence implements, on SQLite and on PostgreSQL, the stores that the other packages declare. All SQL,
// the drivers and their errors stay in here.
//
// # Transactions
//
// DB.Do runs a function in a transaction; Conversations.Settle runs a turn's Commit in one, with the person and the
// conversation locked. On SQLite one goroutine writes: it runs whatever functions are waiting inside one transaction,
// each under a savepoint, and answers them after the commit. On PostgreSQL each function has a connection of its own
// and is run again when it met another transaction. So a function is short, calls nothing but its Tx, and may be run
// twice.
//
// # How a feature adds its store
//
// A feature declares what it needs, `type Stores interface{ In(tx conversation.Tx) Books }`, and this package answers
// in a file of its own:
//
//	// Surveys implements survey.Stores.
//	type Surveys struct{ db *DB }
//
//	var _ survey.Stores = Surveys{}
//
//	func (db *DB) Surveys() Surveys { return Surveys{db} }
//
//	// In binds the store to a turn.
//	func (Surveys) In(tx conversation.Tx) survey.Books { return surveyBooks{From(tx)} }
//
//	type surveyBooks struct{ tx *Tx }
//
//	func (b surveyBooks) RecordScore(ctx context.Context, a survey.Answer) (first bool, err error) {
//		n, err := b.tx.exec(ctx, `INSERT INTO survey_responses (invitation_id, ...) VALUES (?, ...)
//			ON CONFLICT (invitation_id) DO NOTHING`, a.Invitation, ...)
//		return n == 1, err
//	}
//
// Rules for its SQL:
//   - Both databases understand it: ? for parameters, RETURNING, ON CONFLICT, CAST(x AS text), no booleans (flag), no
//     time types (ms, instant). The few things that differ are methods of dialect.
//   - Queries are constants, because each is prepared once per connection. A list of ids is one parameter (dialect.in
//     and ids), a page of rows is one parameter (dialect.rows and objects).
//   - LIMIT CAST(? AS bigint), not LIMIT ?: SQLite would prepare the statement again for each new value.
//   - A repeat that is expected is ON CONFLICT DO NOTHING and a look at the count: an error ends a PostgreSQL
//     transaction. No row is conversation.ErrNotFound.
//   - Tx has exec, get, list and each; so has db.statements for single reads outside a transaction.
//   - Messages are kept back until the end of the transaction: rows of ours may hold an OutgoingID, but not with a
//     foreign key. So is SavePerson, and what is given to Tx.later: a write that nothing else in the transaction relies
//     on. A turn that only writes such things is one statement on PostgreSQL; its first other statement begins an
//     ordinary transaction.
//   - Locks are taken roots of customers first, then conversations, then the rest by id.
//   - What strangers typed goes through clean before it is a key or a column.
//   - Reads of one row or one page use db.statements; what must see one state of several tables uses DB.Read.
//
// What else a feature can hang itself on: DB.SetGate decides about whatever we start when it is claimed, DB.OnReport
// settles a record together with the message that names it in Outgoing.Report, DB.OnTicket follows the opening of a
// ticket, each in the transaction that it belongs to; DB.OnNudge hears of committed rows. An agenda that one process
// should run takes a lease of its own name with Outbox.Acquire.
//
// Its tables have a headed section in each of migrations/sqlite and migrations/postgres, equal but for the types. What
// we start ourselves begins with DB.Approach or DB.ForCustomer, which lock as a turn does.
package persistence
