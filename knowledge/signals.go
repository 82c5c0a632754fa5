package knowledge

import (
	"math"

	"github.com/rapport-chat/rapport/language"
)

// Signals say how far a whole ranking is to be trusted; from them the confidence is
// computed. Unlike Evidence they look at the question and at all articles together.
type Signals [signalCount]float64

// What each figure of Signals is.
const (
	probabilityOfFirst = iota // log odds of the first among the articles
	leadOfFirst               // score of the first less that of the second
	rawScore                  // score of the first before comparison
	knownByStems              // share of the question's telling words that the base knows
	knownByGrams              // the same by letter sequences
	matchedByStems            // share of the telling words that the first article has
	matchedByGrams            // the same by letter sequences
	likestByStems             // how alike the closest phrasing is by words
	likestByGrams             // and by letter sequences
	agreement                 // share of the evidence that puts the same article first
	rawWords                  // unnormalised word score: long agreement counts more
	fewWords                  // 1 / number of words
	crowd                     // log of the number of articles
	likestByIdeas             // how alike the closest phrasing is by concepts
	likestByPairs             // and by pairs of concepts
	knownByIdeas              // share of the question's concepts that the base knows
	explainedByFirst          // share of the telling words that the first article has, by word or concept
	explainedLead             // and how much less of them the second has
	worstUnexplained          // weight of the most telling word that the first article lacks
	phrasingsEach             // log of the phrasings per article
	signalCount
)

// SignalNames names the figures of Signals in the words of `search`.
var SignalNames = [signalCount]string{
	"first among the articles", "lead over the second", "raw score", "known words", "known letters",
	"matched words", "matched letters", "closest phrasing by words", "closest phrasing by letters",
	"agreement", "raw word score", "shortness", "number of articles",
	"closest phrasing by meaning", "closest phrasing by pairs of meanings", "known meanings", "explained words",
	"explained words beyond the second", "most telling unexplained word", "phrasings per article",
}

// signals reads the signals off a ranking whose candidates are sorted.
func (ix *index) signals(q question, ranked []candidate) Signals {
	var s Signals
	if len(ranked) == 0 {
		return s
	}
	first := ranked[0]
	second := 0.0
	if len(ranked) > 1 {
		second = ranked[1].score
	}
	p := first.probability
	s[probabilityOfFirst] = math.Log((p + 1e-4) / (1 - p + 1e-4))
	s[leadOfFirst] = first.score - second
	s[rawScore] = first.score
	s[knownByStems] = ratio(q.stems.known, q.stems.total)
	s[knownByGrams] = ratio(q.grams.known, q.grams.total)
	s[matchedByStems] = first.evidence[stemsInQuestion] + first.evidence[stemsInAnswer]
	s[matchedByGrams] = first.evidence[gramsInQuestion] + first.evidence[gramsInAnswer]
	s[likestByStems] = first.evidence[closestByStems]
	s[likestByGrams] = first.evidence[closestByGrams]
	s[agreement] = agreeing(ranked)
	s[rawWords] = (first.evidence[stemsInQuestion] + first.evidence[stemsInAnswer]) * float64(q.stems.total) / 10
	s[fewWords] = 1 / float64(max(1, len(q.words)))
	s[crowd] = math.Log(float64(1 + len(ix.documents)))
	s[likestByIdeas] = first.evidence[closestByIdeas]
	s[likestByPairs] = first.evidence[closestByPairs]
	s[knownByIdeas] = ratio(q.ideas.known, q.ideas.total)
	explained, worst := ix.explained(q, first.document)
	s[explainedByFirst], s[worstUnexplained] = explained, worst
	if len(ranked) > 1 {
		second, _ := ix.explained(q, ranked[1].document)
		s[explainedLead] = explained - second
	}
	s[phrasingsEach] = math.Log(1 + ix.phrasingsPerDocument())
	return s
}

// explained returns the share of the question's words, by their everyday weight, that
// document d has as a stem or as a concept, and the weight of the most telling word
// that it lacks.
func (ix *index) explained(q question, d int) (share, worst float64) {
	total, found := 0.0, 0.0
	for i, r := range q.words {
		weight := everydayWeight(r.word, ix.code)
		total += weight
		has := false
		if id, ok := ix.stems.ids[language.Stem(r.word, ix.code)]; ok {
			has = ix.stems.has(id, d)
		}
		for _, n := range r.near {
			has = has || ix.stems.has(ix.stems.ids[language.Stem(ix.vocabulary.words[n.id], ix.code)], d)
		}
		for _, c := range q.concepts[i] {
			if id, ok := ix.ideas.ids[c]; ok && !has {
				has = ix.ideas.has(id, d)
			}
		}
		if has {
			found += weight
		} else {
			worst = max(worst, weight)
		}
	}
	if total == 0 {
		return 0, 0
	}
	return found / total, worst
}

// agreeing is the share of the kinds of evidence that put the first article first,
// among those that say anything.
func agreeing(ranked []candidate) float64 {
	agree, speaking := 0.0, 0.0
	for kind := range evidenceCount {
		best, first := 0.0, ranked[0].evidence[kind]
		for _, c := range ranked {
			best = max(best, c.evidence[kind])
		}
		if best > 0 {
			speaking++
			if first >= best {
				agree++
			}
		}
	}
	if speaking == 0 {
		return 0
	}
	return agree / speaking
}

func ratio(part, whole float32) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part / whole)
}
