package audience_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/language"
)

var now = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

var place = audience.Place{Zone: time.UTC, Languages: language.All}

func ago(days int) time.Time { return now.AddDate(0, 0, -days) }

// regular came often, and lately.
func regular() audience.Customer {
	score := 6
	return audience.Customer{
		Person: conversation.Person{ID: 1, Root: 1, Chosen: language.Azerbaijani},
		Chats: []audience.Chat{{
			To: conversation.Address{Channel: "telegram"}, Reachable: true, LastUsed: ago(3),
			Agreed: []audience.Agreement{{Topic: "offers", Granted: true, At: ago(50)}},
		}},
		Created: ago(400), Member: true, Joined: ago(300), Tier: "gold", Points: 120,
		Orders: []audience.Order{{At: ago(100), Total: 1000}, {At: ago(80), Total: 550}, {At: ago(30), Total: 700}, {At: ago(2), Total: 300}},
		Bought: []string{"beans", "Latte"}, Tags: []string{"vip"}, Likes: []string{"tea"}, NPS: &score,
		Birthday: audience.Birthday{Month: time.November, Day: 20},
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	stranger := audience.Customer{Person: conversation.Person{ID: 2, Root: 2, Spoken: language.Russian}, Created: ago(1)}
	tests := map[string]struct{ regular, stranger bool }{
		"":                                      {true, true},
		"everyone":                              {true, true},
		`tier == "gold"`:                        {true, false},
		`tier in ["silver", "gold"]`:            {true, false},
		`language == "ru"`:                      {false, true},
		`points >= 120 && member`:               {true, false},
		`orders.count("90d") >= 3`:              {true, false},
		`orders.count("3 months") == 3`:         {true, false},
		`orders.count("1y") == 4`:               {true, false},
		`orders.total("90d") > 15.4`:            {true, false},
		`bought("beans") and bought("latte")`:   {true, false},
		`likes("tea")`:                          {true, false},
		`days_since(last_order) > 45`:           {false, false}, // never is not long ago
		`days_since(last_order) < 45`:           {true, false},
		`days_since(created) < 2`:               {false, true},
		`birthday_today`:                        {true, false},
		`channel == "telegram" && reachable`:    {true, false},
		`consent("offers")`:                     {true, false},
		`not consent("offers")`:                 {false, true},
		`nps <= 6`:                              {true, false},
		`nps > 6`:                               {false, false},
		`"vip" in tags`:                         {true, false},
		`in_last(joined, "1y")`:                 {true, false},
		`at_risk`:                               {false, false},
		`tier == "gold" || language == "ru"`:    {true, true},
		`joined < date("2026-06-01") && member`: {true, false},
	}
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			a, err := audience.Compile(source)
			if err != nil {
				t.Fatalf("Compile: %v", err)
			}
			r := regular()
			for who, c := range map[string]struct {
				customer *audience.Customer
				want     bool
			}{"regular": {&r, want.regular}, "stranger": {&stranger, want.stranger}} {
				got, err := a.Match(c.customer, now, place)
				if err != nil || got != c.want {
					t.Errorf("%s: Match() = %v, %v; want %v", who, got, err, c.want)
				}
			}
		})
	}
}

