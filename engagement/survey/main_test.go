package survey_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain keeps properties short: each step of theirs goes through the engine and a database. The flag on the command
// line counts if there is one.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
