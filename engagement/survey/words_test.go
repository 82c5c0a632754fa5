package survey_test

import (
	"encoding/json"
	"testing"

	"github.com/rapport-chat/rapport/engagement/survey"
)

func TestWithoutWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ question, answer, want string }{
		{"score", `9`, `9`},
		{"score", `"nine"`, `null`},
		{"comment", `"call me at 050"`, `null`},
		{"comment", `null`, `null`},
		{"comment", ``, `null`},
		{"bank.product.frequency", `"daily"`, `"daily"`},
		{"bank.product.frequency", `"my own words"`, `null`},
		{"bank.product.improve", `"daily"`, `null`},
		{"gone from the bank", `{"name":"Ann"}`, `null`},
		{"gone from the bank", `["Ann"]`, `null`},
	} {
		if got := survey.WithoutWords(c.question, json.RawMessage(c.answer)); string(got) != c.want {
			t.Errorf("WithoutWords(%s, %s) = %s, want %s", c.question, c.answer, got, c.want)
		}
	}
}
