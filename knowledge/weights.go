package knowledge

// The weights below were fitted by internal/tune on development sets of several
// trades (docs/knowledge.md); they are the same for all languages and bases.

// evidenceWeights turns the evidence for an article into its score.
var evidenceWeights = [evidenceCount]float64{
	4.222, 2.964, 6.348, 5.927, 2.960, 2.396, 3.249, 2.103, 2.187,
}

// signalWeights and signalBias turn signals into the log odds that the first
// article is right.
var signalWeights = [signalCount]float64{
	0.373, -0.082, 0.027, -0.808, -0.105, 0.183, 0.844, -1.179, 2.431, 0.941, 3.181, -0.674, -0.444,
}

var signalBias = -0.675
