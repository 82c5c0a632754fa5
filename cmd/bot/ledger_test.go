package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// ledgerConfig writes a config with points and answers its path and the database's.
func ledgerConfig(t *testing.T) (path, database string) {
	t.Helper()
	dir := dbtest.Folder(t)
	path, database = filepath.Join(dir, "rapport.yaml"), filepath.Join(dir, "rapport.db")
	err := os.WriteFile(path, []byte(`brand: {name: Nar Coffee, languages: [en], timezone: Asia/Baku, currency: AZN}
database: {url: "sqlite://`+database+`"}
points: {earn: {purchase: {per: {AZN: 1}, points: 1}}}
rewards: {latte: {points: 10, title: Free latte}}
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return path, database
}

// command runs the program with a config.
func command(t *testing.T, path, stdin string, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"-c", path}, args...), terminal{in: strings.NewReader(stdin), out: &stdout, err: &stderr})
	return code, stdout.String() + stderr.String()
}

func TestImportAndVerify(t *testing.T) {
	t.Parallel()
	path, database := ledgerConfig(t)
	if code, out := command(t, path, "", "ledger", "verify"); code != exitOK || !strings.Contains(out, "the books balance") {
		t.Fatalf("an empty ledger: exit %d, %s", code, out)
	}
	db, err := persistence.Open(t.Context(), "sqlite://"+database, persistence.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Conversations().Accept(t.Context(), conversation.Inbound{
		Address: conversation.Address{Channel: "telegram", Account: "telegram:1", Chat: "1"}, EventID: "1", Kind: conversation.KindBack,
		From: conversation.Sender{UserID: "1"}, Private: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	who, err := db.FindCustomer(t.Context(), "telegram", "1")
	if err != nil {
		t.Fatal(err)
	}
	err = db.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		return db.Loyalty().In(tx).SetPhone(ctx, "+994501234567", "customer", persistence.From(tx).Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	orders := "id,total,phone\n1,12.50,+994501234567\n2,abc,+994501234567\n3,5,+994509999999\n"
	for _, want := range []string{"2 taken (1 wait for their phone number), 0 known already, 1 skipped, 12 points", "0 taken (0 wait for their phone number), 2 known already, 1 skipped, 0 points"} {
		if code, out := command(t, path, orders, "import", "orders", "-"); code != exitFailed || !strings.Contains(out, want) || !strings.Contains(out, "line 3: ") {
			t.Errorf("import: exit %d, %s; want %q and the bad line", code, out, want)
		}
	}
	if code, out := command(t, path, "", "ledger", "verify", "--json"); code != exitOK || !strings.Contains(out, `"points":12,"findings":[]`) {
		t.Errorf("verify: exit %d, %s", code, out)
	}
	if code, _ := command(t, path, "", "import", "orders", "/no/such/file"); code != exitUsage {
		t.Errorf("a file that is not there: exit %d, want %d", code, exitUsage)
	}
	if code, out := command(t, path, "a,b\n", "import", "orders", "-"); code != exitUsage || !strings.Contains(out, `"a"`) {
		t.Errorf("no table of orders: exit %d, %s; want %d", code, out, exitUsage)
	}
}
