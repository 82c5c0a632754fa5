package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.434, 1.618, 4.946, 5.173, 3.812, 2.316, 2.440, 1.321, 2.422, 3.219, 3.135, 1.734,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.210, 0.054, 0.122, -0.365, 0.913, -0.526, 0.702, -1.443, 2.317, -0.074, 2.363, 0.081, -0.708, 1.389, 0.815, -0.060, 1.704, 1.092, 0.927, -1.316,
}

var signalBias = -0.341
