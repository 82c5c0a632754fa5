package knowledge

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rapport-chat/rapport/language"
)

// filterQuestion and filterAnswer are the lines that Filter reads and writes.
type filterQuestion struct {
	ID   string `json:"id"`
	Lang string `json:"lang"`
	Text string `json:"text"`
}

type filterAnswer struct {
	ID         string         `json:"id"`
	Results    []filterResult `json:"results"`
	Confidence float64        `json:"confidence"`
	Answered   bool           `json:"answered"`
}

type filterResult struct {
	ID    string  `json:"id"`
	Score float64 `json:"score"`
}

// Filter answers questions in JSON lines ({"id","lang","text"}) from one knowledge
// base in JSON lines: one line of results, confidence and decision per question, in
// the same order. It calibrates first, so that the decisions are the base's own. lang
// is the language of the base; a question's own "lang", when it has one, is searched
// first. No state passes from one question to the next.
func Filter(ctx context.Context, kb io.Reader, lang language.Code, in io.Reader, out io.Writer) error {
	articles, err := ReadLines(kb, lang)
	if err != nil {
		return fmt.Errorf("read knowledge base: %w", err)
	}
	library := NewLibrary(articles)
	thresholds, err := library.Calibrate(ctx)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	library = library.WithThresholds(thresholds)
	writer := bufio.NewWriter(out)
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		answer, err := library.filterLine(ctx, lines.Bytes(), lang)
		if err != nil {
			return fmt.Errorf("answer question on line %d: %w", number, err)
		}
		if err := encoder.Encode(answer); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read questions: %w", err)
	}
	if err := writer.Flush(); err != nil {
		return fmt.Errorf("write answers: %w", err)
	}
	return nil
}

func (l *Library) filterLine(ctx context.Context, line []byte, fallback language.Code) (filterAnswer, error) {
	var q filterQuestion
	if err := json.Unmarshal(line, &q); err != nil {
		return filterAnswer{}, fmt.Errorf("read question: %w", err)
	}
	code, ok := language.Parse(q.Lang)
	if !ok {
		code = fallback
	}
	ranking, err := l.Rank(ctx, Query{Text: q.Text, Language: code})
	if err != nil {
		return filterAnswer{}, err
	}
	answer := filterAnswer{ID: q.ID, Results: make([]filterResult, 0, maxResults), Confidence: ranking.Confidence, Answered: ranking.Outcome == Answer}
	for _, r := range ranking.Results {
		answer.Results = append(answer.Results, filterResult{ID: r.ArticleID, Score: r.Score})
	}
	return answer, nil
}
