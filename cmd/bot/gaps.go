package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
)

type gapsCmd struct {
	JSON  bool   `help:"As JSON."`
	Since string `default:"28d" help:"How far back, such as 14d or 3 months, or the first day, such as 2026-11-01."`
	Stubs bool   `help:"Print an article to fill in for each group."`
}

// Run groups what the running or stopped service could not answer. What it would answer by now, since somebody wrote
// the article or taught it, is left out.
func (c *gapsCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return withDatabase(ctx, con, cli, func(db *persistence.DB, set settings) error {
		since, err := c.since(time.Now(), set.Brand.Timezone.Location())
		if err != nil {
			return err
		}
		questions, err := db.Unanswered(ctx, since)
		if err != nil {
			return err
		}
		library, err := taughtLibrary(ctx, db, set)
		if err != nil {
			return err
		}
		if questions, err = library.StillUnanswered(ctx, questions); err != nil {
			return err
		}
		return c.print(con, knowledge.Gaps(questions), since)
	})
}

// since reads the option.
func (c *gapsCmd) since(now time.Time, zone *time.Location) (time.Time, error) {
	if date, err := config.ParseDate(c.Since); err == nil {
		return date.At(0, zone), nil
	}
	period, err := config.ParsePeriod(c.Since)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--since %q is neither a date such as 2026-11-01 nor a time such as 14d", c.Since)}
	}
	return period.Before(now, zone), nil
}

func (c *gapsCmd) print(con terminal, gaps []knowledge.Gap, since time.Time) error {
	if c.JSON {
		if gaps == nil {
			gaps = []knowledge.Gap{}
		}
		return json.NewEncoder(con.out).Encode(gaps)
	}
	if len(gaps) == 0 {
		fmt.Fprintf(con.out, "Nothing was left without an answer since %s.\n", since.Format(time.DateOnly))
	}
	for _, g := range gaps {
		fmt.Fprintf(con.out, "%3d x  %s  %s", g.Asked, g.Language, g.Questions[0])
		if g.Nearest != "" {
			fmt.Fprintf(con.out, "  (nearest: %s)", g.Nearest)
		}
		fmt.Fprintln(con.out)
		if c.Stubs {
			fmt.Fprintln(con.out, g.Stub)
		}
	}
	return nil
}

// withDatabase opens the config's database for a command, and closes it.
func withDatabase(ctx context.Context, con terminal, cli *commandLine, fn func(db *persistence.DB, set settings) error) (err error) {
	path := cli.configPath(true)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{Log: newLog(con)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return fn(db, set)
}

// taughtLibrary is the operator's articles with what people taught.
func taughtLibrary(ctx context.Context, db *persistence.DB, set settings) (*knowledge.Library, error) {
	content := set.content
	kept, err := db.Lessons(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		content.Lessons = append(content.Lessons, k.Lesson)
	}
	phrasings, err := db.LearnedPhrasings(ctx, knowledge.ConfirmingVotes)
	if err != nil {
		return nil, err
	}
	for _, p := range phrasings {
		content.Learned = append(content.Learned, knowledge.Learned{
			ArticleID: p.Article, Language: language.Code(p.Lang), Text: p.Text, Votes: p.Votes,
		})
	}
	library := knowledge.BuildLibrary(content)
	found, err := library.Calibrate(ctx)
	if err != nil {
		return nil, err
	}
	return library.WithThresholds(found), nil
}

type learnedCmd struct {
	JSON bool `help:"As JSON."`
}

// learnedLine is one lesson as it is listed.
type learnedLine struct {
	ID       int64         `json:"id"`
	Kind     string        `json:"kind"`
	Article  string        `json:"article"`
	Language language.Code `json:"language"`
	Text     string        `json:"text"` // the title, or the phrasing
	Author   string        `json:"author"`
	Taught   time.Time     `json:"taught"`
	Undone   *time.Time    `json:"undone,omitempty"`
	Saved    int           `json:"saved"` // replies that nobody had to write
}

// Run lists what staff taught, the oldest first.
func (c *learnedCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return withDatabase(ctx, con, cli, func(db *persistence.DB, _ settings) error {
		kept, err := db.AllLessons(ctx)
		if err != nil {
			return err
		}
		saved, err := db.SavedReplies(ctx)
		if err != nil {
			return err
		}
		lines := make([]learnedLine, 0, len(kept))
		for _, k := range kept {
			lines = append(lines, lineOf(k.Lesson, saved[k.ID]))
		}
		if c.JSON {
			return json.NewEncoder(con.out).Encode(lines)
		}
		for _, l := range lines {
			state := ""
			if l.Undone != nil {
				state = ", taken back on " + l.Undone.Format(time.DateOnly)
			}
			fmt.Fprintf(con.out, "%s  %s  %s %s: %s (saved %d replies%s)\n",
				l.Taught.Format(time.DateOnly), l.Author, l.Kind, l.Article, l.Text, l.Saved, state)
		}
		if len(lines) == 0 {
			fmt.Fprintln(con.out, "Nobody has taught the bot anything yet.")
		}
		return nil
	})
}

func lineOf(l knowledge.Lesson, saved int) learnedLine {
	line := learnedLine{
		ID: l.ID, Kind: string(l.Kind), Article: l.ArticleID, Language: l.Language, Text: l.Text.Title, Author: l.Author, Taught: l.At, Saved: saved,
	}
	if l.Kind == knowledge.TaughtPhrasing && len(l.Text.Phrasings) > 0 {
		line.Text = l.Text.Phrasings[0]
	}
	if !l.Undone.IsZero() {
		line.Undone = &l.Undone
	}
	return line
}
