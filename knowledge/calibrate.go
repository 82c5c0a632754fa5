package knowledge

import (
	"context"
	"hash/fnv"
	"math"
	"slices"

	"github.com/rapport-chat/rapport/language"
)

// Calibration finds a base's own thresholds by hiding parts of it: hidden phrasings
// of articles that stay are questions with a known answer; questions of hidden
// articles are questions without one.
const (
	calibrationRounds = 4 // each article is hidden once, and each phrasing about once
	// aboveHidden is how far above the middle of the hidden unanswerable questions, in
	// log odds, the threshold lies. Hidden articles have near relatives that stay, real
	// foreign questions mostly do not: at this distance about one in twenty of the real
	// ones was answered in every development set.
	aboveHidden = 1.1
	// priorQuestions is how many hidden questions weigh as much as the default.
	priorQuestions = 60
	// maxCalibrationArticles bounds the work on large bases: a sample says as much.
	maxCalibrationArticles = 1500
	// askShare: below the answering threshold the bot asks as long as the odds are
	// not worse than this share of the threshold's odds.
	askShare = 0.2
)

// trial is one hidden question and what the ranking made of it.
type trial struct {
	odds       float64 // log odds of the confidence
	answerable bool
	right      bool
}

// Calibrate returns the thresholds that suit the library's articles, by language.
// The same articles give the same thresholds. It stops early with ctx's error.
func (l *Library) Calibrate(ctx context.Context) (map[language.Code]Thresholds, error) {
	found := make(map[language.Code]Thresholds)
	for _, code := range language.All {
		if _, ok := l.indexes[code]; !ok {
			continue
		}
		var trials []trial
		documents := sample(l.documents(code), func(d document) string { return l.articles[d.article].ID })
		for round := range calibrationRounds {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			trials = append(trials, l.hide(documents, code, uint32(round))...)
		}
		found[code] = thresholdsFrom(trials, l.indexes[code].defaultOdds())
	}
	return found, nil
}

// sample keeps at most maxCalibrationArticles documents, always the same ones.
func sample(documents []document, id func(document) string) []document {
	if len(documents) <= maxCalibrationArticles {
		return documents
	}
	slices.SortStableFunc(documents, func(a, b document) int {
		return int(int64(hashOf(id(a))) - int64(hashOf(id(b))))
	})
	return documents[:maxCalibrationArticles]
}

// hide leaves out a quarter of the documents and a quarter of the others' questions,
// and asks what was left out.
func (l *Library) hide(documents []document, code language.Code, round uint32) []trial {
	type asked struct {
		text string
		want int // article, -1 for none
	}
	var kept []document
	var questions []asked
	for i, d := range documents {
		if uint32(i)%calibrationRounds == round {
			for _, q := range d.questions {
				questions = append(questions, asked{q, -1})
			}
			continue
		}
		var stay []string
		for _, q := range d.questions {
			if len(d.questions) > 1 && hashOf(q)%calibrationRounds == round && len(stay)+1 < len(d.questions) {
				questions = append(questions, asked{q, d.article})
			} else {
				stay = append(stay, q)
			}
		}
		kept = append(kept, document{article: d.article, questions: stay, answer: d.answer})
	}
	if len(kept) == 0 {
		return nil
	}
	ix := buildIndex(kept, code, lexiconOf(code))
	trials := make([]trial, 0, len(questions))
	for _, q := range questions {
		ranked, confidence := ix.rank(ix.analyse(q.text), nil)
		t := trial{odds: logOdds(confidence), answerable: q.want >= 0}
		t.right = len(ranked) > 0 && kept[ranked[0].document].article == q.want
		trials = append(trials, t)
	}
	return trials
}

// thresholdsFrom puts the threshold above the middle of the unanswerable questions and
// draws it towards the default when there were few.
func thresholdsFrom(trials []trial, odds float64) Thresholds {
	var unanswerable []float64
	for _, t := range trials {
		if !t.answerable {
			unanswerable = append(unanswerable, t.odds)
		}
	}
	if n := float64(len(unanswerable)); n > 0 {
		slices.Sort(unanswerable)
		middle := unanswerable[len(unanswerable)/2]
		odds = (n*(middle+aboveHidden) + priorQuestions*odds) / (n + priorQuestions)
	}
	return thresholdsAt(odds)
}

// thresholdsAt returns the thresholds of which the answering one has these log odds.
func thresholdsAt(odds float64) Thresholds {
	return Thresholds{Answer: chance(odds), Ask: chance(odds + math.Log(askShare))}
}

// defaultOdds is the answering threshold, in log odds, that holds until a base has its
// own. The more phrasings articles have, the surer wrong answers look; the figures
// are those of the development sets.
func (ix *index) defaultOdds() float64 {
	return -0.6 + 0.72*math.Log(max(1, ix.phrasingsPerDocument()))
}

func logOdds(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Log(p / (1 - p))
}

func chance(odds float64) float64 { return 1 / (1 + math.Exp(-odds)) }

func hashOf(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}
