package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rapport-chat/rapport/persistence"
)

type ledgerCmd struct {
	Verify verifyCmd `cmd:"" help:"Prove that balances equal entries and lots; exit 1 and the offending accounts if not."`
}

type verifyCmd struct {
	JSON bool `help:"As JSON."`
}

// maxFindings is how many findings are listed: beyond it nobody reads on.
const maxFindings = 100

// Run proves the books of a database, which a running service may have open.
func (c *verifyCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(_ settings, db *persistence.DB) error { return c.verify(ctx, con, db) })
}

func (c *verifyCmd) verify(ctx context.Context, con terminal, db *persistence.DB) error {
	proof, err := db.Loyalty().Verify(ctx, maxFindings)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(con.out).Encode(proof); err != nil {
			return err
		}
	} else {
		for _, f := range proof.Findings {
			fmt.Fprintf(con.out, "customer %d: %s %d is %d, should be %d\n", f.Customer, f.What, f.ID, f.Is, f.ShouldBe)
		}
		fmt.Fprintf(con.out, "%d entries, %d accounts, %d points: ", proof.Entries, proof.Accounts, proof.Points)
	}
	if len(proof.Findings) == 0 {
		if !c.JSON {
			fmt.Fprintln(con.out, "the books balance")
		}
		return nil
	}
	if !c.JSON {
		fmt.Fprintf(con.out, "%d sums do not hold\n", len(proof.Findings))
	}
	return errTold
}
