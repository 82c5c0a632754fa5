package desk

import (
	"context"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// goesOn reopens the ticket that was resolved last when a message plainly goes on with it: it says that the matter is
// not settled, and the bot has no answer of its own.
func (h Human) goesOn(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if !t.In.Private || len(t.Dialogue.Stack) > 0 || t.In.Text == "" || !Continues(t.In.Text) {
		return nil, nil
	}
	tickets, err := h.Stores.OfPerson(ctx, t.Person.ID, t.Now)
	if err != nil || len(tickets) == 0 {
		return nil, err
	}
	last := tickets[0]
	if last.Live() || last.Replies == 0 || t.Now.Sub(last.ResolvedAt) > h.Config.Reopen.Std() {
		return nil, nil
	}
	if answer, err := h.certain(ctx, t); err != nil || answer != nil {
		return nil, err // a question that the bot knows is a new one
	}
	return h.resume(t, last.ID, true), nil
}

// still are words that say that something goes on, folded: "still", "again", "not solved".
var still = map[language.Code][]string{
	language.Azerbaijani: {"yene", "hele de", "helede", "hell olunmadi", "hell olmadi", "duzelmedi", "duzelmeyib", "yene de", "olmadi"},
	language.Turkish:     {"hala", "yine", "tekrar", "cozulmedi", "duzelmedi", "olmadi"},
	language.Russian:     {"опять", "снова", "все еще", "всё ещё", "не решено", "не решили", "не решилось", "не помогло", "так и не"},
	language.English:     {"still", "again", "not solved", "not fixed", "did not help", "didn't help", "not working"},
}

// Continues says that a text plainly goes on with what was talked about before.
func Continues(text string) bool {
	for lang, words := range still {
		folded := " " + strings.Join(strings.FieldsFunc(language.Fold(text, lang), notInWord), " ") + " "
		for _, w := range words {
			if strings.Contains(folded, " "+strings.Join(strings.FieldsFunc(language.Fold(w, lang), notInWord), " ")+" ") {
				return true
			}
		}
	}
	return false
}

// notInWord parts words.
func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
