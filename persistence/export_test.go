package persistence

import "context"

// Count answers how many rows there are in a table, with an optional condition behind it.
func Count(ctx context.Context, db *DB, from string) (int, error) {
	var n int
	err := db.statements.get(ctx, &n, "SELECT count(*) FROM "+from)
	return n, err
}
