package knowledge

import (
	"cmp"
	"container/heap"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/language"
)

const (
	// minPair is how alike two wordings must be for their likeness to be remembered.
	minPair = 0.08
	// gramShare is what letter sequences count beside words and concepts.
	gramShare = 0.35
)

// gapReader understands the words of unanswered questions by each other: a rare word
// that is nearly a frequent one is that one misspelt, and a Russian word in Latin
// letters is the Cyrillic one that somebody else typed.
type gapReader struct {
	ix *index
}

func newGapReader(texts []string, code language.Code) *gapReader {
	v := newVocabulary(code)
	x := lexiconOf(code)
	stems := map[string]uint32{}
	uses := map[string]int{} // in how many wordings
	for _, text := range texts {
		for _, w := range different(language.Words(clip(text), code), code) {
			uses[w]++
		}
	}
	for _, w := range slices.Sorted(maps.Keys(uses)) {
		known := uses[w] > 1 || everydayWords(code).has(w) || len(x.patterns(w)) > 0
		if known && !(code == language.Russian && latinWord(w)) {
			v.uses[v.add(w)] = uint32(uses[w])
			stems[language.Stem(w, code)] = 0
		}
	}
	v.finish()
	return &gapReader{ix: &index{code: code, vocabulary: v, lexicon: x, stems: &space[string]{ids: stems}}}
}

// vectors reads all texts; how telling a term is comes from everyday speech and from
// how few of the texts have it.
func (g *gapReader) vectors(texts []string) []vector {
	read := make([]meaning, len(texts))
	df := make(map[string]int)
	for i, text := range texts {
		read[i] = g.read(text)
		for term := range read[i].weights {
			df[term]++
		}
	}
	ids := make(map[string]uint32, len(df))
	for _, term := range slices.Sorted(maps.Keys(df)) {
		ids[term] = uint32(len(ids))
	}
	all := make([]vector, len(texts))
	for i, m := range read {
		for term, w := range m.weights {
			rare := 1 - math.Log(float64(df[term]))/math.Log(float64(len(texts)+2))
			all[i] = append(all[i], component{ids[term], w * (rareFloor + (1-rareFloor)*rare)})
		}
		all[i].normalise()
	}
	return all
}

// vector is a meaning of length 1 with numbered terms in order.
type vector []component

type component struct {
	term   uint32
	weight float64
}

func (v vector) normalise() {
	slices.SortFunc(v, func(a, b component) int { return cmp.Compare(a.term, b.term) })
	sum := 0.0
	for _, c := range v {
		sum += c.weight * c.weight
	}
	for i := range v {
		v[i].weight /= math.Sqrt(sum) + 1e-9
	}
}

// likeness is 1 for the same terms and 0 when there is none in common.
func (v vector) likeness(other vector) float64 {
	dot := 0.0
	for i, k := 0, 0; i < len(v) && k < len(other); {
		switch {
		case v[i].term == other[k].term:
			dot += v[i].weight * other[k].weight
			i, k = i+1, k+1
		case v[i].term < other[k].term:
			i++
		default:
			k++
		}
	}
	return dot
}

// rareFloor is what a term that every question has counts beside one that a single
// question has: the most frequent subject is the most interesting one.
const rareFloor = 0.5

func (g *gapReader) read(text string) meaning {
	m := meaning{weights: make(map[string]float64)}
	code := g.ix.code
	readings := g.ix.read(queryWords(text, code, g.ix.vocabulary))
	keys := make([][]string, len(readings))
	for i, r := range readings {
		keys[i] = r.keys
		weight := everydayWeight(r.word, code)
		m.add("w"+language.Stem(r.word, code), weight)
		m.addGrams(r.word, weight)
	}
	for i, concepts := range g.ix.lexicon.concepts(keys) {
		for _, c := range concepts {
			weight := everydayWeight(readings[i].word, code) * math.Pow(float64(len(concepts)), -ambiguity)
			if c.generic() {
				weight *= genericShare
			}
			m.add("c"+g.ix.lexicon.name(c), weight)
		}
	}
	return m
}

// addGrams adds a word's letter sequences, which together count gramShare of it.
func (m meaning) addGrams(word string, weight float64) {
	letters := []rune("^" + word + "$")
	if len(letters) < longGram+2 {
		return
	}
	n := math.Sqrt(float64(len(letters) - longGram + 1))
	for i := 0; i+longGram <= len(letters); i++ {
		m.weights["g"+string(letters[i:i+longGram])] += gramShare * weight * weight / n
	}
}

