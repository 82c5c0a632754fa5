package lookalike

import "slices"

// maxEntries is how many messages of one chat are remembered.
const maxEntries = 5000

// Remember puts a message into a transcript: in the place of its older state, which same recognizes, or at the end. The
// oldest beyond 5,000 are forgotten, a few at a time so that the move is rare.
func Remember[E any](transcript []*E, fresh *E, same func(old *E) bool) []*E {
	for i := len(transcript) - 1; i >= 0; i-- {
		if same(transcript[i]) {
			transcript[i] = fresh
			return transcript
		}
	}
	transcript = append(transcript, fresh)
	if len(transcript) > maxEntries+maxEntries/4 {
		transcript = slices.Clone(transcript[len(transcript)-maxEntries:])
	}
	return transcript
}
