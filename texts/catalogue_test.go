package texts_test

import (
	"testing"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// load returns the built-in catalogue; whatever is missing in it fails the test.
func load(t *testing.T) *texts.Catalogue {
	t.Helper()
	c, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	c.OnMissing(func(err error) { t.Error(err) })
	return c
}

func TestSay(t *testing.T) {
	t.Parallel()
	c := load(t)
	c.SetCommon(texts.Vars{"brand": "Nar"})
	tests := []struct {
		name string
		lang language.Code
		key  string
		vars texts.Vars
		want string
	}{
		{"az noun stays singular", language.Azerbaijani, "balance.spendable", texts.Vars{"n": 1250}, "Balansınız: 1.250 xal"},
		{"ru one", language.Russian, "balance.spendable", texts.Vars{"n": 21}, "Ваш баланс: 21 балл"},
		{"ru few", language.Russian, "balance.spendable", texts.Vars{"n": int64(1002)}, "Ваш баланс: 1\u00a0002 балла"},
		{"ru many", language.Russian, "balance.spendable", texts.Vars{"n": 11}, "Ваш баланс: 11 баллов"},
		{"en thousands", language.English, "balance.spendable", texts.Vars{"n": 1250}, "Your balance: 1,250 points"},
		{"ru minutes after a preposition", language.Russian, "talk.alo_waiting", texts.Vars{"n": 15}, "Мы на связи. Ваш вопрос в очереди, ответим в течение 15 минут."},
		{"two numbers", language.Russian, "balance.credit", texts.Vars{"n": 1, "balance": 3, "reason": "покупка"}, "+1 балл: покупка. Баланс: 3 балла."},
		{"a common variable", language.English, "welcome.hello", nil, "Hello! I'm the virtual assistant of Nar. Ask in your own words: if I know the answer, you'll have it at once; if not, I'll pass it to a colleague."},
		{"data is no markup", language.Turkish, "handoff.taken", texts.Vars{"staff": "**Ayla** {n}"}, "Sorunuzla **Ayla** {n} ilgileniyor."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Say(tt.lang, tt.key, tt.vars).Plain(); got != tt.want {
				t.Errorf("Say(%s, %s) = %q, want %q", tt.lang, tt.key, got, tt.want)
			}
		})
	}
}
