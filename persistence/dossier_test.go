package persistence_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/persistence"
)

// rows are what a test keeps about two people: ids 1 and 2 stand for them, %s for words of theirs.
var dossierRows = map[string]string{
	"facts":                       `INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (%d, 'birthday', '%s', 'person', 1800000000000)`,
	"membership":                  `INSERT INTO members (customer_id, card, terms, way, invite, joined_at) VALUES (%d, '%s', '1', 'word', '%[2]s', 1800000000000)`,
	"balance":                     `INSERT INTO balances (customer_id, points, changed_at) SELECT id, 42, 1800000000000 FROM customers WHERE id = %d AND '%s' <> ''`,
	"points":                      `INSERT INTO ledger_entries (source, source_id, kind, root_id, customer_id, points, reason, happened_at, posted_at) VALUES ('till', '%[2]s', 'earn', %[1]d, %[1]d, 42, '%[2]s', 1800000000000, 1800000000000)`,
	"codes":                       `INSERT INTO vouchers (code, key, customer_id, reward, kind, issued_at) VALUES ('%[2]s', '%[2]s', %[1]d, 'latte', 'free_item', 1800000000000)`,
	"orders":                      `INSERT INTO orders (source, order_id, customer_id, currency, total, placed_at, received_at) VALUES ('till', '%[2]s', %[1]d, 'AZN', 1250, 1800000000000, 1800000000000)`,
	"survey_answers":              `INSERT INTO feedback_items (key, customer_id, text, given_at) VALUES ('%[2]s', %[1]d, '%[2]s', 1800000000000)`,
	"questions_without_an_answer": `INSERT INTO unanswered (inbox_id, customer_id, lang, text, outcome, asked_at) VALUES (%[1]d, %[1]d, 'en', '%[2]s', 'none', 1800000000000)`,
}

// TestADossierHasEverythingOfOnePerson keeps something of each kind about two people and reads one of them.
func TestADossierHasEverythingOfOnePerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, db *persistence.DB) {
		for n, who := range []string{"ann", "bob"} {
			in := accept(t, db, message(who, fmt.Sprint("e", n), who+" writes"))[0]
			settle(t, db, in, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
				if err := tx.OpenTicket(ctx, conversation.Handoff{Reason: "asked", Words: who + " asks"}); err != nil {
					return conversation.Dialogue{}, err
				}
				if err := tx.RecordConsent(ctx, conversation.Consent{Topic: "offers", Granted: true, Wording: who + "/1", Way: "button"}); err != nil {
					return conversation.Dialogue{}, err
				}
				return say(conversation.Dialogue{}, "we answer "+who)(ctx, tx)
			})
			err := db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
				for kind, query := range dossierRows {
					if _, err := persistence.Exec(ctx, tx, fmt.Sprintf(query, in.Customer, who+"'' "+strings.ReplaceAll(kind, "_", "-"))); err != nil {
						return fmt.Errorf("%s: %w", kind, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		ann, err := db.FindCustomer(t.Context(), "telegram", "ann")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := db.Dossier(t.Context(), ann)
		if err != nil {
			t.Fatal(err)
		}
		doc := string(raw)
		for _, want := range []string{
			"ann writes", "ann asks", "ann/1", "we answer ann", "ann' facts", "ann' membership", "ann' points", "ann' codes", "ann' orders",
			"ann' survey-answers", "ann' questions-without-an-answer", `"points": 42`, "2027-01-15T08:00:00Z", `"granted": true`, "Name of ann",
		} {
			if !strings.Contains(doc, want) {
				t.Errorf("it lacks %q", want)
			}
		}
		if strings.Contains(doc, "bob") {
			t.Error("it has something of somebody else")
		}
		var parsed map[string][]map[string]any
		if err := json.Unmarshal(raw, &parsed); err != nil {
			t.Errorf("it is no JSON: %v", err)
		}
		if t.Failed() {
			t.Log(doc)
		}
	})
}
