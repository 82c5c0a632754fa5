package language

import (
	"strings"
	"sync"
)

// Azerbaijani and Turkish share most of their words and endings, and without diacritics nearly all their letters. What
// tells them apart are small words that everybody uses and only one of the two has: "harda" is never Turkish and
// "nerede" never Azerbaijani. The everyday requests that the models count from hardly ask where and how much in the
// forms that customers type ("hardadi", "hardasiz", "neceyedi"), so the stems stand here.

// tellingStems are folded stems that only one of the two languages has; endings may follow.
var tellingStems = map[Code]string{
	Azerbaijani: `hara harda hardan hansi nece qeder ucun deyil deyl hacan isteyir istiyir isleyir islemir aciq acix catdir sifaris
		qiymet pulsuz mehsul qehve kofe haqqinda haqda zehmet xahis bilerem bilerik bilmirem menim mene mende meni xal endirim odenis
		nomre tehvil hediyye deqiqe yox yoxdu cox axsam dunen usaq usag yaxsi yaxin gozleyir gelmeyib gelmir catmayib catmir`,
	Turkish: `nerede nerde nereden nereye nasil kadar icin degil hangi hangisi kac kaca kacta siparis ucret indirim odeme numara
		sube dakika lutfen merhaba simdi ben bana benim bende istiyor calisiyor cok yok kahve fiyat acaba boyle`,
}

// tellingEndings are endings of verbs that only one of the two languages has.
var tellingEndings = map[Code][]string{
	Azerbaijani: {"yirem", "yirsiz", "yirsiniz", "yirik", "yirsen", "irsiz", "ursuz", "acaqsiz", "eceksiz", "misiz"},
	Turkish:     {"iyorum", "iyorsun", "iyorsunuz", "iyoruz", "iyorlar", "iyor", "uyorum", "uyorsun", "uyorsunuz", "uyoruz", "uyor"},
}

// minTellingVerb is how many letters a verb has at least besides its telling ending.
const minTellingVerb = 2

// tellingWords are the stems as sets.
var tellingWords = sync.OnceValue(func() map[Code]map[string]bool {
	all := make(map[Code]map[string]bool, len(tellingStems))
	for code, stems := range tellingStems {
		all[code] = make(map[string]bool)
		for _, s := range strings.Fields(stems) {
			all[code][s] = true
		}
	}
	return all
})

// Tells reports whether a folded word is, by its stem or its ending, a word of this language that its neighbour does
// not have. It says nothing of words of languages other than Azerbaijani and Turkish.
func Tells(folded string, code Code) bool {
	stems := tellingWords()[code]
	if len(stems) == 0 || strings.IndexFunc(folded, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
		return false
	}
	for n := min(len(folded), longestTelling); n > 1; n-- {
		if stems[folded[:n]] && EndsLikeTurkic(folded[n:]) {
			return true
		}
	}
	for _, ending := range tellingEndings[code] {
		if len(folded) >= len(ending)+minTellingVerb && strings.HasSuffix(folded, ending) {
			return true
		}
	}
	return false
}

// longestTelling is the length of the longest telling stem.
const longestTelling = 9
