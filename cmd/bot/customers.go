package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

type customersCmd struct {
	Forget forgetCmd `cmd:"" help:"Erase a person for good, on all channels. Without --yes only says what would be erased."`
}

type forgetCmd struct {
	Yes  bool   `help:"Erase. There is no way back but a backup."`
	JSON bool   `help:"As JSON."`
	ID   string `arg:"" help:"Who: the number in what \"my data\" sends, a ticket such as \"#12\", or channel:user-id."`
}

// forgetting is what the command says.
type forgetting struct {
	Customer conversation.CustomerID `json:"customer"`
	Channels []string                `json:"channels"`
	Parts    []persistence.Part      `json:"parts"`
	Before   *time.Time              `json:"erased_before,omitempty"`
	Asked    bool                    `json:"asked"`  // the person has an open ticket that asks for it
	Erased   bool                    `json:"erased"` // now
	Told     bool                    `json:"told"`   // the last sentence is on its way to the person
}

// Run erases; a running service may have the database open.
func (c *forgetCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(set settings, db *persistence.DB) error { return c.forget(ctx, con, set, db) })
}

func (c *forgetCmd) forget(ctx context.Context, con terminal, set settings, db *persistence.DB) error {
	who, err := db.FindByName(ctx, c.ID)
	switch {
	case errors.Is(err, persistence.ErrBadCustomer):
		return usageError{fmt.Errorf("%q names nobody: write the customer's number, a ticket such as \"#12\", or channel:user-id such as telegram:123456", c.ID)}
	case errors.Is(err, conversation.ErrNotFound):
		return fmt.Errorf("nobody is known as %q; who was erased is found by number alone", c.ID)
	case err != nil:
		return err
	}
	look, err := db.LookForErasure(ctx, who)
	if err != nil {
		return err
	}
	out := forgetting{Customer: look.Customer, Channels: look.Channels, Parts: look.Parts, Asked: look.Asked}
	if !look.Before.IsZero() {
		out.Before = &look.Before
	}
	if c.Yes {
		if out, err = c.erase(ctx, db, set, con, out); err != nil {
			return err
		}
	}
	return c.tell(con, out)
}

// erase erases the person.
func (c *forgetCmd) erase(ctx context.Context, db *persistence.DB, set settings, con terminal, out forgetting) (forgetting, error) {
	catalogue, err := loadTexts(wiring{set: set, path: set.path, log: newLog(con)})
	if err != nil {
		return out, err
	}
	done, err := db.Erase(ctx, out.Customer, persistence.Erasure{
		By: "cli", Farewell: func(lang language.Code) texts.Rich { return catalogue.Say(lang, "forget.done", nil) },
	})
	out.Erased, out.Told = err == nil, done.Told
	return out, err
}

// tell prints what would be, or was, erased.
func (c *forgetCmd) tell(con terminal, f forgetting) error {
	if c.JSON {
		return json.NewEncoder(con.out).Encode(f)
	}
	fmt.Fprintf(con.out, "customer %d", f.Customer)
	for i, channel := range f.Channels {
		sep := ", "
		if i == 0 {
			sep = " on "
		}
		fmt.Fprint(con.out, sep, channel)
	}
	fmt.Fprintln(con.out)
	if f.Before != nil {
		fmt.Fprintf(con.out, "erased before, on %s; what is listed stays for the sums, without a person\n", f.Before.Format(time.DateOnly))
	}
	for _, p := range f.Parts {
		fmt.Fprintf(con.out, "  %-28s %d\n", p.Name, p.Rows)
	}
	switch {
	case f.Erased && f.Told:
		fmt.Fprintln(con.out, "erased; the person is told so, and the ticket is closed")
	case f.Erased:
		fmt.Fprintln(con.out, "erased")
	case f.Asked:
		fmt.Fprintln(con.out, "nothing was erased; the person asks for it in an open ticket. Add --yes to erase for good")
	default:
		fmt.Fprintln(con.out, "nothing was erased; the person has not asked for it in an open ticket. Add --yes to erase for good")
	}
	return nil
}
