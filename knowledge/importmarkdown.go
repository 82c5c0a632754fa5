package knowledge

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/rapport-chat/rapport/language"
)

// frontMatter is what may stand between the two lines of dashes at the beginning of a
// Markdown file.
type frontMatter struct {
	ID        string   `yaml:"id"`
	Lang      string   `yaml:"lang"`
	Language  string   `yaml:"language"`
	Topic     string   `yaml:"topic"`
	Title     string   `yaml:"title"`
	Phrasings []string `yaml:"phrasings"`
}

// MarkdownFile is one file to import.
type MarkdownFile struct {
	Name string // the id when the front matter has none: "returns.md" is "returns"
	Text string
}

// ImportMarkdown reads articles from Markdown files with front matter (id, lang, topic,
// title, phrasings). The text below it is the answer; a first heading is the title when
// the front matter has none. Files with the same id are one article in several
// languages. A file that cannot be read is reported with its name and left out.
func ImportMarkdown(files []MarkdownFile, fallback language.Code) (articles []Article, bad map[string]string) {
	m := newMerger(fallback)
	bad = make(map[string]string)
	for _, f := range files {
		row, err := markdownRow(f)
		if err != nil {
			bad[f.Name] = err.Error()
			continue
		}
		before := len(m.bad)
		m.add(1, row)
		if len(m.bad) > before {
			bad[f.Name] = m.bad[before].Reason
		}
	}
	return m.articles, bad
}

func markdownRow(f MarkdownFile) (importedRow, error) {
	text := strings.TrimSpace(strings.TrimPrefix(strings.ReplaceAll(f.Text, "\r\n", "\n"), "\ufeff"))
	var matter frontMatter
	if rest, ok := strings.CutPrefix(text, "---\n"); ok {
		head, body, ok := strings.Cut(rest, "\n---")
		if !ok {
			return importedRow{}, fmt.Errorf("the front matter has no second line of dashes")
		}
		if err := yaml.Unmarshal([]byte(head), &matter); err != nil {
			message, _, _ := strings.Cut(err.Error(), "\n")
			return importedRow{}, fmt.Errorf("the front matter is no YAML: %s", message)
		}
		_, text, _ = strings.Cut(body, "\n")
		text = strings.TrimSpace(text)
	}
	if matter.Title == "" {
		if heading, rest, _ := strings.Cut(text, "\n"); strings.HasPrefix(heading, "#") {
			matter.Title, text = strings.TrimSpace(strings.TrimLeft(heading, "#")), strings.TrimSpace(rest)
		}
	}
	if matter.ID == "" {
		base := f.Name[strings.LastIndexAny(f.Name, `/\`)+1:]
		matter.ID = strings.TrimSuffix(strings.TrimSuffix(base, ".md"), ".markdown")
	}
	if matter.Lang == "" {
		matter.Lang = matter.Language
	}
	return importedRow{
		id: matter.ID, topic: matter.Topic, lang: matter.Lang, question: matter.Title, answer: text, phrasings: matter.Phrasings,
	}, nil
}
