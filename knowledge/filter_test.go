package knowledge_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

const filterBase = `
{"id":"hours","lang":"en","title":"When are you open?","phrasings":["opening hours","are you open on sunday"],"answer":"Every day from nine to nine."}
{"id":"parking","lang":"en","title":"Is there parking?","phrasings":["where can I leave my car"],"answer":""}
{"id":"wifi","lang":"en","title":"What is the wifi password?"}
{"id":"empty","lang":"en"}
`

type filterLine struct {
	ID      string `json:"id"`
	Results []struct {
		ID    string  `json:"id"`
		Score float64 `json:"score"`
	} `json:"results"`
	Confidence float64 `json:"confidence"`
	Answered   bool    `json:"answered"`
}

func filter(t *testing.T, questions string) []filterLine {
	t.Helper()
	var out bytes.Buffer
	err := knowledge.Filter(t.Context(), strings.NewReader(filterBase), language.English, strings.NewReader(questions), &out)
	if err != nil {
		t.Fatalf("Filter: %v", err)
	}
	var lines []filterLine
	decoder := json.NewDecoder(&out)
	for decoder.More() {
		var l filterLine
		if err := decoder.Decode(&l); err != nil {
			t.Fatalf("decode output: %v", err)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestFilterAnswersEveryLineOnce(t *testing.T) {
	t.Parallel()
	lines := filter(t, `{"id":"q1","lang":"en","text":"are you open on sundya"}

{"id":"q2","lang":"en","text":""}
{"id":"q3","lang":"en","text":"<wifi> pasword?"}
{"id":"q4","lang":"en","text":"who won the elections in France"}`)
	if len(lines) != 4 {
		t.Fatalf("got %d lines, want 4", len(lines))
	}
	for i, want := range []string{"hours", "", "wifi", ""} {
		l := lines[i]
		if want != "" && (len(l.Results) == 0 || l.Results[0].ID != want) {
			t.Errorf("%s: results %v, want %s first", l.ID, l.Results, want)
		}
		for j := 1; j < len(l.Results); j++ {
			if l.Results[j].Score > l.Results[j-1].Score {
				t.Errorf("%s: scores rise: %v", l.ID, l.Results)
			}
		}
		if l.Confidence < 0 || l.Confidence > 1 {
			t.Errorf("%s: confidence %v, want 0 to 1", l.ID, l.Confidence)
		}
		if l.Results == nil {
			t.Errorf("%s: results are null, want a list", l.ID)
		}
	}
	if lines[3].Answered || lines[1].Answered {
		t.Errorf("answered a question the base does not know: %+v", lines)
	}
	if lines[0].Confidence <= lines[3].Confidence {
		t.Errorf("confidence of a known question %v, of a foreign one %v; want the first greater", lines[0].Confidence, lines[3].Confidence)
	}
}

func TestFilterReportsBadLines(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ kb, in, want string }{
		"knowledge base": {kb: "{\"id\":\"a\"}\nnot json\n", in: "", want: "line 2"},
		"article twice":  {kb: "{\"id\":\"a\"}\n{\"id\":\"a\"}\n", in: "", want: "twice"},
		"no id":          {kb: "{\"title\":\"a\"}\n", in: "", want: "no id"},
		"question":       {kb: filterBase, in: "{\"id\":\"q1\",\"text\":\"a\"}\n{", want: "line 2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := knowledge.Filter(t.Context(), strings.NewReader(tt.kb), language.English, strings.NewReader(tt.in), &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want it to name %q", err, tt.want)
			}
		})
	}
}
