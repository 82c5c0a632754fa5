package knowledge

const (
	// certainOdds is how far above the answering threshold, in log odds, the bot speaks up beside a member of staff.
	certainOdds = 1.6
	// certainShare is what share of the question's words, by the square of their everyday weight, the article must
	// have as they were typed.
	certainShare = 0.5
	// certainWords is what they must weigh together: one usual word is too little.
	certainWords = 1.2
)

// certain says whether the first article is right beyond doubt. Words that were only guessed, because they look like
// others ("hell" like "halal"), do not count.
func (ix *index) certain(text string, q question, d int, confidence float64, t Thresholds) bool {
	if ix.asks(text, d) {
		return true
	}
	if logOdds(confidence) < logOdds(t.Answer)+certainOdds {
		return false
	}
	total, typed := 0.0, 0.0
	for i, r := range q.words {
		weight := everydayWeight(r.typed, ix.code)
		weight *= weight
		total += weight
		if r.word == r.typed && r.likeness == 1 && (ix.hasWord(q, i, d) || ix.rare.of(r.typed, ix.code) == d) {
			typed += weight
		}
	}
	return typed >= certainWords && typed >= certainShare*total
}
