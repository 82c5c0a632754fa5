package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	1.375, 1.595, 4.812, 5.021, 3.813, 2.359, 2.459, 1.340, 2.489, 3.189, 2.630, 1.641,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.317, 0.040, 0.251, 0.136, 0.111, -0.559, -0.498, -1.791, 2.739, 0.648, 1.623, -0.122, -0.515,
}

var signalBias = -1.029
