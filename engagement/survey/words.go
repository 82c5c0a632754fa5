package survey

import (
	"encoding/json"
	"slices"
)

// WithoutWords is an answer as it may be kept of nobody: marks and choices among given options stay, words that somebody
// wrote are null.
func WithoutWords(question string, answer json.RawMessage) json.RawMessage {
	var mark json.Number
	var choice string
	switch {
	case !given(answer):
	case json.Unmarshal(answer, &choice) == nil:
		if slices.Contains(bank[question].options, choice) {
			return answer
		}
	case json.Unmarshal(answer, &mark) == nil:
		return answer
	}
	return json.RawMessage("null")
}
