package config

import (
	"fmt"
	"slices"
	"strings"
)

// maxListed is how many names a hint lists before it gives up.
const maxListed = 16

// Suggest returns a hint for a name that is not known: the nearest known name,
// or the list of what there is. It is empty when nothing is known.
func Suggest(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	if best := nearest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "known: " + listed(known)
}

func listed(known []string) string {
	if len(known) <= maxListed {
		return strings.Join(known, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(known[:maxListed], ", "), len(known)-maxListed)
}

// nearest returns the known name that is at most a third of its letters away,
// or "" when none is.
func nearest(word string, known []string) string {
	best, bestDistance := "", 1<<30
	folded := foldName(word)
	if len(folded) > 64 {
		return ""
	}
	for _, k := range known {
		target := foldName(k)
		d := distance(folded, target)
		limit := max(len(target)/3, 1)
		if d <= limit && d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// lookAlikes maps letters that a keyboard layout or a missing diacritic puts in
// the place of a Latin one.
var lookAlikes = strings.NewReplacer(
	"а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "х", "x", "у", "y", "і", "i", "к", "k", "м", "m", "т", "t", "в", "b", "н", "h",
	"ı", "i", "ə", "e", "ö", "o", "ü", "u", "ş", "s", "ç", "c", "ğ", "g",
)

// foldName brings names that people confuse to the same form.
func foldName(name string) []rune {
	name = lookAlikes.Replace(strings.ToLower(name))
	name = strings.Map(func(r rune) rune {
		switch r {
		case '-', ' ', '.', '_':
			return '_'
		case '\u200b', '\u200c', '\u200d', '\ufeff', '\u00a0':
			return -1
		}
		return r
	}, name)
	return []rune(name)
}

// distance counts insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b []rune) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// except returns the names that are not in taken.
func except(names []string, taken func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), taken)
}
