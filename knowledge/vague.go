package knowledge

import (
	"slices"
	"strings"
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// Questions that do not say what they are about: "it does not work", "broken",
// "I bought one yesterday". Their few words stand in some article, which then looks
// certain, though anything may be meant.

// Concepts by their names in the lexicon.
var (
	faultNames = []string{"damaged", "defective", "problem"}
	// emptyNames say how something is, never what.
	emptyNames = []string{"damaged", "defective", "problem", "spoiled", "not", "no"}
	// workNames belong to a fault only beside one: "not working" is a fault, "working" asks for the hours.
	workNames = []string{"work", "open", "office"}
)

// bought are past forms of buying in the first person, folded. With a day beside them they tell what happened and ask
// nothing.
var bought = map[language.Code][]string{
	language.Azerbaijani: {"aldim", "aldiq", "almisam", "almisiq"},
	language.Turkish:     {"aldim", "aldik", "almistim", "almistik"},
	language.Russian:     {"купил", "купила", "купили", "взял", "взяла", "взяли", "приобрел", "приобрела", "заказал", "заказала"},
	language.English:     {"bought", "purchased", "ordered", "got"},
}

const (
	// littleSaid is the everyday weight below which a word says nothing by itself.
	littleSaid = 0.5
	// leastFault is the confidence from which a fault with a subject is asked about: a
	// person who is in trouble is better shown three articles than none.
	leastFault = 0.15
	// maxTold is how many words a plain statement has beside the day and the verb.
	maxTold = 2
)

// conceptsNamed looks names up once.
func conceptsNamed(names []string) func() map[concept]bool {
	return sync.OnceValue(func() map[concept]bool {
		found := make(map[concept]bool)
		for i, name := range conceptNames() {
			if slices.Contains(names, name) {
				found[concept(i)] = true
			}
		}
		return found
	})
}

var (
	faultConcepts = conceptsNamed(faultNames)
	emptyConcepts = conceptsNamed(emptyNames)
	workConcepts  = conceptsNamed(workNames)
	dateConcepts  = conceptsNamed([]string{"date"})
)

// anyOf says whether one of a word's concepts is in the set.
func anyOf(concepts []concept, set map[concept]bool) bool {
	return slices.ContainsFunc(concepts, func(c concept) bool { return set[c] })
}

// subjects lists the words of a question that say what it is about. fault is set when the others tell of a fault.
func (ix *index) subjects(q question) (about []int, fault bool) {
	for i := range q.words {
		fault = fault || anyOf(q.concepts[i], faultConcepts())
	}
	for i, r := range q.words {
		little := everydayWeight(r.word, ix.code) < littleSaid
		if !little && !anyOf(q.concepts[i], emptyConcepts()) && !(fault && anyOf(q.concepts[i], workConcepts())) {
			about = append(about, i)
		}
	}
	return about, fault
}

// tells says whether a text only tells what its writer bought and when.
func (ix *index) tells(text string, q question) bool {
	if strings.ContainsAny(text, "?？") {
		return false
	}
	verb, dated, rest := false, false, 0
	for i, r := range q.words {
		switch {
		case slices.Contains(bought[ix.code], r.typed):
			verb = true
		case anyOf(q.concepts[i], dateConcepts()):
			dated = true
		case everydayWeight(r.word, ix.code) >= littleSaid:
			rest++
		}
	}
	return verb && dated && rest <= maxTold
}

// hasWord says whether document d has the question's word i, by stem or by concept.
func (ix *index) hasWord(q question, i, d int) bool {
	if id, ok := ix.stems.ids[language.Stem(q.words[i].word, ix.code)]; ok && ix.stems.has(id, d) {
		return true
	}
	return slices.ContainsFunc(q.concepts[i], func(c concept) bool {
		id, ok := ix.ideas.ids[c]
		return ok && ix.ideas.has(id, d)
	})
}

// asks says whether the text is one of document d's own questions, however it is typed.
func (ix *index) asks(text string, d int) bool {
	folded := language.Fold(clip(text), ix.code)
	return slices.ContainsFunc(ix.documents[d].questions, func(q string) bool { return language.Fold(q, ix.code) == folded })
}

// steady keeps a question that does not say what it is about from a sure answer. Where the sure one has only the fault
// in common with the question, the articles about its subject are put first. An article that has the question as it stands stays sure.
func (ix *index) steady(text string, q question, ranked []candidate, outcome Outcome, confidence float64) ([]candidate, Outcome) {
	about, fault := ix.subjects(q)
	tells := ix.tells(text, q)
	if len(ranked) == 0 || !fault && !tells || ix.asks(text, ranked[0].document) {
		return ranked, outcome
	}
	if tells {
		return ranked, min(outcome, Ask)
	}
	has := func(c candidate) bool {
		return slices.ContainsFunc(about, func(i int) bool { return ix.hasWord(q, i, c.document) })
	}
	switch {
	case len(about) == 0:
		return ranked, min(outcome, Ask)
	case has(ranked[0]):
		if outcome == HandOff && confidence >= leastFault {
			outcome = Ask
		}
		return ranked, outcome
	case outcome != Answer:
		return ranked, outcome // nothing is claimed
	}
	page := slices.Clone(ranked[:min(len(ranked), maxResults)])
	slices.SortStableFunc(page, func(a, b candidate) int {
		switch first, second := has(a), has(b); {
		case first == second:
			return 0
		case first:
			return -1
		}
		return 1
	})
	return page, Ask
}
