// Command withpg runs another command with a throw-away PostgreSQL cluster:
//
//	go run ./persistence/dbtest/withpg [-durable] -- go test ./...
//
// The command finds the cluster in RAPPORT_TEST_POSTGRES. Its exit code becomes withpg's; 125 means that the cluster
// or the command could not be started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest"
	"github.com/rapport-chat/rapport/persistence/dbtest/postgres"
)

const (
	// exitNotStarted is what env(1) and docker(1) use for "the wrapper itself failed".
	exitNotStarted = 125
	// interruptGrace is how long an interrupted command may take to end before it is killed.
	interruptGrace = 20 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run starts the cluster, runs the command to its end, and stops the cluster.
func run(ctx context.Context, arguments []string, stdout, stderr io.Writer) (code int) {
	flags := flag.NewFlagSet("withpg", flag.ContinueOnError)
	flags.SetOutput(stderr)
	durable := flags.Bool("durable", false, "keep fsync on and SQLite files on the disk, for benchmarks")
	if err := flags.Parse(arguments); err != nil {
		return exitNotStarted
	}
	if flags.NArg() == 0 {
		fmt.Fprintln(stderr, "usage: withpg [-durable] -- COMMAND [ARGUMENT...]")
		return exitNotStarted
	}
	cluster, err := postgres.Start(ctx, postgres.Options{Durable: *durable})
	if err != nil {
		fmt.Fprintf(stderr, "withpg: no PostgreSQL, so `%s` was not run: %v\n", flags.Arg(0), err)
		return exitNotStarted
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			fmt.Fprintf(stderr, "withpg: %v\n", err)
			code = max(code, 1)
		}
	}()
	environment := []string{dbtest.Variable + "=" + cluster.AdminURL()}
	if *durable {
		environment = append(environment, dbtest.DurableVariable+"=1")
	}
	return execute(ctx, flags.Args(), environment, stdout, stderr)
}

// execute runs command with more in its environment and returns its exit code.
func execute(ctx context.Context, command, environment []string, stdout, stderr io.Writer) int {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = interruptGrace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	case errors.As(err, &exit):
		fmt.Fprintf(stderr, "withpg: %s: %v\n", command[0], err)
		return 1
	default:
		fmt.Fprintf(stderr, "withpg: %v\n", err)
		return exitNotStarted
	}
}
