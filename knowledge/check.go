package knowledge

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/language"
)

// FindingKind is what Check can find.
type FindingKind string

// The kinds of findings.
const (
	DuplicatePhrasing FindingKind = "duplicate phrasing"     // twice in one article
	Contradiction     FindingKind = "contradictory phrasing" // the same question in two articles
	NeverWins         FindingKind = "never wins"             // its own questions find other articles
	MissingLanguage   FindingKind = "missing language"
	StaleReview       FindingKind = "stale review"
	OneWording        FindingKind = "one wording" // found by hardly anybody
)

// Finding is something about the articles that an operator should look at. Only
// contradictions are errors: the bot can answer such a question either way.
type Finding struct {
	Kind      FindingKind
	Error     bool
	ArticleID string
	Language  language.Code // empty when it is about the whole article
	Message   string
	Hint      string
	Source    Position
}

// Check looks for articles that get in each other's way or have grown old. spoken are
// the brand's languages; now decides which reviews are stale.
func (l *Library) Check(ctx context.Context, spoken []language.Code, now time.Time) ([]Finding, error) {
	var found []Finding
	for _, code := range language.All {
		if l.indexes[code] == nil {
			continue
		}
		found = append(found, l.checkPhrasings(code)...)
		never, err := l.checkWinning(ctx, code)
		if err != nil {
			return nil, err
		}
		found = append(found, never...)
	}
	for _, a := range l.articles {
		found = append(found, a.checkLanguages(spoken)...)
	}
	found = append(found, l.Stale(now)...)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Source.File, b.Source.File), cmp.Compare(a.Source.Line, b.Source.Line))
	})
	return found, nil
}

// Stale lists the articles whose review is overdue.
func (l *Library) Stale(now time.Time) []Finding {
	var found []Finding
	for _, a := range l.articles {
		if due := a.Reviewed.Add(a.ReviewEvery); a.ReviewEvery > 0 && !a.Reviewed.IsZero() && now.After(due) {
			found = append(found, Finding{
				Kind: StaleReview, ArticleID: a.ID, Source: a.Source,
				Message: fmt.Sprintf("article %q was to be reviewed by %s", a.ID, due.Format(time.DateOnly)),
				Hint:    "read it again and set reviewed to today",
			})
		}
	}
	return found
}

// checkPhrasings finds questions that stand twice once they are folded.
func (l *Library) checkPhrasings(code language.Code) []Finding {
	var found []Finding
	type place struct {
		article  int
		question string
	}
	seen := make(map[string]place)
	for i, a := range l.articles {
		for _, q := range a.Texts[code].questions() {
			folded := language.Fold(q, code)
			if folded == "" {
				continue
			}
			before, ok := seen[folded]
			switch {
			case !ok:
				seen[folded] = place{article: i, question: q}
			case before.article == i:
				found = append(found, Finding{
					Kind: DuplicatePhrasing, ArticleID: a.ID, Language: code, Source: a.Source,
					Message: fmt.Sprintf("article %q asks %q twice in %s", a.ID, q, code),
					Hint:    "replace one of them by another wording; case, punctuation and diacritics make no difference",
				})
			default:
				found = append(found, Finding{
					Kind: Contradiction, Error: true, ArticleID: a.ID, Language: code, Source: a.Source,
					Message: fmt.Sprintf("%q stands in the articles %q and %q in %s", q, l.articles[before.article].ID, a.ID, code),
					Hint:    "keep it in the article that should answer it",
				})
			}
		}
	}
	return found
}

// checkWinning finds articles that none of their own questions puts first, and ones
// that have only one wording.
func (l *Library) checkWinning(ctx context.Context, code language.Code) ([]Finding, error) {
	var found []Finding
	for _, a := range l.articles {
		t, ok := a.Texts[code]
		questions := t.questions()
		if !ok || len(questions) == 0 {
			continue
		}
		if len(questions) == 1 {
			found = append(found, Finding{
				Kind: OneWording, ArticleID: a.ID, Language: code, Source: a.Source,
				Message: fmt.Sprintf("article %q has one wording in %s", a.ID, code),
				Hint:    "four more phrasings, as customers type them, find about twenty more of a hundred questions",
			})
		}
		wins, other := false, ""
		for _, q := range questions {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			r := l.rankIn(Query{Text: q}, code)
			if len(r.Results) > 0 && r.Results[0].ArticleID == a.ID {
				wins = true
				break
			}
			if len(r.Results) > 0 {
				other = r.Results[0].ArticleID
			}
		}
		if !wins {
			message := fmt.Sprintf("article %q can never be found in %s", a.ID, code)
			if other != "" {
				message = fmt.Sprintf("article %q can never win in %s: even its own questions find %q", a.ID, code, other)
			}
			found = append(found, Finding{
				Kind: NeverWins, ArticleID: a.ID, Language: code, Source: a.Source, Message: message,
				Hint: "join the two articles, or give it phrasings with words of its own",
			})
		}
	}
	return found, nil
}

func (a Article) checkLanguages(spoken []language.Code) []Finding {
	var found []Finding
	for _, code := range spoken {
		if _, ok := a.Texts[code]; !ok && len(a.Texts) > 0 {
			found = append(found, Finding{
				Kind: MissingLanguage, ArticleID: a.ID, Language: code, Source: a.Source,
				Message: fmt.Sprintf("article %q is not there in %s", a.ID, code),
				Hint:    "people who write in it get another language's answer with a note",
			})
		}
	}
	return found
}
