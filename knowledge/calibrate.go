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
	// hiddenShare is how far a base's own hidden questions move the threshold from the
	// default when there are many of them; with priorQuestions, half as far.
	hiddenShare    = 0.3
	priorQuestions = 60
	// Bases of more than roundsArticles articles have enough in one round, of which at
	// most maxTrials questions of either kind are asked.
	roundsArticles = 400
	maxTrials      = 1000
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
		documents := l.documents(code)
		rounds := calibrationRounds
		if len(documents) > roundsArticles {
			rounds = 1
		}
		for round := range rounds {
			hidden, err := l.hide(ctx, documents, code, uint32(round))
			if err != nil {
				return nil, err
			}
			trials = append(trials, hidden...)
		}
		found[code] = thresholdsFrom(trials)
	}
	return found, nil
}

// hide leaves out a quarter of the documents and a quarter of the others' questions,
// and asks what was left out.
func (l *Library) hide(ctx context.Context, documents []document, code language.Code, round uint32) ([]trial, error) {
	type asked struct {
		text string
		want int // article, -1 for none
	}
	var kept []document
	var questions []asked
	count := [2]int{} // answerable and not
	ask := func(q asked) {
		kind := 0
		if q.want < 0 {
			kind = 1
		}
		if count[kind] < maxTrials {
			count[kind]++
			questions = append(questions, q)
		}
	}
	for i, d := range documents {
		if uint32(i)%calibrationRounds == round {
			for _, q := range d.questions {
				ask(asked{q, -1})
			}
			continue
		}
		var stay []string
		for _, q := range d.questions {
			if len(d.questions) > 1 && hashOf(q)%calibrationRounds == round && len(stay)+1 < len(d.questions) {
				ask(asked{q, d.article})
			} else {
				stay = append(stay, q)
			}
		}
		kept = append(kept, document{article: d.article, questions: stay, answer: d.answer})
	}
	if len(kept) == 0 {
		return nil, nil
	}
	ix := buildIndex(kept, code, l.lexicons[code])
	trials := make([]trial, 0, len(questions))
	for _, q := range questions {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ranked, confidence := ix.rank(ix.analyse(q.text), nil)
		t := trial{odds: logOdds(confidence), answerable: q.want >= 0}
		t.right = len(ranked) > 0 && kept[ranked[0].document].article == q.want
		trials = append(trials, t)
	}
	return trials, nil
}

// thresholdsFrom puts the threshold above the middle of the unanswerable questions and
// draws it towards the default when there were few.
func thresholdsFrom(trials []trial) Thresholds {
	odds := float64(defaultOdds)
	var unanswerable []float64
	for _, t := range trials {
		if !t.answerable {
			unanswerable = append(unanswerable, t.odds)
		}
	}
	if n := float64(len(unanswerable)); n > 0 {
		slices.Sort(unanswerable)
		middle := unanswerable[len(unanswerable)/2]
		odds += hiddenShare * n / (n + priorQuestions) * (middle + aboveHidden - odds)
	}
	return thresholdsAt(odds)
}

// thresholdsAt returns the thresholds of which the answering one has these log odds.
func thresholdsAt(odds float64) Thresholds {
	return Thresholds{Answer: chance(odds), Ask: chance(odds + math.Log(askShare))}
}

// defaultOdds is the answering threshold, in log odds, that holds until a base has its
// own: 0.63, about where one in twenty foreign questions was answered in every
// development set.
const defaultOdds = 0.55

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
