package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.638, 1.804, 4.603, 4.768, 3.881, 2.349, 2.280, 1.367, 2.110, 3.221, 3.389,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.316, 0.058, 0.245, 0.071, 0.085, -0.548, -0.418, -1.893, 2.946, 0.388, 1.747, -0.205, -0.544,
}

var signalBias = -0.770
