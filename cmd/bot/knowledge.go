package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

type knowledgeCmd struct {
	Search  searchCmd  `cmd:"" help:"What a question finds, and why, in words."`
	Test    pairsCmd   `cmd:"" help:"Ask the questions that stand beside the articles, and say what went wrong."`
	Learned learnedCmd `cmd:"" help:"What staff taught: who wrote it, and how many replies it saved."`
	Gaps    gapsCmd    `cmd:"" help:"What customers asked and nobody could answer, grouped, with an article to fill in for each."`
	Import  articleCmd `cmd:"" help:"Make article files out of a CSV of questions and answers, or of Markdown files."`
	Rank    rankCmd    `cmd:"" help:"A filter: questions as JSON lines in, ranked articles out."`
}

type rankCmd struct {
	KB   string `required:"" placeholder:"FILE" help:"Articles, one JSON object a line."`
	Lang string `required:"" help:"The language of the questions: az, tr, ru or en."`
}

// Run ranks what comes on standard input until it ends.
func (r *rankCmd) Run(ctx context.Context, con terminal) error {
	code, err := languageOf(r.Lang)
	if err != nil {
		return err
	}
	kb, err := os.Open(r.KB)
	if err != nil {
		return usageError{fmt.Errorf("the articles cannot be read: %w", err)}
	}
	defer kb.Close()
	return knowledge.Filter(ctx, kb, code, con.in, con.out)
}

func languageOf(tag string) (language.Code, error) {
	code, ok := language.Parse(tag)
	if !ok {
		return "", usageError{fmt.Errorf("--lang %q is not one of az, tr, ru, en", tag)}
	}
	return code, nil
}

type searchCmd struct {
	Lang string   `help:"The customer's language; found out from the question when left out."`
	JSON bool     `help:"As JSON."`
	Text []string `arg:"" help:"The question."`
}

// Run explains a ranking with the thresholds of the articles as they are.
func (c *searchCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	library, set, err := openLibrary(ctx, con, cli)
	if err != nil {
		return err
	}
	q := knowledge.Query{Text: strings.Join(c.Text, " "), Language: set.Brand.Languages[0]}
	if g := language.DetectAmong(q.Text, set.Brand.Languages); g.Sure() {
		q.Language = g.Code
	}
	if c.Lang != "" {
		if q.Language, err = languageOf(c.Lang); err != nil {
			return err
		}
	}
	explained, err := library.Explain(ctx, q)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(con.out).Encode(explained)
	}
	return explained.Write(con.out)
}

// openLibrary is the operator's articles with their own thresholds.
func openLibrary(ctx context.Context, con terminal, cli *commandLine) (*knowledge.Library, settings, error) {
	set, err := readSettings(cli.configPath(true), config.Ignore, con, false)
	if err != nil {
		return nil, set, err
	}
	library := knowledge.BuildLibrary(set.content)
	found, err := library.Calibrate(ctx)
	if err != nil {
		return nil, set, err
	}
	return library.WithThresholds(found), set, nil
}

type pairsCmd struct {
	JSON bool `help:"As JSON."`
}

// Run tests the pairs; it fails when one of them is answered with something else.
func (c *pairsCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	library, set, err := openLibrary(ctx, con, cli)
	if err != nil {
		return err
	}
	if len(set.tests) == 0 {
		return usageError{errors.New("there are no questions to test: add a section tests to an article file, with questions by article id and language")}
	}
	report, err := library.TestPairs(ctx, set.tests)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(con.out).Encode(report)
	} else {
		printPairs(con, report)
	}
	if err == nil && report.Wrong > 0 {
		return errTold
	}
	return err
}

func printPairs(con terminal, r knowledge.PairReport) {
	percent := func(n int) string { return fmt.Sprintf("%d of %d (%d %%)", n, r.Total, (200*n/max(r.Total, 1)+1)/2) }
	fmt.Fprintf(con.out, "found first          %s\noffered              %s\nanswered, and right  %s\nanswered, and wrong  %s\n",
		percent(r.Right), percent(r.Offered), percent(r.Answered), percent(r.Wrong))
	for _, f := range r.Failures {
		fmt.Fprintf(con.out, "  %s %s: %q found %s (%s, %.2f)\n", f.Language, f.ArticleID, f.Question, nameOr(f.Got, "nothing"), f.Outcome, f.Confidence)
	}
	if len(r.Confusions) > 0 {
		fmt.Fprintln(con.out, "taken for each other:")
	}
	for _, c := range r.Confusions {
		fmt.Fprintf(con.out, "  %s for %s: %d\n", nameOr(c.Got, "nothing"), c.Want, c.Questions)
	}
	if len(r.Suggestions) > 0 {
		fmt.Fprintln(con.out, "phrasings to add:")
	}
	for _, s := range r.Suggestions {
		fmt.Fprintf(con.out, "  %s %s: %s\n", s.ArticleID, s.Language, s.Question)
	}
}

func nameOr(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}

type articleCmd struct {
	Lang  string   `default:"en" help:"The language of rows and files that name none."`
	Files []string `arg:"" help:"One CSV file, or Markdown files with front matter."`
}

// Run writes articles to standard output, and what could not be read to standard error.
func (c *articleCmd) Run(con terminal) error {
	code, err := languageOf(c.Lang)
	if err != nil {
		return err
	}
	articles, bad, err := c.read(code)
	if err != nil {
		return err
	}
	if err := knowledge.WriteArticles(con.out, articles); err != nil {
		return err
	}
	for _, line := range bad {
		fmt.Fprintln(con.err, line)
	}
	fmt.Fprintf(con.err, "%d articles, %d left out\n", len(articles), len(bad))
	if len(articles) == 0 {
		return errTold
	}
	return nil
}

func (c *articleCmd) read(code language.Code) (articles []knowledge.Article, bad []string, err error) {
	if len(c.Files) == 1 && strings.EqualFold(filepath.Ext(c.Files[0]), ".csv") {
		f, err := os.Open(c.Files[0])
		if err != nil {
			return nil, nil, usageError{err}
		}
		defer f.Close()
		articles, rows, err := knowledge.ImportCSV(f, code)
		for _, row := range rows {
			bad = append(bad, fmt.Sprintf("%s:%d: %s", c.Files[0], row.Line, row.Reason))
		}
		return articles, bad, err
	}
	files := make([]knowledge.MarkdownFile, 0, len(c.Files))
	for _, name := range c.Files {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, usageError{err}
		}
		files = append(files, knowledge.MarkdownFile{Name: filepath.Base(name), Text: string(raw)})
	}
	articles, reasons := knowledge.ImportMarkdown(files, code)
	for name, reason := range reasons {
		bad = append(bad, name+": "+reason)
	}
	return articles, bad, nil
}
