package language

import (
	"bufio"
	"embed"
	"strconv"
	"strings"
	"sync"
)

// The lists count in how many of 5,779 everyday requests per language a word
// occurs. They are derived from the training part of MASSIVE 1.1 (Amazon), licensed
// CC BY 4.0, by internal/countwords; wordfreq/README.md carries the attribution.
//
//go:embed wordfreq/*.txt
var frequencyFiles embed.FS

// Frequencies tells how common words are in everyday speech. It is read-only and
// safe for concurrent use.
type Frequencies struct {
	requests int
	words    []FrequentWord
	byFolded map[string]int
}

// FrequentWord is a word as written and the number of requests it occurs in.
type FrequentWord struct {
	Word     string
	Requests int
}

var frequencies = sync.OnceValue(func() map[Code]*Frequencies {
	all := make(map[Code]*Frequencies, len(All))
	for _, code := range All {
		all[code] = readFrequencies(code)
	}
	return all
})

// FrequenciesOf returns the everyday frequencies of a language; for an unknown
// language it returns an empty list.
func FrequenciesOf(code Code) *Frequencies {
	if f := frequencies()[code]; f != nil {
		return f
	}
	return &Frequencies{}
}

// Requests is the number of requests that were counted.
func (f *Frequencies) Requests() int { return f.requests }

// Words lists the words as written, most frequent first. It must not be changed.
func (f *Frequencies) Words() []FrequentWord { return f.words }

// Of returns in how many requests a folded word occurs; 0 means that it is not
// among the frequent words.
func (f *Frequencies) Of(folded string) int { return f.byFolded[folded] }

func readFrequencies(code Code) *Frequencies {
	f := &Frequencies{byFolded: make(map[string]int, 4096)}
	data, err := frequencyFiles.ReadFile("wordfreq/" + string(code) + ".txt")
	if err != nil {
		return f // embedded at build time; a test reads all four
	}
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	for lines.Scan() {
		word, count, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(count)
		if err != nil {
			continue
		}
		if word == "#" {
			f.requests = n
			continue
		}
		f.words = append(f.words, FrequentWord{Word: word, Requests: n})
		f.byFolded[FoldWord(word, code)] += n
	}
	return f
}
