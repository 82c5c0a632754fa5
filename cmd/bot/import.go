package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/persistence"
)

type importCmd struct {
	Orders importOrdersCmd `cmd:"" help:"Purchases from a CSV file or JSON lines. The same file again changes nothing."`
}

type importOrdersCmd struct {
	Source string `default:"import" placeholder:"NAME" help:"Who tells: with the order's id it makes an order unique, so use the till's name under sources: for orders that it sends too."`
	JSON   bool   `help:"What was done as JSON."`
	File   string `arg:"" help:"The file; - for standard input."`
}

// progressEvery is how many rows pass between two lines that tell how far the import is.
const progressEvery = 5000

// Run takes the orders; a running service may have the database open.
func (c *importOrdersCmd) Run(ctx context.Context, con terminal, cli *commandLine) (err error) {
	path := cli.configPath(false)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	in := con.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return usageError{fmt.Errorf("the orders cannot be read: %w", err)}
		}
		defer f.Close()
		in = f
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	catalogue, err := loadTexts(wiring{set: set, path: path, log: newLog(con)})
	if err != nil {
		return err
	}
	p, err := openLoyalty(wiring{set: set}, db, catalogue)
	if err != nil {
		return err
	}
	if p == nil {
		return usageError{errors.New("the config has no points, tiers or rewards, so there is nothing to import orders for")}
	}
	done, err := p.ImportOrders(ctx, in, c.Source, clock.Real{}.Now, func(line int) {
		if line%progressEvery == 0 {
			fmt.Fprintf(con.err, "%d rows\n", line)
		}
	})
	return errors.Join(c.tell(con.out, done), importError(done, err))
}

// tell prints what was done and which rows were skipped.
func (c *importOrdersCmd) tell(out io.Writer, done loyalty.Imported) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(done)
	}
	for _, b := range done.Bad {
		fmt.Fprintf(out, "line %d: %s\n", b.Line, b.Why)
	}
	_, err := fmt.Fprintf(out, "%d taken (%d wait for their phone number), %d known already, %d skipped, %d points\n",
		done.Fresh, done.Waiting, done.Known, len(done.Bad), done.Points)
	return err
}

// importError is what makes an import a failure: rows that were skipped, or an error on the way. A file that is no
// table of orders at all is wrong use.
func importError(done loyalty.Imported, err error) error {
	switch {
	case errors.Is(err, loyalty.ErrBadOrder):
		return usageError{err}
	case err != nil:
		return err
	case len(done.Bad) > 0:
		return errTold
	}
	return nil
}
