package knowledge

// Evidence is what speaks for one article as the answer to one question, each
// figure about 0 for nothing and 1 for full agreement. The order is that of
// EvidenceNames.
type Evidence [evidenceCount]float64

// What each figure of Evidence is.
const (
	stemsInQuestion = iota // telling words of the question in title and phrasings
	gramsInQuestion        // letter sequences in title and phrasings
	stemsInAnswer          // telling words in the answer
	gramsInAnswer          // letter sequences in the answer
	closestByStems         // the most alike phrasing by words
	closestByGrams         // the most alike phrasing by letter sequences
	severalByStems         // mean of the three most alike phrasings by words
	severalByGrams         // the same by letter sequences
	pairsInQuestion        // words that follow each other
	evidenceCount
)

// EvidenceNames names the figures of Evidence in the words of `search`.
var EvidenceNames = [evidenceCount]string{
	"words in the questions", "letters in the questions", "words in the answer", "letters in the answer",
	"closest phrasing by words", "closest phrasing by letters", "several phrasings by words", "several phrasings by letters",
	"neighbouring words",
}

func (ix *index) gather(d int, q question, s *scratch) Evidence {
	first, last := ix.firstOf[d], ix.firstOf[d+1]
	var e Evidence
	stems, letters := float64(q.stems.total)+1e-6, float64(q.grams.total)+1e-6
	e[stemsInQuestion] = float64(s.stemsQ[d]) / stems
	e[gramsInQuestion] = float64(s.gramsQ[d]) / letters
	e[stemsInAnswer] = float64(s.stemsA[d]) / stems
	e[gramsInAnswer] = float64(s.gramsA[d]) / letters
	e[pairsInQuestion] = float64(s.pairsQ[d]) / (float64(q.pairs.total) + stems)
	best, mean := closest(ix.stems.phrasings, ix.stems.idf, s.stemWeight, q.stems.norm, first, last)
	e[closestByStems], e[severalByStems] = float64(best), float64(mean)
	best, mean = closest(ix.grams.phrasings, ix.grams.idf, s.gramWeight, q.grams.norm, first, last)
	e[closestByGrams], e[severalByGrams] = float64(best), float64(mean)
	return e
}
