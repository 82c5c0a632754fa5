package knowledge

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// BadRow is a part of an imported file that was left out, and why.
type BadRow struct {
	Line   int
	Reason string
}

// csvColumns maps the headings that people give their columns to ours.
var csvColumns = map[string]string{
	"id": "id", "topic": "topic", "category": "topic", "lang": "lang", "language": "lang", "locale": "lang",
	"question": "question", "title": "question", "q": "question", "sual": "question", "soru": "question", "вопрос": "question",
	"answer": "answer", "a": "answer", "reply": "answer", "cavab": "answer", "cevap": "answer", "ответ": "answer",
	"phrasings": "phrasings", "phrasing": "phrasings", "variants": "phrasings", "synonyms": "phrasings", "alternatives": "phrasings",
}

// ImportCSV reads questions and answers: a heading row with at least question and
// answer, and optionally id, topic, lang and phrasings (separated by |); without a
// heading, two columns. Columns may be separated by commas, semicolons or tabs. Rows
// with the same id and language join their questions; bad rows are reported and left
// out. Without ids, each answer is one article.
func ImportCSV(r io.Reader, fallback language.Code) ([]Article, []BadRow, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxLineBytes))
	if err != nil {
		return nil, nil, fmt.Errorf("read questions: %w", err)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	rows := csv.NewReader(strings.NewReader(text))
	rows.Comma, rows.FieldsPerRecord, rows.LazyQuotes = separator(text), -1, true
	m := newMerger(fallback)
	var columns map[string]int
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return m.articles, m.bad, nil
		}
		line, _ := rows.FieldPos(0)
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			m.reject(broken.StartLine, broken.Err.Error())
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read questions: %w", err)
		}
		if columns == nil {
			var heading bool
			if columns, heading = headings(row); heading {
				continue
			}
		}
		field := func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		m.add(line, importedRow{
			id: field("id"), topic: field("topic"), lang: field("lang"), question: field("question"),
			answer: field("answer"), phrasings: splitList(field("phrasings")),
		})
	}
}

// separator guesses what stands between columns from the first line.
func separator(text string) rune {
	first, _, _ := strings.Cut(text, "\n")
	best := ','
	for _, r := range []rune{';', '\t'} {
		if strings.Count(first, string(r)) > strings.Count(first, string(best)) {
			best = r
		}
	}
	return best
}

// headings reads the first row. Without known headings it is data: question, answer.
func headings(row []string) (columns map[string]int, heading bool) {
	columns = make(map[string]int)
	for i, name := range row {
		if ours, ok := csvColumns[strings.ToLower(strings.TrimSpace(name))]; ok {
			if _, twice := columns[ours]; !twice {
				columns[ours] = i
			}
		}
	}
	_, question := columns["question"]
	_, answer := columns["answer"]
	if question && answer {
		return columns, true
	}
	return map[string]int{"question": 0, "answer": 1}, false
}

func splitList(s string) []string {
	var list []string
	for _, part := range strings.Split(s, "|") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// importedRow is one question with its answer from any kind of file.
type importedRow struct {
	id, topic, lang, question, answer string
	phrasings                         []string
}

// merger turns rows into articles.
type merger struct {
	fallback language.Code
	articles []Article
	at       map[string]int // by id
	byAnswer map[string]string
	ids      map[string]bool
	bad      []BadRow
}

func newMerger(fallback language.Code) *merger {
	return &merger{fallback: fallback, at: make(map[string]int), byAnswer: make(map[string]string), ids: make(map[string]bool)}
}

func (m *merger) reject(line int, reason string) {
	m.bad = append(m.bad, BadRow{Line: line, Reason: reason})
}

func (m *merger) add(line int, row importedRow) {
	code := m.fallback
	if row.lang != "" {
		parsed, ok := language.Parse(row.lang)
		if !ok {
			m.reject(line, fmt.Sprintf("the language %q is not one of az, tr, ru, en", row.lang))
			return
		}
		code = parsed
	}
	switch {
	case row.question == "":
		m.reject(line, "there is no question")
		return
	case row.answer == "":
		m.reject(line, "there is no answer")
		return
	}
	if row.id == "" {
		row.id = m.idFor(row, code)
	}
	i, ok := m.at[row.id]
	if !ok {
		i = len(m.articles)
		m.at[row.id], m.ids[row.id] = i, true
		m.articles = append(m.articles, Article{ID: row.id, Topic: row.topic, Texts: make(map[language.Code]Text), Source: Position{Line: line}})
	}
	t, ok := m.articles[i].Texts[code]
	switch {
	case !ok:
		t = Text{Title: row.question, Phrasings: row.phrasings, Answer: row.answer}
	case t.Answer != row.answer:
		m.reject(line, fmt.Sprintf("the article %q has another answer in %s above", row.id, code))
		return
	default:
		t.Phrasings = append(append(t.Phrasings, row.question), row.phrasings...)
	}
	m.articles[i].Texts[code] = t
}

// idFor gives rows without an id one from their question; equal answers share it.
func (m *merger) idFor(row importedRow, code language.Code) string {
	key := string(code) + "\x00" + row.answer
	if id, ok := m.byAnswer[key]; ok {
		return id
	}
	id := strings.TrimPrefix(articleID("new_", row.question, code, m.ids), "new_")
	if id == "" || m.ids[id] {
		id = articleID("new_", row.question, code, m.ids)
	}
	m.byAnswer[key] = id
	return id
}