// grouping joins wordings from the most alike ones on, by how alike the members of two
// groups are on average.
type grouping struct {
	members [][]int
	shared  []map[int]float64 // the sum of their members' likenesses, by group
	version []int
	queue   joins
}

// group answers the groups of like meanings; the same meanings give the same groups.
func group(all []vector, least float64) [][]int {
	g := &grouping{shared: make([]map[int]float64, len(all)), version: make([]int, len(all))}
	having := make(map[uint32][]int)
	for i, v := range all {
		g.members = append(g.members, []int{i})
		g.shared[i] = make(map[int]float64)
		near := make(map[int]bool)
		for _, c := range v {
			for _, j := range having[c.term] {
				near[j] = true
			}
			having[c.term] = append(having[c.term], i)
		}
		for j := range near {
			if l := v.likeness(all[j]); l >= minPair {
				g.shared[i][j], g.shared[j][i] = l, l
			}
		}
	}
	for i := range all {
		g.consider(i, least)
	}
	heap.Init(&g.queue)
	for g.queue.Len() > 0 {
		j, _ := heap.Pop(&g.queue).(join)
		if g.version[j.a] == j.versionA && g.version[j.b] == j.versionB {
			g.join(j.a, j.b, least)
		}
	}
	return slices.DeleteFunc(g.members, func(m []int) bool { return len(m) == 0 })
}

// consider queues the joins of a group with the ones before it.
func (g *grouping) consider(a int, least float64) {
	for b, sum := range g.shared[a] {
		if b < a {
			g.queue.offer(g, a, b, sum, least)
		}
	}
}

// join puts group b into a.
func (g *grouping) join(a, b int, least float64) {
	a, b = min(a, b), max(a, b)
	g.members[a] = append(g.members[a], g.members[b]...)
	g.members[b] = nil
	g.version[a]++
	g.version[b]++
	for c, sum := range g.shared[b] {
		delete(g.shared[c], b)
		if c != a {
			g.shared[a][c] += sum
			g.shared[c][a] += sum
		}
	}
	g.shared[b] = nil
	for c, sum := range g.shared[a] {
		if average := g.average(a, c, sum); average >= least {
			heap.Push(&g.queue, join{a: a, b: c, versionA: g.version[a], versionB: g.version[c], average: average})
		}
	}
}

func (g *grouping) average(a, b int, sum float64) float64 {
	return sum / float64(len(g.members[a])*len(g.members[b]))
}

// join is two groups that may become one, unless one of them has changed meanwhile.
type join struct {
	a, b, versionA, versionB int
	average                  float64
}

// joins is a heap, the most alike first.
type joins []join

func (q *joins) offer(g *grouping, a, b int, sum, least float64) {
	if average := g.average(a, b, sum); average >= least {
		*q = append(*q, join{a: a, b: b, versionA: g.version[a], versionB: g.version[b], average: average})
	}
}

// Len implements heap.Interface.
func (q joins) Len() int { return len(q) }

// Less implements heap.Interface.
func (q joins) Less(i, j int) bool {
	x, y := q[i], q[j]
	return cmp.Or(cmp.Compare(y.average, x.average), cmp.Compare(min(x.a, x.b), min(y.a, y.b)), cmp.Compare(max(x.a, x.b), max(y.a, y.b))) < 0
}

// Swap implements heap.Interface.
func (q joins) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *joins) Push(x any) {
	if j, ok := x.(join); ok {
		*q = append(*q, j)
	}
}

// Pop implements heap.Interface.
func (q *joins) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// languageOf is the language that a question is written in, whatever its customer
// speaks otherwise.
func languageOf(u Unanswered) language.Code {
	if g := language.DetectKnowing(u.Text, language.All, u.Language); g.Sure() {
		return g.Code
	}
	if strings.IndexFunc(u.Text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) < 0 || u.Language != language.English && u.Language != language.Turkish {
		return u.Language
	}
	return language.Russian
}

// typical is how alike a wording is to the others of its group, the more often asked
// the better.
func typical(all []vector, members []int, i int) float64 {
	sum := 0.0
	for _, j := range members {
		if j != i {
			sum += all[i].likeness(all[j])
		}
	}
	return sum
}
