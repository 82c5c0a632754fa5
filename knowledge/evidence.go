package knowledge

// Evidence is what speaks for one article as the answer to one question, each
// figure about 0 for nothing and 1 for full agreement. The order is that of
// EvidenceNames.
type Evidence [evidenceCount]float64

// What each figure of Evidence is.
const (
	stemsInQuestion    = iota // telling words of the question in title and phrasings
	gramsInQuestion           // letter sequences in title and phrasings
	stemsInAnswer             // telling words in the answer
	gramsInAnswer             // letter sequences in the answer
	ideasInQuestion           // concepts in title and phrasings
	ideasInAnswer             // concepts in the answer
	fieldsInQuestion          // fields of concepts in title and phrasings
	closestByStems            // the most alike phrasing by words
	closestByGrams            // the most alike phrasing by letter sequences
	closestByIdeas            // the most alike phrasing by concepts
	fullestSentence           // share of the telling words that one sentence of the answer has
	closestByPairs            // the most alike phrasing by pairs of concepts
	neighboursInAnswer        // share of them that are neighbours in question and sentence
	evidenceCount
)

// EvidenceNames names the figures of Evidence in the words of `search`.
var EvidenceNames = [evidenceCount]string{
	"words in the questions", "letters in the questions", "words in the answer", "letters in the answer",
	"meaning in the questions", "meaning in the answer", "subject of the questions",
	"closest phrasing by words", "closest phrasing by letters", "closest phrasing by meaning", "fullest sentence of the answer", "closest phrasing by pairs of meanings", "neighbouring words in the answer",
}

// sums is the evidence that the inverted lists give for document d.
func (ix *index) sums(d int, q question, s *scratch) Evidence {
	stems, letters := float64(q.stems.total)+1e-6, float64(q.grams.total)+1e-6
	ideas, fields := float64(q.ideas.total+ix.ideas.unknown), float64(q.fields.total+ix.fields.unknown)
	return Evidence{
		stemsInQuestion:  float64(s.stemsQ[d]) / stems,
		stemsInAnswer:    float64(s.stemsA[d]) / stems,
		gramsInQuestion:  float64(s.gramsQ[d]) / letters,
		gramsInAnswer:    float64(s.gramsA[d]) / letters,
		ideasInQuestion:  float64(s.ideasQ[d]) / ideas,
		ideasInAnswer:    float64(s.ideasA[d]) / ideas,
		fieldsInQuestion: float64(s.fieldsQ[d]) / fields,
	}
}

// gather adds to the sums what comparing the phrasings one by one gives.
func (ix *index) gather(d int, q question, s *scratch) Evidence {
	first, last := ix.firstOf[d], ix.firstOf[d+1]
	e := ix.sums(d, q, s)
	e[closestByStems] = closest(ix.stems.phrasings, ix.stems.idf, s.stemWeight, q.stems.norm, first, last)
	e[closestByGrams] = closest(ix.grams.phrasings, ix.grams.idf, s.gramWeight, q.grams.norm, first, last)
	e[closestByIdeas] = closest(ix.ideas.phrasings, ix.ideas.idf, s.ideaWeight, q.ideas.norm, first, last)
	e[closestByPairs] = closest(ix.pairs.phrasings, ix.pairs.idf, s.pairWeight, q.pairs.norm, first, last)
	e[fullestSentence], e[neighboursInAnswer] = fullest(ix.stems.sentences, q.stems, s.stemWeight, ix.firstSentence[d], ix.firstSentence[d+1])
	return e
}
