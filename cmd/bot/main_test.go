package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// asBot makes the test binary the program itself, so that tests can start and kill real processes.
const asBot = "RAPPORT_TEST_AS_BOT"

func TestMain(m *testing.M) {
	if os.Getenv(asBot) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(ctx, os.Args[1:], terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr})
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}
