package knowledge

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/rapport-chat/rapport/language"
)

// maxLineBytes bounds one line of a knowledge base or question file.
const maxLineBytes = 16 << 20

// kbLine is one article of a knowledge base in JSON lines: one language each.
type kbLine struct {
	ID        string   `json:"id"`
	Lang      string   `json:"lang"`
	Title     string   `json:"title"`
	Phrasings []string `json:"phrasings"`
	Answer    string   `json:"answer"`
}

// ReadLines reads articles from JSON lines with id, lang, title, phrasings and
// answer. Lines with the same id are the same article in several languages; a line
// without a known language counts as written in fallback. Empty lines are skipped.
func ReadLines(r io.Reader, fallback language.Code) ([]Article, error) {
	var articles []Article
	at := make(map[string]int)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	for number := 1; lines.Scan(); number++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var l kbLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read article on line %d: %w", number, err)
		}
		if l.ID == "" {
			return nil, fmt.Errorf("read article on line %d: %w", number, errors.New("it has no id"))
		}
		code, ok := language.Parse(l.Lang)
		if !ok {
			code = fallback
		}
		i, ok := at[l.ID]
		if !ok {
			i = len(articles)
			at[l.ID] = i
			articles = append(articles, Article{ID: l.ID, Texts: make(map[language.Code]Text), Source: Position{Line: number}})
		}
		if _, twice := articles[i].Texts[code]; twice {
			return nil, fmt.Errorf("read article on line %d: article %q is there twice in %s", number, l.ID, code)
		}
		articles[i].Texts[code] = Text{Title: l.Title, Phrasings: l.Phrasings, Answer: l.Answer}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read articles: %w", err)
	}
	return articles, nil
}
