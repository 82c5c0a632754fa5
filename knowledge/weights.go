package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.812, 2.015, 5.930, 5.667, 3.063, 1.910, 1.791, 1.575, 2.585, 2.827,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.290, 0.036, 0.208, 0.076, 0.079, -0.214, -0.144, -2.259, 3.346, 0.767, 1.482, -0.707, -0.633,
}

var signalBias = -0.358
