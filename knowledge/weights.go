package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.528, 1.549, 4.605, 5.229, 3.770, 2.192, 2.470, 1.284, 2.406, 3.199, 2.597, 1.758, 3.765,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.207, 0.056, 0.128, -0.448, 1.004, -0.506, 0.723, -1.516, 2.245, -0.012, 2.393, 0.162, -0.684, 1.368, 0.816, -0.032, 1.578, 1.056, 0.839, -1.320,
}

var signalBias = -0.413
