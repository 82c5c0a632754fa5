package knowledge

import (
	"sync"

	"github.com/rapport-chat/rapport/language"
)

// everydaySkeletons maps the skeleton of every frequent Russian word to the most
// frequent word that has it.
var everydaySkeletons = sync.OnceValue(func() map[string]string {
	words := language.FrequenciesOf(language.Russian).Words()
	bySkeleton := make(map[string]string, len(words))
	for _, w := range words { // most frequent first
		folded := language.FoldWord(w.Word, language.Russian)
		if latinWord(folded) || folded == "" {
			continue
		}
		s := language.Skeletons(folded)[0]
		if _, taken := bySkeleton[s]; !taken {
			bySkeleton[s] = folded
		}
	}
	return bySkeleton
})
