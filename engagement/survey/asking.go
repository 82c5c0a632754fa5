package survey

import (
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/language"
)

// questionWords are words that make a text a question without its mark, by language. A comment such as "the delivery was
// late" has none, although an article about the delivery would fit it.
var questionWords = foldAll(map[language.Code]string{
	language.Azerbaijani: "nə necə neçə neçəyə neçədir neçəyədir neçədən hara harada haradadır haralara hardadı hardadır haçan hansı kim niyə nəyə nədir olar olarmı varmı mümkündür mümkündürmü",
	language.Turkish:     "ne nasıl nerede nereye neresi nereden kaç kaça kim hangi neden niçin niye mi mı mu mü",
	language.Russian:     "как где куда откуда когда сколько что какой какая какие какое почему зачем кто ли можно",
	language.English:     "how what when where which who why",
})

// openers begin a question in English.
var openers = foldAll(map[language.Code]string{
	language.English: "do does did can could is are may will would should have has",
})

func foldAll(lists map[language.Code]string) map[language.Code]map[string]bool {
	out := map[language.Code]map[string]bool{}
	for lang, list := range lists {
		out[lang] = map[string]bool{}
		for _, w := range strings.Fields(list) {
			out[lang][language.FoldWord(w, lang)] = true
		}
	}
	return out
}

// soundsAsking says whether a text has a word that asks.
func soundsAsking(text string, lang language.Code) bool {
	list := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for n, w := range list {
		folded := language.FoldWord(w, lang)
		if questionWords[lang][folded] || n == 0 && openers[lang][folded] {
			return true
		}
	}
	return false
}
