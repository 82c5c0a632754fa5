// Command bot is Rapport: the service, the sandbox, and the tools for whoever runs it. See bot --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the work failed
	exitUsage  = 2 // wrong use or wrong config
)

// version is set by the build; see the version command for what else is known.
var version = ""

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// commandLine has the subcommands; each has its own file.
type commandLine struct {
	Config string `short:"c" placeholder:"FILE" help:"The operator's file (default: rapport.yaml; sandbox, chat and check fall back to config.example.yaml)."`

	Run       runCmd       `cmd:"" help:"The service: all enabled channels, schedules, outbox and HTTP."`
	Sandbox   sandboxCmd   `cmd:"" help:"Try everything without an account: look-alikes of the platforms and a page to type in."`
	Chat      chatCmd      `cmd:"" help:"One message, or a dialogue, through the real engine."`
	Check     checkCmd     `cmd:"" help:"Read the config and say everything that is wrong with it."`
	Doctor    doctorCmd    `cmd:"" help:"Try every token, permission, channel, the database and the clock, and say the cure."`
	Report    reportCmd    `cmd:"" help:"What customers said, in figures."`
	Offers    offersCmd    `cmd:"" help:"What is due to whom, how broadcasts go; pause, resume and stop them."`
	Customers customersCmd `cmd:"" help:"Work on what is kept about customers."`
	Ledger    ledgerCmd    `cmd:"" help:"Work on the points ledger."`
	Import    importCmd    `cmd:"" help:"Take in what another program wrote."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database's schema up to this program's."`
	Knowledge knowledgeCmd `cmd:"" help:"Work on the articles."`
	Init      initCmd      `cmd:"" help:"Ask a few questions and write a config and first articles."`
	Schema    schemaCmd    `cmd:"" help:"The JSON Schema of the config, for editors."`
	Version   versionCmd   `cmd:"" help:"What this program was built from."`
}

// usageError is an error of whoever typed the command or wrote the config: exit 2 instead of 1.
type usageError struct{ err error }

func (u usageError) Error() string { return u.err.Error() }
func (u usageError) Unwrap() error { return u.err }

// silent is an error that has been told already.
var errTold = errors.New("already told")

// run is main without the process: it parses args, runs the command and answers the exit code.
func run(ctx context.Context, args []string, con terminal) int {
	var cli commandLine
	left := -1 // what kong wanted to exit with
	parser, err := kong.New(&cli, kong.Name("bot"), kong.UsageOnError(), kong.Writers(con.out, con.err),
		kong.Description("Rapport looks after a business's customers in the chat apps they already use."),
		kong.Exit(func(code int) { left = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(con, &cli))
	if err != nil {
		fmt.Fprintln(con.err, "bot:", err)
		return exitFailed
	}
	if len(args) > 0 && args[0] == "help" { // as many other programs have it
		args = append(slices.Clone(args[1:]), "--help")
	}
	kctx, err := parser.Parse(args)
	if left >= 0 {
		return left
	}
	if err != nil {
		fmt.Fprintln(con.err, "bot:", err)
		fmt.Fprintln(con.err, `Write "bot --help" for what there is.`)
		return exitUsage
	}
	err = kctx.Run()
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errTold):
	default:
		fmt.Fprintln(con.err, "bot:", err)
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}
