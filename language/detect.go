package language

import (
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Guess says in which language a text is probably written.
type Guess struct {
	Code Code // empty when there is nothing to go by
	// LatinRussian is set for Russian typed in Latin letters; Code is then Russian.
	LatinRussian bool
	// Margin is the lead over the second language in natural-log units; 3 means about
	// twenty to one. It is 0 when there is nothing to go by.
	Margin float64
	// Words is how many words of the text were read as the guessed language, Common how many of them are everyday
	// words of it.
	Words, Common int
	// Cyrillic is set when the text is mostly in Cyrillic letters.
	Cyrillic bool
}

// sureMargin is the lead from which a message counts as clearly written in a
// language. On clean and undiacritised everyday requests about one "sure" verdict in
// a hundred is wrong, on ones with two typos up to five (docs/knowledge.md).
const sureMargin = 3.0

// Sure reports whether the text is clearly written in the guessed language; only
// then should a reply leave the language the customer had before.
func (g Guess) Sure() bool { return g.Margin >= sureMargin }

// latinRussianPrior is what speaks against Latin-typed Russian before anything is
// read: its skeletons are shorter than words, so that sequences cost it less.
const latinRussianPrior = 2.0

// maxDetectRunes bounds the work on long texts; more does not change the answer.
const maxDetectRunes = 600

// Detect guesses the language of a text by its alphabet, by common words and by
// letter sequences. Any bytes are accepted.
func Detect(text string) Guess {
	return DetectAmong(text, All)
}

// DetectAmong is Detect for a brand that speaks only some of the languages.
func DetectAmong(text string, among []Code) Guess { return DetectKnowing(text, among, "") }

// knownPrior is what speaks, before anything is read, for the language that a person
// is known to use: short messages full of words that neighbours share ("kuryer gec
// geldi") should not change it. Russian gets less of it: who has a Russian keyboard
// and writes in Latin letters all the same is often writing another language.
const (
	knownPrior        = 5.5
	knownRussianPrior = 2.5
)

// minForeignWords is how many words of a message of two must be common ones of
// Latin-typed Russian to leave the known language for it; a loanword ("dostavka") is
// not enough where the other word is strange to every language.
const minForeignWords = 2

// DetectKnowing is DetectAmong for a person who is known, or thought, to use a
// language; an empty one changes nothing.
func DetectKnowing(text string, among []Code, known Code) Guess {
	if utf8.RuneCountInString(text) > maxDetectRunes {
		text = string([]rune(text)[:maxDetectRunes])
	}
	lower := Lower(text, English)
	cyrillic, latin := 0, 0
	for _, r := range lower {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case cyrillic == 0 && latin == 0:
		return Guess{}
	case cyrillic > latin:
		return cyrillicGuess(lower, cyrillic, among)
	default:
		return latinGuess(text, lower, among, known)
	}
}

// cyrillicGuess separates Russian from Azerbaijani in Cyrillic letters, which
// hardly has a sentence without a letter that Russian lacks.
func cyrillicGuess(lower string, letters int, among []Code) Guess {
	code := Russian
	if strings.ContainsAny(lower, azerbaijaniCyrillicOnly) {
		code = Azerbaijani
	}
	if !contains(among, code) {
		return Guess{}
	}
	g := Guess{Code: code, Margin: math.Min(20, 2*float64(letters)), Cyrillic: true}
	everyday := FrequenciesOf(code)
	for _, w := range Words(lower, code) {
		g.Words++
		if everyday.Of(w) > 0 {
			g.Common++
		}
	}
	return g
}

func latinGuess(text, lower string, among []Code, known Code) Guess {
	models := latinModels()
	best, second := math.Inf(-1), math.Inf(-1)
	var guess Guess
	loan := false
	for i := range models {
		m := &models[i]
		if !contains(among, m.code) {
			continue
		}
		score := m.prior(known) + m.cues(lower)
		words := Words(joinIf(m.latinRussian, text), m.code)
		common := 0
		for _, w := range words {
			p, listed := m.word(w)
			score += p
			if listed {
				common++
			}
		}
		if score > best {
			best, second = score, best
			guess = Guess{Code: m.code, LatinRussian: m.latinRussian, Words: len(words), Common: common}
			loan = m.latinRussian && len(words) == minForeignWords && common < minForeignWords
		} else if score > second {
			second = score
		}
	}
	if guess.Code == "" {
		return Guess{}
	}
	guess.Margin = best - second
	if math.IsInf(second, -1) {
		guess.Margin = 20
	}
	if loan && known != "" && guess.Code != known {
		guess.Margin = math.Min(guess.Margin, sureMargin/2)
	}
	return guess
}

// prior is what speaks for or against the model before anything is read.
func (m *latinModel) prior(known Code) float64 {
	switch {
	case m.latinRussian && m.code == known:
		return knownRussianPrior - latinRussianPrior
	case m.latinRussian:
		return -latinRussianPrior
	case m.code == known:
		return knownPrior
	}
	return 0
}

func joinIf(latinRussian bool, text string) string {
	if latinRussian {
		return JoinApostrophes(text)
	}
	return text
}

func contains(codes []Code, code Code) bool {
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}

// latinModel scores words of one language typed in Latin letters.
type latinModel struct {
	code         Code
	latinRussian bool
	letters      string // letters that speak for this language
	foreign      string // letters that speak against it
	words        map[string]float64
	grams        map[string]float64
	unseen       float64 // log probability of a letter sequence never seen
}

// cueWeight is what one telling letter is worth, in natural-log units.
const cueWeight = 2.5

func (m *latinModel) cues(lower string) float64 {
	score := 0.0
	for _, r := range lower {
		switch {
		case strings.ContainsRune(m.letters, r):
			score += cueWeight
		case strings.ContainsRune(m.foreign, r):
			score -= cueWeight
		}
	}
	return math.Max(-10, math.Min(10, score))
}

// word mixes how common the word is with how its letters follow each other; only
// the better of the two counts, so that names and typos do not decide alone. listed
// says that the word is a common one.
func (m *latinModel) word(w string) (score float64, listed bool) {
	if w[0] >= '0' && w[0] <= '9' {
		return 0, false
	}
	key := w
	if m.latinRussian {
		key = Skeletons(w)[0]
	}
	letters := m.letterScore(key)
	p, listed := m.words[key]
	if !m.latinRussian && Tells(w, m.code) {
		return tellingScore(p, listed, letters) + tellingLead, true
	}
	if listed && p > letters {
		return math.Max(p, wordFloor), true
	}
	return math.Max(letters, wordFloor), listed
}

// tellingWord is the log probability that a telling word has at least: one in two thousand words.
const tellingWord = -7.6

// tellingLead is what a telling word is worth besides: nearly as much as the language that a person is known to use.
const tellingLead = 5.0

// tellingScore is the log probability of a telling word.
func tellingScore(p float64, listed bool, letters float64) float64 {
	score := math.Max(letters, tellingWord)
	if listed {
		score = math.Max(score, p)
	}
	return score
}

// wordFloor keeps one foreign word from outweighing the rest of the message.
const wordFloor = -22

func (m *latinModel) letterScore(w string) float64 {
	runes := []rune("^" + w + "$")
	score := 0.0
	for i := 0; i+2 < len(runes); i++ {
		if p, ok := m.grams[string(runes[i:i+3])]; ok {
			score += p
		} else {
			score += m.unseen
		}
	}
	return score - 2 // a word that is not on the list
}

var latinModels = sync.OnceValue(func() []latinModel {
	return []latinModel{
		newLatinModel(Azerbaijani, false, "əǝ", ""),
		newLatinModel(Turkish, false, "", "əǝqx"),
		newLatinModel(English, false, "", "əǝışğöüç"),
		newLatinModel(Russian, true, "", "əǝışğöüçqw"),
	}
})

func newLatinModel(code Code, latinRussian bool, letters, foreign string) latinModel {
	m := latinModel{
		code: code, latinRussian: latinRussian, letters: letters, foreign: foreign,
		words: make(map[string]float64), grams: make(map[string]float64),
	}
	words, grams := make(map[string]int), make(map[string]int)
	totalWords, totalGrams := 0, 0
	contexts := make(map[string]int)
	for _, fw := range FrequenciesOf(code).Words() {
		w := FoldWord(fw.Word, code)
		if w == "" {
			continue
		}
		if latinRussian {
			w = Skeletons(w)[0]
		}
		words[w] += fw.Requests
		totalWords += fw.Requests
		runes := []rune("^" + w + "$")
		for i := 0; i+2 < len(runes); i++ {
			n := 1 + int(math.Log2(float64(1+fw.Requests)))
			grams[string(runes[i:i+3])] += n
			contexts[string(runes[i:i+2])] += n
			totalGrams += n
		}
	}
	for w, n := range words {
		m.words[w] = math.Log(float64(n) / float64(totalWords))
	}
	for g, n := range grams {
		context := contexts[string([]rune(g)[:2])]
		m.grams[g] = math.Log((float64(n) + 0.3) / (float64(context) + 0.3*30))
	}
	m.unseen = math.Log(0.004)
	return m
}
