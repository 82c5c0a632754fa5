package conversation

import (
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// Chooser is a Presser some of whose buttons are a list to choose from: "the first one" then presses the first of them.
type Chooser interface {
	Presser
	// Chooses says whether the button is one of such a list.
	Chooses(a Action) bool
}

// lastPlace stands for the last button of a list.
const lastPlace = -1

// placeWords are the places of a list in the four languages, as the beginnings of folded words.
var placeWords = map[language.Code][]struct {
	begins string
	place  int
}{
	language.English: {{"first", 1}, {"1st", 1}, {"second", 2}, {"2nd", 2}, {"third", 3}, {"3rd", 3}, {"last", lastPlace}},
	language.Azerbaijani: {
		{"birinci", 1}, {"ilk", 1}, {"ikinci", 2}, {"ucuncu", 3}, {"sonuncu", lastPlace}, {"axirinci", lastPlace},
	},
	language.Turkish: {{"birinci", 1}, {"ilk", 1}, {"ikinci", 2}, {"ucuncu", 3}, {"sonuncu", lastPlace}},
	language.Russian: {{"перв", 1}, {"втор", 2}, {"трет", 3}, {"последн", lastPlace}},
}

// placeFillers may stand beside a place: "the first one, please".
var placeFillers = map[string]bool{
	"the": true, "one": true, "option": true, "number": true, "please": true, "yes": true,
	"variant": true, "varianti": true, "olan": true, "olani": true, "secim": true, "secenek": true, "lutfen": true, "zehmet": true, "olmasa": true,
	"ci": true, "cu": true, "вариант": true, "пожалуйста": true, "пункт": true, "да": true, "й": true, "е": true, "я": true, "номер": true,
}

const (
	maxPlaceWords = 4
	maxPlace      = 9
)

// place reads a message that only names a place of a list: "birinci", "the 2nd one", "3", "последний".
func place(text string) (n int, ok bool) {
	if len(text) > 80 || strings.ContainsAny(text, "?？") {
		return 0, false
	}
	for _, code := range language.All {
		words := language.Words(text, code)
		if len(words) == 0 || len(words) > maxPlaceWords {
			continue
		}
		if n, ok = placeOf(words, code); ok {
			return n, true
		}
	}
	return 0, false
}

// placeOf is the one place that words name beside fillers.
func placeOf(words []string, code language.Code) (n int, ok bool) {
	for _, w := range words {
		named, is := 0, false
		if digit, err := strconv.Atoi(w); err == nil && digit >= 1 && digit <= maxPlace {
			named, is = digit, true
		}
		for _, p := range placeWords[code] {
			if strings.HasPrefix(w, p.begins) && len(w) <= len(p.begins)+8 {
				named, is = p.place, true
			}
		}
		switch {
		case is && ok:
			return 0, false // two places
		case is:
			n, ok = named, true
		case !placeFillers[w]:
			return 0, false
		}
	}
	return n, ok
}

// atPlace is the button of a list to choose from that stands at a place, counted from 1.
func (e *Engine) atPlace(rows [][]Button, n int) (Button, bool) {
	var list []Button
	for _, row := range rows {
		for _, b := range row {
			if s, ok := e.owners[b.Action.Skill].(Chooser); ok && s.Chooses(b.Action) {
				list = append(list, b)
			}
		}
	}
	if n == lastPlace {
		n = len(list)
	}
	if n < 1 || n > len(list) {
		return Button{}, false
	}
	return list[n-1], true
}
