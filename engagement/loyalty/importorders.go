package loyalty

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// BadRow is a row of an import that was skipped.
type BadRow struct {
	Line int    `json:"line"` // of the file, from 1
	Why  string `json:"why"`
}

// Imported counts what an import did.
type Imported struct {
	Fresh   int      `json:"fresh"`   // taken now, or told to be returned
	Known   int      `json:"known"`   // there already
	Waiting int      `json:"waiting"` // of Fresh: the phone is nobody's yet
	Points  int64    `json:"points"`
	Bad     []BadRow `json:"bad"`
}

// columns are those of a CSV file of orders. lines holds categories with amounts: beans:20;drinks:4.50.
var columns = []string{"id", "at", "total", "currency", "code", "phone", "shop", "returned", "lines"}

// maxImportLine bounds a line of JSON, in bytes.
const maxImportLine = 1 << 20

// ImportOrders takes orders out of a file: CSV with a line of column names, or JSON lines when the first character is
// an opening brace. A bad row is skipped and counted; the error is one of reading or of the database, and what was
// taken before it stays. The same file again changes nothing. progress, when not nil, hears of every line.
func (p *Programme) ImportOrders(ctx context.Context, r io.Reader, source string, now func() time.Time, progress func(line int)) (Imported, error) {
	done := Imported{Bad: []BadRow{}}
	in := bufio.NewReader(r)
	take := func(line int, d Document, err error) error {
		if progress != nil {
			progress(line)
		}
		if err == nil {
			err = p.importOne(ctx, d, source, now(), &done)
		}
		if err != nil && !isRowError(err) {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if err != nil {
			done.Bad = append(done.Bad, BadRow{Line: line, Why: strings.TrimPrefix(err.Error(), ErrBadOrder.Error()+": ")})
		}
		return nil
	}
	first, err := in.Peek(1)
	if errors.Is(err, io.EOF) {
		return done, nil
	}
	if err != nil {
		return done, fmt.Errorf("read the orders: %w", err)
	}
	if first[0] == '{' {
		return done, readJSONOrders(in, take)
	}
	return done, p.readCSVOrders(in, take)
}

// importOne takes one order.
func (p *Programme) importOne(ctx context.Context, d Document, source string, now time.Time, done *Imported) error {
	o, err := d.Order(source, p.Currency)
	if err != nil {
		return err
	}
	rec, err := p.Purchase(ctx, o, now)
	if err != nil {
		return err
	}
	switch {
	case !rec.Fresh && !o.Returned:
		done.Known++
	default:
		done.Fresh++
		done.Points += rec.Points
		if rec.Customer == 0 {
			done.Waiting++
		}
	}
	return nil
}

// isRowError tells what is wrong with a row from what is wrong with us.
func isRowError(err error) bool {
	for _, of := range []error{ErrBadOrder, ErrNobody, ErrUnknownCode, ErrBadPhone, ErrOrderChanged} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// readJSONOrders reads one object a line.
func readJSONOrders(in io.Reader, take func(int, Document, error) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxImportLine)
	for n := 1; lines.Scan(); n++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		var d Document
		err := json.Unmarshal(lines.Bytes(), &d)
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrBadOrder, err)
		}
		if err := take(n, d, err); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the orders: %w", err)
	}
	return nil
}

// readCSVOrders reads rows by the names of their columns. Commas and semicolons both separate, as spreadsheets write.
func (p *Programme) readCSVOrders(in *bufio.Reader, take func(int, Document, error) error) error {
	rows := csv.NewReader(in)
	rows.FieldsPerRecord, rows.TrimLeadingSpace, rows.ReuseRecord = -1, true, true
	if head, _ := in.Peek(in.Buffered()); strings.Count(firstLine(head), ";") > strings.Count(firstLine(head), ",") {
		rows.Comma = ';'
	}
	names, err := rows.Read()
	if err != nil {
		return fmt.Errorf("read the column names: %w", err)
	}
	place, err := columnPlaces(names)
	if err != nil {
		return err
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, _ := rows.FieldPos(0)
		var d Document
		var broken *csv.ParseError
		switch {
		case errors.As(err, &broken):
			line, err = broken.Line, fmt.Errorf("%w: %w", ErrBadOrder, broken.Err)
		case err != nil:
			return fmt.Errorf("read the orders: %w", err)
		default:
			d, err = rowDocument(row, place, p.Zone)
		}
		if err := take(line, d, err); err != nil {
			return err
		}
	}
}

func firstLine(head []byte) string {
	line, _, _ := strings.Cut(string(head), "\n")
	return line
}

// columnPlaces finds the columns; an unknown one is a mistake that would lose data in silence.
func columnPlaces(names []string) (map[string]int, error) {
	place := map[string]int{}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains(columns, name) {
			hint := config.Suggest(name, columns)
			return nil, fmt.Errorf("%w: the column %q is not known (%s)", ErrBadOrder, name, hint)
		}
		place[name] = i
	}
	for _, name := range []string{"id", "total"} {
		if _, ok := place[name]; !ok {
			return nil, fmt.Errorf("%w: the column %q is missing", ErrBadOrder, name)
		}
	}
	return place, nil
}

// rowDocument reads one row. Times without a zone are the brand's.
func rowDocument(row []string, place map[string]int, zone *time.Location) (Document, error) {
	field := func(name string) string {
		if i, ok := place[name]; ok && i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	d := Document{
		ID: field("id"), Code: field("code"), Phone: field("phone"), Total: Amount(field("total")),
		Currency: field("currency"), Shop: field("shop"),
	}
	var err error
	if d.At, err = readTime(field("at"), zone); err != nil {
		return d, err
	}
	switch strings.ToLower(field("returned")) {
	case "", "0", "no", "false":
	case "1", "yes", "true":
		d.Returned = true
	default:
		return d, fmt.Errorf("%w: returned is yes or no", ErrBadOrder)
	}
	for part := range strings.SplitSeq(field("lines"), ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		category, amount, ok := strings.Cut(part, ":")
		if !ok {
			return d, fmt.Errorf("%w: lines are written beans:20;drinks:4.50", ErrBadOrder)
		}
		d.Lines = append(d.Lines, DocumentLine{Category: strings.TrimSpace(category), Total: Amount(strings.TrimSpace(amount))})
	}
	return d, nil
}

// timeLayouts are the ways in which a file may write a time.
var timeLayouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

func readTime(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %q is no time: write 2026-12-02T14:05:00+04:00 or 2026-12-02 14:05", ErrBadOrder, text)
}
