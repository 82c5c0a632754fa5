package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.627, 1.678, 4.577, 4.729, 3.976, 2.637, 2.364, 1.434, 2.013, 3.453, 3.341,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.316, 0.058, 0.245, 0.071, 0.085, -0.548, -0.418, -1.893, 2.946, 0.388, 1.747, -0.205, -0.544,
}

var signalBias = -0.770
