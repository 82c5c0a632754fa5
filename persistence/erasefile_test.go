package persistence_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

func TestFindByName(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		person, _ := erasable(t, db)
		for name, want := range map[string]bool{
			fmt.Sprint(person): true, "#7001": true, "telegram:" + erasedID: true, "slack:" + slackID: true, " #7001 ": true,
			"#9": false, "99999": false, "telegram:nobody": false, "ann": false, "": false, "-1": false, ":": false,
		} {
			id, err := db.FindByName(t.Context(), name)
			if (err == nil) != want || want && id == 0 {
				t.Errorf("FindByName(%q) = %d, %v", name, id, err)
			}
		}
	})
}

// TestTheFileKeepsNothing: SQLite would leave what was taken out in the free parts of its pages.
func TestTheFileKeepsNothing(t *testing.T) {
	t.Parallel()
	url := migrated.SQLite(t)
	db, err := persistence.Open(t.Context(), url, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	person, _ := erasable(t, db)
	erase(t, db, person)
	sendLast(t, db, "farewell", erasedID)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{marker, erasedID, slackID, slackChat, number} {
		if at := bytes.Index(raw, []byte(word)); at >= 0 {
			t.Errorf("the file holds %q", raw[max(0, at-60):min(len(raw), at+60)])
		}
	}
}
