package persistence

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
)

// dialect is how the two databases differ. Everything else is SQL that both understand, with ? for parameters.
type dialect struct {
	sqlite bool
	bind   int
	// clock is the database's own clock in milliseconds.
	clock string
	// lockRow and shareRow end a SELECT that locks its rows against others, and against changes only.
	// SQLite needs neither: whoever writes has the whole database.
	lockRow, shareRow string
	// joins says that several writes may travel as one statement.
	joins bool
}

var (
	sqliteDialect = dialect{
		sqlite: true, bind: sqlx.QUESTION, clock: `CAST(unixepoch('subsec') * 1000 AS INTEGER)`,
	}
	postgresDialect = dialect{
		bind: sqlx.DOLLAR, clock: `CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)`,
		// NO KEY: rows that refer to the locked one can still be written by others.
		lockRow: ` FOR NO KEY UPDATE`, shareRow: ` FOR SHARE`, joins: true,
	}
)

// rows is a table made of one parameter, the JSON list of objects that objects answers. Columns are given as
// "name type" with the types bigint, text and double precision.
func (d *dialect) rows(alias string, columns ...string) string {
	if !d.sqlite {
		return "json_to_recordset(CAST(? AS json)) AS " + alias + " (" + strings.Join(columns, ", ") + ")"
	}
	picks := make([]string, len(columns))
	for i, c := range columns {
		name, _, _ := strings.Cut(c, " ")
		picks[i] = "value ->> '" + name + "' AS " + name
	}
	return "(SELECT " + strings.Join(picks, ", ") + " FROM jsonb_each(?)) AS " + alias
}

// in is "column is one of the ids of one parameter", the list that ids answers.
func (d *dialect) in(column string) string {
	if d.sqlite {
		return column + " IN (SELECT value FROM json_each(?))"
	}
	return column + " = ANY (CAST(? AS bigint[]))"
}

// ids is a list of ids as one parameter for in.
func ids[T ~int64](d *dialect, list []T) string {
	open, end := "{", "}"
	if d.sqlite {
		open, end = "[", "]"
	}
	b := make([]byte, 0, 2+8*len(list))
	b = append(b, open...)
	for i, id := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(id), 10)
	}
	return string(append(b, end...))
}

// objects is a list of structs as one parameter for rows. Their JSON names are the columns.
func objects[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil // not null, which PostgreSQL does not take for a list
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("encode %d rows: %w", len(list), err)
	}
	return string(raw), nil
}

// flag is a yes or no as both databases keep it.
func flag(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// clean makes a platform's string storable: PostgreSQL takes neither a zero byte nor bytes that are not UTF-8.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// snapshot are the options of a transaction that only reads.
func (d *dialect) snapshot() *sql.TxOptions {
	if d.sqlite {
		return nil // a deferred transaction reads one state; the connection cannot write anyway
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// texts is a parenthesised list of texts of one parameter, a JSON list of strings.
func (d *dialect) texts() string {
	if d.sqlite {
		return "(SELECT value FROM json_each(?))"
	}
	return "(SELECT value FROM json_array_elements_text(CAST(? AS json)))"
}

// lockOf ends a SELECT over several tables that locks the rows of one of them, in the order of the result.
func (d *dialect) lockOf(alias string) string {
	if d.sqlite {
		return ""
	}
	return d.lockRow + " OF " + alias
}