func TestWhatIsWrongHasAPlaceAndAHint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		source, at, message, hint string
	}{
		{`teir == "gold"`, `teir`, `no fact "teir"`, "tier"},
		{`member && points > "many"`, `> "many"`, "mismatched types", "like with like"},
		{`  points`, `points`, "no condition", "condition such as"},
		{`orders.count("90x") > 1`, `"90x"`, "unknown unit", "14d"},
		{`orders.count(tier) > 1`, `tier`, "must be written here", "90d"},
		{`orders.cuont("90d") > 1`, `cuont`, "cuont", ""},
		{`tier == "gold`, ``, "literal not terminated", ""},
		{`bought(3)`, `3`, "cannot use int", ""},
		{`days_since("2026-01-01") > 3`, `"2026`, "cannot use string", ""},
		{`now() > joined`, `now`, "now", ""},
		{strings.Repeat("member && ", 200) + "member", ``, "", ""},
		{strings.Repeat("x", 3000), ``, "longer than", ""},
	}
	for _, tt := range tests {
		t.Run(tt.source[:min(len(tt.source), 30)], func(t *testing.T) {
			t.Parallel()
			_, err := audience.Compile(tt.source)
			var bad *audience.Error
			if !errors.As(err, &bad) {
				t.Fatalf("Compile() = %v, want an *Error", err)
			}
			if !strings.Contains(bad.Message, tt.message) || !strings.Contains(bad.Hint, tt.hint) {
				t.Errorf("message %q, hint %q; want %q, %q", bad.Message, bad.Hint, tt.message, tt.hint)
			}
			if tt.at != "" && bad.Offset != strings.Index(tt.source, tt.at) {
				t.Errorf("offset %d, want %d", bad.Offset, strings.Index(tt.source, tt.at))
			}
		})
	}
}

func TestReasonsAndJustMisses(t *testing.T) {
	t.Parallel()
	a, err := audience.Compile(`tier == "gold" && orders.count("90d") >= 3 and days_since(last_order) > 1 && member && bought("tea")`)
	if err != nil {
		t.Fatal(err)
	}
	r := regular()
	terms, err := a.Explain(&r, now, place)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, term := range terms {
		if !term.Held {
			failed = append(failed, term.Source)
		}
	}
	if len(terms) != 5 || len(failed) != 1 || failed[0] != `bought("tea")` {
		t.Errorf("%d terms, failed: %q", len(terms), failed)
	}
	var keys []string
	for _, reason := range a.Reasons(&r, now, place) {
		keys = append(keys, reason.Key)
	}
	if got := strings.Join(keys, " "); got != "tier orders last_order member bought" {
		t.Errorf("reasons: %s", got)
	}
}

func TestPreferredChat(t *testing.T) {
	t.Parallel()
	yes := []audience.Agreement{{Topic: "offers", Granted: true}}
	c := audience.Customer{Chats: []audience.Chat{
		{Conversation: 1, Reachable: false, Agreed: yes},
		{Conversation: 2, Reachable: true},
		{Conversation: 3, Reachable: true, Agreed: yes},
	}}
	if chat, _, agreed, ok := c.Preferred("offers"); chat.Conversation != 3 || !agreed || !ok {
		t.Errorf("offers go to %d (%v, %v), want 3", chat.Conversation, agreed, ok)
	}
	if chat, _, _, _ := c.Preferred(""); chat.Conversation != 2 {
		t.Errorf("what needs no yes goes to %d, want 2", chat.Conversation)
	}
	c.Chats = c.Chats[:1]
	if _, _, _, ok := c.Preferred("offers"); ok {
		t.Error("somebody who cannot be reached was reached")
	}
}

func TestConfigPlacesWhatIsWrong(t *testing.T) {
	t.Parallel()
	var c struct {
		Audiences audience.Config `yaml:"audiences"`
	}
	doc, r := config.Parse("rapport.yaml", []byte("audiences:\n  good: {who: points > 3}\n  bad: {who: points > tear}\n"), config.Options{})
	config.Decode(doc.Root, &c, r)
	c.Audiences.CheckReference(r, config.Located[string]{Value: "goood"})
	problems := r.Problems()
	if len(problems) != 2 {
		t.Fatalf("%d problems: %v", len(problems), problems)
	}
	if p := problems[1]; p.Line != 3 || p.Column != 23 || !strings.Contains(p.Hint, "tier") {
		t.Errorf("%s: %s (%s)", p.Place(), p.Message, p.Hint)
	}
	if !strings.Contains(problems[0].Hint+problems[1].Hint, "good") {
		t.Errorf("no hint names the nearest audience: %v", problems)
	}
}
