package language

import "strings"

// turkicNumbers are the numbers in Azerbaijani and Turkish as they are typed, folded.
var turkicNumbers = [...]string{
	0:  "sifir sfir",
	1:  "bir",
	2:  "iki",
	3:  "uc uch",
	4:  "dord dort dor",
	5:  "bes besh",
	6:  "alti",
	7:  "yeddi yedi",
	8:  "sekkiz sekiz",
	9:  "doqquz dogguz doqguz dokkuz doquz dokuz dokquz doqqus",
	10: "on",
}

// englishNumbers are folded too.
var englishNumbers = [...]string{"zero nil", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

// russianNumbers also lists the names of the marks: двойка, пятёрка.
var russianNumbers = [...]string{
	0:  "ноль нуль нолик",
	1:  "один одна единица единицу единичка",
	2:  "два двойка двойку двоечка",
	3:  "три тройка тройку троечка",
	4:  "четыре четверка четверку четверочка",
	5:  "пять пяти пятерка пятерку пятерочка пятерочку",
	6:  "шесть шестерка шестерку",
	7:  "семь семи семерка семерку",
	8:  "восемь восьмерка восьмерку",
	9:  "девять девятка девятку",
	10: "десять десяти десятка десятку десяточка десяточку",
}

// turkicFillers may stand beside a mark in Azerbaijani or Turkish and say nothing
// about it.
const turkicFillers = `
	bal balla balliq bali xal puan puani ulduz ulduzlu yildiz yildizli qiymet
	verirem vererem vererdim veriyorum veririm veriyom verdim deyerdim deyirem diyorum derim secirem seciyorum yaziram olsun verin
	men mence bence ben sene size mene menden bizden duz tam kesin kesinlikle mutleq elbette tabii
	cavabim cavab yanitim cevabim cevap yanit dur dir du di he beli evet yaxsi
	salam merhaba selam pls plz zehmet olmasa lutfen xahis edirem
	tesekkur tesekkurler ederim edirem cox sag ol olun sagol sagolun saqol tsk ok`

const englishFillers = `
	point points star stars mark score rating answer my is i d s id ll ill would give say rate it a an the definitely solid
	hi hello please pls plz thanks thank thx ty ok yes you`

const russianFillers = `
	балл балла баллов балов очков звезд звезда звезды звездочек оценка оценку ставлю поставлю даю дам поставила поставил выбираю
	думаю наверное конечно я мой ответ вам твердая твердую твердо ровно с плюсом минусом жирная жирную
	здравствуйте привет пожалуйста спасибо большое спс да ну`

// topTurkic, topEnglish and topRussian are ways of saying "the highest mark"; 10 stands for the
// digits.
const (
	topTurkic  = `ela|tam puan|tam bal|on numara|10 numara|maksimum|maksimal`
	topEnglish = `max|maximum|full marks|top marks|full points`
	topRussian = `на все сто|максимум|высший балл|высшая оценка|на отлично`
)

var (
	numberWords = map[string]int{}
	scoreWords  = map[string]scoreWord{}
	topWords    = map[string]bool{}
	topMarks    = map[string]bool{}
)

func init() { // the tables are written as people read them and indexed here once
	for n, words := range turkicNumbers {
		for _, w := range strings.Fields(words) {
			numberWords[w] = n
		}
	}
	for n, words := range englishNumbers {
		for _, w := range strings.Fields(words) {
			numberWords[englishKey(w)] = n
		}
	}
	for n, words := range russianNumbers {
		for _, w := range strings.Fields(words) {
			numberWords[russianKey(Skeletons(w)[0])] = n
		}
	}
	for _, w := range strings.Fields(turkicFillers) {
		scoreWords[w] = filler
	}
	for _, w := range strings.Fields(englishFillers) {
		scoreWords[englishKey(w)] = filler
	}
	for _, w := range strings.Fields(russianFillers) {
		scoreWords[russianKey(Skeletons(w)[0])] = filler
	}
	for _, w := range []string{"uzerinden", "ustunden", "dan", "den", "baldan", "puandan", "balliqdan", "xaldan"} {
		scoreWords[w] = fromThese
	}
	for _, w := range []string{englishKey("out"), englishKey("of"), russianKey(Skeletons("из")[0])} {
		scoreWords[w] = outOf
	}
	learnTop(topTurkic, func(w string) string { return w })
	learnTop(topEnglish, englishKey)
	learnTop(topRussian, func(w string) string { return russianKey(Skeletons(w)[0]) })
}

// learnTop keeps the phrases and those of their words that mean nothing elsewhere.
func learnTop(phrases string, key func(word string) string) {
	for _, phrase := range strings.Split(phrases, "|") {
		words := strings.Fields(phrase)
		for i, w := range words {
			words[i] = key(w)
			if _, isNumber := numberWords[words[i]]; !isNumber && scoreWords[words[i]] == unknownWord {
				topWords[words[i]] = true
			}
		}
		topMarks[strings.Join(words, " ")] = true
	}
}
