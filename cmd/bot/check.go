package main

import (
	"fmt"

	"github.com/rapport-chat/rapport/config"
)

type checkCmd struct {
	JSON bool `help:"Problems as JSON."`
}

// Run reports everything that is wrong with the config.
func (c *checkCmd) Run(con terminal, cli *commandLine) error {
	path := cli.configPath(true)
	set, report := parseSettings(path, config.Warning)
	problems := report.Problems()
	if c.JSON {
		raw, err := problems.JSON()
		if err != nil {
			return err
		}
		fmt.Fprintln(con.out, string(raw))
	} else if err := problems.Render(con.out, false); err != nil {
		return err
	}
	if problems.HasErrors() {
		fmt.Fprintf(con.err, "bot: %s: %s\n", path, problems.Summary())
		return usageError{errTold}
	}
	if !c.JSON {
		fmt.Fprintln(con.out, path, "is fine for", set.Brand.Name)
	}
	return nil
}
