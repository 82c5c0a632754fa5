package language

import (
	"strings"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
	"github.com/kljensen/snowball/russian"
)

// turkicStemRunes is how much of an Azerbaijani or Turkish word its stem keeps. Cut
// words rank as well as hand-made suffix lists do (docs/knowledge.md).
const turkicStemRunes = 4

// Stem returns what inflected forms of a folded word usually have in common. It is
// for comparing words, not for showing them.
func Stem(folded string, code Code) string {
	switch code {
	case Russian:
		if hasCyrillic(folded) {
			return russian.Stem(folded, true)
		}
		return english.Stem(folded, true)
	case English:
		return english.Stem(folded, true)
	default:
		if utf8.RuneCountInString(folded) <= turkicStemRunes {
			return folded
		}
		return string([]rune(folded)[:turkicStemRunes])
	}
}

// turkicSuffixes are the inflectional endings of Azerbaijani and Turkish in folded
// letters. Chains of them make up what may follow a stem.
var turkicSuffixes = func() map[string]bool {
	set := make(map[string]bool)
	for _, s := range strings.Fields(`
		lar ler lari leri i u a e ya ye yi yu ni nu na ne da de ta te dan den tan ten nda nde ndan nden
		in un nin nun im um m n im iz imiz umuz miz muz niz nuz iniz unuz si su
		la le yla yle li lu siz suz lik luk lig lug liy luy ci cu cilik ca ce
		dir dur tir tur sa se di du ti tu mis mus ir ur ar er r ma me maq mek mag mey mak may
		acaq ecek acag eceg acak acay ecey yacaq yecek yacak yacag yeceg iram irem uram irsan irsen ursan iriq irik uruq uruk
		iyor uyor yor yir yur ib ub yib yub ip up yip yup an en yan yen diq dik duq duk dig dug tig tik tuk
		il ul ila ile ilir ulur in inir un unur dirmek dirmaq mali meli mazsa mez maz mir mur
		ki ken iken sin sun san sen siniz sunuz sinler mi mu mis arken erken is us`) {
		set[s] = true
	}
	return set
}()

// EndsLikeTurkic reports whether rest, what follows a stem in a folded Azerbaijani
// or Turkish word, is a chain of inflectional endings.
func EndsLikeTurkic(rest string) bool {
	if rest == "" {
		return true
	}
	if len(rest) > 18 {
		return false
	}
	for n := min(8, len(rest)); n > 0; n-- {
		if turkicSuffixes[rest[:n]] && EndsLikeTurkic(rest[n:]) {
			return true
		}
	}
	return false
}
