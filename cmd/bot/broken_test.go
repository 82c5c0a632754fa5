package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestBrokenFilesAreLocatedAndCured breaks a working file in the ways in which operators do. Each problem is told with
// its place, and with a hint that names the cure.
func TestBrokenFilesAreLocatedAndCured(t *testing.T) {
	const brand = "brand: {name: Nar, languages: [en], timezone: Asia/Baku, currency: AZN}\n"
	const points = "points: {earn: {purchase: {per: {AZN: 1}, points: 1}}}\n"
	tests := []struct {
		name, file string
		line       int
		says       string // of the problem or its hint
	}{
		{"misspelt section", "brnad: {name: Nar}\n" + brand, 1, `"brand"`},
		{"misspelt key", "brand: {name: Nar, langauges: [en]}\n", 1, `"languages"`},
		{"unknown language", "brand: {name: Nar, languages: [en, de]}\n", 1, "de"},
		{"unknown zone", "brand: {name: Nar, timezone: Baku}\n", 1, "Asia/Baku"},
		{"unknown currency", "brand: {name: Nar, currency: manat}\n", 1, "AZN"},
		{"no name", "brand: {languages: [en]}\n", 1, "name"},
		{"a list where a map belongs", "brand: [Nar]\n", 1, "brand"},
		{"broken YAML", "brand: {name: Nar\nstaff: {}\n", 1, "}"},
		{"another database", brand + "database: {url: mysql://localhost/shop}\n", 2, "sqlite://"},
		{"a database without a name", brand + "database: {url: postgres://me:hunter2@localhost}\n", 2, "names no database"},
		{"an address without a port", brand + "http: {addr: nowhere}\n", 2, "host:port"},
		{"a port that is a word", brand + "http: {addr: localhost:http80}\n", 2, "host:port"},
		{"a tab", "brand:\n\tname: Nar\n", 2, "tab"},
		{"a key twice", "brand: {name: Nar}\nbrand: {name: Nar}\n", 2, "brand"},
		{"curly quotes", "brand: {name: “Nar”, languages: [“en”]}\n", 1, ""},
		{"an offer twice", brand + "offers:\n  a: {every: Friday 10:00, text: hi}\n  a: {every: Monday 10:00, text: hi}\n", 4, "a"},
		{"a bad cron", brand + "offers:\n  a: {cron: \"0 25 * * *\", text: hi}\n", 3, ""},
		{"a cron that never comes", brand + "offers:\n  a: {cron: \"0 0 31 2 *\", text: hi}\n", 3, ""},
		{"an impossible date", brand + "offers:\n  a: {at: 2027-02-30T10:00, text: hi}\n", 3, ""},
		{"a weekday that is none", brand + "offers:\n  a: {every: Freitag 10:00, text: hi}\n", 3, "Friday"},
		{"an offer without a text", brand + "offers:\n  a: {every: Friday 10:00}\n", 3, "text"},
		{"an offer that is never due", brand + "offers:\n  a: {text: hi}\n", 3, "every"},
		{"a field that does not exist", brand + "offers:\n  a: {every: Friday 10:00, text: hi, to: 'teir == \"gold\"'}\n", 3, "tier"},
		{"a type error in a condition", brand + "offers:\n  a: {every: Friday 10:00, text: hi, to: 'points > \"many\"'}\n", 3, ""},
		{"an audience that does not exist", brand + "offers:\n  a: {every: Friday 10:00, text: hi, to: regulers}\naudiences:\n  regulars: {who: points > 1}\n", 3, "regulars"},
		{"overlapping quiet hours", brand + "proactive: {quiet: {mon-fri: 22:00-10:00, friday: 21:00-23:00}}\n", 2, ""},
		{"a budget below nothing", brand + "proactive: {per_day: -1}\n", 2, "per_day"},
		{"a reward for nothing known", brand + points + "rewards:\n  a: {points: 10, kind: prodct, title: A}\n", 4, "product"},
		{"a negative price", brand + points + "rewards:\n  a: {points: -10, kind: product, title: A}\n", 4, ""},
		{"a survey of no kind", brand + "surveys:\n  a: {kind: npz, every: Friday 10:00}\n", 3, "nps"},
		{"an alert beyond the scale", brand + "surveys:\n  a: {kind: csat, every: Friday 10:00, alert: {at_most: 9}}\n", 3, "at_most"},
		{"a question that the bank has not", brand + "surveys:\n  a: {every: Friday 10:00, questions: [bank.experience.easy]}\n", 3, "bank.experience.ease"},
		{"tiers out of order", brand + points + "tiers: {levels: {gold: {from: 900}, silver: {from: -5}}}\n", 3, ""},
		{"hours that end before noon begins", brand + "staff: {hours: {mon-fri: 10:00-10:00}}\n", 2, "00:00"},
		{"a duration nobody can mean", brand + "surveys:\n  a: {kind: nps, every: Friday 10:00, window: soon}\n", 3, "soon"},
	}
	if len(tests) < 30 {
		t.Fatal("fewer than thirty ways to break a file")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			writeFiles(t, ".", map[string]string{"rapport.yaml": tt.file})
			code, out, errs := call(t, "", "check")
			if code != 2 {
				t.Fatalf("exit %d\n%s%s", code, out, errs)
			}
			place := fmt.Sprintf("rapport.yaml:%d:", tt.line)
			if !strings.Contains(out, place) || !strings.Contains(out, tt.says) {
				t.Errorf("%q or %q is missing in\n%s", place, tt.says, out)
			}
			if !strings.Contains(out, "\n      = ") && !strings.Contains(out, "= ") {
				t.Errorf("there is no hint in\n%s", out)
			}
		})
	}
}
