package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

type knowledgeCmd struct {
	Rank rankCmd `cmd:"" help:"A filter: questions as JSON lines in, ranked articles out."`
}

type rankCmd struct {
	KB   string `required:"" placeholder:"FILE" help:"Articles, one JSON object a line."`
	Lang string `required:"" help:"The language of the questions: az, tr, ru or en."`
}

// Run ranks what comes on standard input until it ends.
func (r *rankCmd) Run(ctx context.Context, con terminal) error {
	code, ok := language.Parse(r.Lang)
	if !ok {
		return usageError{fmt.Errorf("--lang %q is not one of az, tr, ru, en", r.Lang)}
	}
	kb, err := os.Open(r.KB)
	if err != nil {
		return usageError{fmt.Errorf("the articles cannot be read: %w", err)}
	}
	defer kb.Close()
	return knowledge.Filter(ctx, kb, code, con.in, con.out)
}
