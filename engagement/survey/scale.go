package survey

// Kind says what a survey measures.
type Kind string

// The kinds of surveys.
const (
	NPS    Kind = "nps"    // 0 to 10: would recommend
	CSAT   Kind = "csat"   // 1 to 5: satisfied
	CES    Kind = "ces"    // 1 to 7: it was easy; 7 is easy
	Custom Kind = "custom" // questions from the bank
)

// Scale is the lowest and the highest mark of a kind; false for a kind without a mark.
func (k Kind) Scale() (lo, hi int, ok bool) {
	switch k {
	case NPS:
		return 0, 10, true
	case CSAT:
		return 1, 5, true
	case CES:
		return 1, 7, true
	}
	return 0, 0, false
}

// Band is a part of a scale that is thanked and counted alike.
type Band string

// The bands. Promoter, passive and detractor are NPS's, the others CSAT's and CES's.
const (
	Promoter  Band = "promoter"
	Passive   Band = "passive"
	Detractor Band = "detractor"
	High      Band = "high"
	Middle    Band = "middle"
	Low       Band = "low"
)

// BandOf is the band of a mark: NPS 9-10, 7-8 and 0-6; CSAT 4-5, 3 and 1-2; CES 5-7, 4 and 1-3.
func (k Kind) BandOf(score int) Band {
	switch {
	case k == NPS && score >= 9:
		return Promoter
	case k == NPS && score >= 7:
		return Passive
	case k == NPS:
		return Detractor
	case k == CSAT && score >= 4, k == CES && score >= 5:
		return High
	case k == CSAT && score == 3, k == CES && score == 4:
		return Middle
	}
	return Low
}

// followUp says whether a band is asked for words. Who is satisfied has said enough.
func (b Band) followUp() bool { return b != High }
