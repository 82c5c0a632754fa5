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
	0.222, 0.047, 0.132, -0.404, 1.088, -0.456, 0.367, -1.339, 2.267, -0.042, 2.299, 0.088, -0.724, 1.235, 1.093, -0.057, 1.656, 1.131, 0.977, -1.288,
}

var signalBias = -0.351
