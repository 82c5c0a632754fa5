package knowledge

import "math"

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
	signalCount
)

// SignalNames names the figures of Signals in the words of `search`.
var SignalNames = [signalCount]string{
	"first among the articles", "lead over the second", "raw score", "known words", "known letters",
	"matched words", "matched letters", "closest phrasing by words", "closest phrasing by letters",
	"agreement", "raw word score", "shortness", "number of articles",
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
	return s
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
