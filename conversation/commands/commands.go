// Package commands has the built-in skills that every Rapport has: the commands start, help, language and agent, the
// stop words, small talk, what is said to attachments, and the fallback. Each command is understood as a slash command
// and in plain words, in all languages whatever language the person is spoken to in.
package commands

import (
	"context"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Voice is what the built-in skills speak with.
type Voice struct {
	Texts     *texts.Catalogue
	Languages []language.Code                 // the brand's, its default first
	Notice    func(lang language.Code) string // the address of the privacy notice; empty for none
	Desk      conversation.Desk
}

// say is a commit that answers with messages and leaves the dialogue as it is.
func say(t conversation.Turn, out ...conversation.Outgoing) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		for _, o := range out {
			if _, err := tx.Send(ctx, o); err != nil {
				return t.Dialogue, err
			}
		}
		return t.Dialogue, nil
	}
}

// menu are the labels that stay under the input.
func (v Voice) menu(lang language.Code) []string {
	labels := make([]string, 0, 4)
	for _, key := range []string{"menu.card", "menu.balance", "menu.offers", "menu.agent"} {
		labels = append(labels, v.Texts.Label(lang, key, nil))
	}
	return labels
}
