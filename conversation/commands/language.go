package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Language lets a person choose the language of everything we say.
type Language struct{ Voice }

const languageSkill = "language"

// Name implements conversation.Skill.
func (Language) Name() string { return languageSkill }

// languageRow has a button per language, each in its own name, so that everybody finds theirs.
func languageRow(langs []language.Code) []conversation.Button {
	row := make([]conversation.Button, 0, len(langs))
	for _, code := range langs {
		row = append(row, conversation.Act(code.Name(), languageSkill, "choose", code))
	}
	return row
}

// Decide implements conversation.Skill. "/language az" chooses at once, "language" shows the choice, and the bare name
// of a language is a choice too.
func (l Language) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	if t.Intent == texts.IntentLanguage {
		if code, ok := l.named(t.In.Args); ok {
			return l.choose(t, code), nil
		}
		if code, ok := texts.NamedLanguage(t.In.Text); ok && slices.Contains(l.Languages, code) {
			return l.choose(t, code), nil // "in English please"
		}
		return say(t, conversation.Say(l.Texts.Say(t.Lang, "language.ask", nil), languageRow(l.Languages))), nil
	}
	if t.In.Kind == conversation.KindMessage && t.In.Command == "" {
		if code, ok := l.named(t.In.Text); ok {
			return l.choose(t, code), nil
		}
	}
	return nil, nil
}

// Press implements conversation.Presser.
func (l Language) Press(_ context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	var code language.Code
	if err := json.Unmarshal(a.Data, &code); err != nil {
		return nil, fmt.Errorf("read a language button: %w", err)
	}
	return l.choose(t, code), nil
}

// named is the language that a text names by code or by its own name.
func (l Language) named(text string) (language.Code, bool) {
	folded := language.Fold(text, language.English)
	for _, code := range l.Languages {
		if folded != "" && (folded == string(code) || folded == language.Fold(code.Name(), language.English)) {
			return code, true
		}
	}
	return "", false
}

func (l Language) choose(t conversation.Turn, code language.Code) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		p := t.Person
		p.Chosen, p.Welcomed = code, true
		if err := tx.SavePerson(ctx, p); err != nil {
			return t.Dialogue, err
		}
		o := conversation.Say(l.Texts.Say(code, "language.chosen", nil))
		o.Body.Menu = l.menu(code)
		_, err := tx.Send(ctx, o)
		return t.Dialogue, err
	}
}
