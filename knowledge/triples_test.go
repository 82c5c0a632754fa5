package knowledge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// triple is one question that three people ask in their own spelling: the one whose reply was taught, one who waits
// already, and one who comes later.
type triple struct{ taught, waiting, later string }

// triples are invented questions, none of which the articles of the example answer.
var triples = map[language.Code][]triple{
	language.Azerbaijani: {
		{"qehve masinimin kofemolkasi tixandi neyleyim", "Salam! Qəhvə maşınımın kofemolkası tıxanıb, nə etməliyəm?", "kofemolka tixanib masinda ne edim"},
		{"terazi sıfırlanmır, kalibrovka etmək lazımdı?", "Tərəzinin kalibrovkası pozulub", "terazimi kalibrovka elemek isteyirem"},
		{"Kombuçanın göbələyini satırsınız?", "kombuca gobeleyi almaq isteyirem", "kombuçaya göbələk lazımdı"},
		{"qəhvəni sublimasiya olunmuş satırsınız?", "sublimasiya qəhvə axtarıram", "sublimasiyali varinizdi?"},
		{"Dəhlizdəki pianino köklənib?", "pianinonu çalmaq olar", "pianinoda calmag isteyirem icaze var"},
		{"aeropressin rezin tıxacı cırılıb", "aeropres ucun rezin tixac", "aeropressimin tixaci cirildi neyneyim"},
		{"Velosipedimi harada bağlaya bilərəm?", "velosiped baglamaq ucun yer", "velosipedle gelsem hara baglayim"},
		{"Şahmat taxtası verirsiniz?", "sahmatiniz var oynamaga", "şahmat oynamaq istəyirik taxtası varmı"},
		{"Monopod ilə çəkiliş etmək olar?", "monopodla cekilis", "cekilis ucun monopod getirmek isteyirem"},
		{"manometr ibrəsi titrəyir", "Manometrin ibrəsi tərpənir", "manometrde ibre niye titreyir axi"},
	},
	language.Turkish: {
		{"Terazimin kalibrasyonu bozuldu ne yapmalıyım", "terazi kalibrasyon istiyor", "kalibrasyonu kaçtı terazinin"},
		{"Kombuça atölyesi düzenliyor musunuz?", "kombuca atolyeniz var mi", "kombuçanın atölyesine katılsam"},
		{"Manometrenin ibresi titriyor", "manometrede ibre oynuyor", "ibresi titriyor manometremin"},
		{"Bisikletimi nereye bağlayabilirim?", "bisiklet baglamak icin yer", "bisikletle gelicem nereye baglicam"},
		{"Satranç takımı veriyor musunuz?", "satranciniz var mi oynamak icin", "satranç oynasak takım var mı"},
		{"Sehpanın cilası soyuldu", "sehpa cilasi dokuluyor", "cilası soyulan sehpa ne olacak"},
		{"Aeropressin lastik tıpası yırtıldı", "aeropres tipasi yirtik", "tipasi yirtilan aeropressim var"},
		{"Piyanoyu çalabilir miyim?", "piyano calmak serbest mi", "piyanonuzu çalsam olur mu"},
		{"Stajyer rozetimi kaybettim", "rozetim kayboldu stajyerim", "stajyer rozeti kaybolunca ne olur"},
	},
	language.Russian: {
		{"Весы сбились, как сделать калибровку?", "калибровка весов нужна", "откалибровать весы не могу, калибровки нет"},
		{"У вас бывают мастер-классы по комбуче?", "комбуча мастер-класс", "хочу на мастер-класс про комбучу"},
		{"На манометре дрожит стрелка", "стрелка манометра скачет", "манометр: дрожит стрелочка"},
		{"Где пристегнуть велосипед?", "велосипед есть куда пристегнуть", "приеду на велосипеде, куда его пристегнуть"},
		{"Шахматную доску даёте?", "шахматы есть у вас", "shahmaty dayote poigrat?"},
		{"Треснула колба у сифона", "сифон, колба с трещиной", "колбу сифона разбили, треснула вся"},
		{"Порвалась резиновая пробка аэропресса", "аэропресс пробка рваная", "у аэропресса порвана пробка"},
		{"Можно поиграть на вашем пианино?", "пианино свободно?", "на пианино сыграть разрешаете"},
		{"Облез лак на столешнице", "столешница, лак слезает", "со столешницы облезает лак"},
	},
	language.English: {
		{"My scale lost its calibration, what now?", "scale calibration is off", "how to calibrate the scales again"},
		{"Do you run kombucha workshops?", "kombucha workshop?", "id like to join a workshop on kombuchas"},
		{"The manometer needle is shaking", "needle of my manometer trembles", "manometer's needle shakes a lot"},
		{"Where can I lock my bicycle?", "lock for bicycles outside", "coming by bicycle, somewhere to lock it?"},
		{"Do you lend chess boards?", "chess board to play", "can we get a chessboard, want to play chess"},
		{"The siphon's flask has cracked", "cracked flask in siphon", "flask cracked on my siphon brewer"},
		{"Aeropress rubber plunger is torn", "plunger torn aeropress", "my aeropress has a torn plunger seal"},
		{"May I play your piano?", "is the piano free to play", "can someone play the piano there"},
		{"Varnish is peeling off the tabletop", "tabletop varnish peels", "peeling varnish on our tabletops"},
	},
}

// foreign are questions that none of the triples is about.
var foreign = map[language.Code][]string{
	language.Azerbaijani: {
		"sabah hava necə olacaq", "avtobus bileti harada satılır", "mənə kredit lazımdır", "sizdə iş var?", "telefonum sınıb", "uşaq üçün kitab",
		"vergi bəyannaməsi necə verilir", "divarı hansı rəngə boyayım", "internetim kəsilib", "lazim deyil, ozum hell etdim", "xalamın toyu var",
		"dünən unutdum zəng etməyi", "nəyi bağlamaq lazımdır", "rezin çəkmə axtarıram", "nə titrəyirsən",
	},
	language.Turkish: {
		"yarın hava nasıl", "otobüs bileti nereden alınır", "kredi çekmek istiyorum", "iş başvurusu", "telefonum kırıldı", "çocuk kitabı",
		"vergi borcu nasıl ödenir", "duvarı ne renk boyayayım", "internetim kesildi", "gerek kalmadı hallettim", "teyzemin düğünü var",
		"dün aramayı unuttum", "park yeri arıyorum", "lastik değişimi yapan yer", "kartımı kaybettim",
	},
	language.Russian: {
		"какая завтра погода", "где купить билет на автобус", "нужен кредит", "есть работа?", "телефон разбился", "книга для ребёнка",
		"как подать декларацию", "в какой цвет красить стену", "интернет отключили", "уже не надо, сам решил", "у тёти свадьба",
		"вчера забыла позвонить", "куда поставить машину", "резиновые сапоги ищу", "стрелка часов стоит",
	},
	language.English: {
		"what's the weather tomorrow", "where to buy a bus ticket", "i need a loan", "any jobs?", "my phone is broken", "a book for a child",
		"how to file taxes", "what colour for the wall", "my internet is down", "not needed, solved it", "my aunt's wedding",
		"I forgot to call you yesterday", "where can i park", "rubber boots please", "play some music",
	},
}

// exampleContent is the content of the example's articles, with the questions that test them.
func exampleContent(t *testing.T) (knowledge.Content, []knowledge.Pair) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "examples", "nar-coffee", "knowledge", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string, len(paths))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".yaml")+".articles.yaml"] = string(data)
	}
	content, pairs, problems := load(t, files)
	if problems.HasErrors() {
		t.Fatal(problems)
	}
	return content, pairs
}

// TestThoseWhoAskLaterAreAnswered teaches one question in one spelling and asks it in two others, beside the articles of
// a whole coffee shop: at least four in five are answered, and of those who ask something else
// one in a hundred at most gets the lesson, and one in twenty is offered it.
func TestThoseWhoAskLaterAreAnswered(t *testing.T) {
	t.Parallel()
	content, pairs := exampleContent(t)
	if len(content.Articles) < 50 {
		t.Fatalf("%d articles in the example", len(content.Articles))
	}
	for _, code := range language.All {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			count := lessonCount{}
			for i := range triples[code] {
				count.try(t, content, pairs, code, i)
			}
			n := len(triples[code])
			t.Logf("%s: of %d waiting %d are offered it, of %d later ones %d are answered; of %d foreign questions %d, offered to %d", code, n, count.offered, n, count.answered, count.foreign, count.wrong, count.pushed)
			if 5*count.answered < 4*n || 5*count.offered < 4*n || 100*count.wrong > count.foreign || 20*count.pushed > count.foreign {
				t.Errorf("fewer than four in five, or too many others get it")
			}
		})
	}
}

// lessonCount is what lessons did.
type lessonCount struct{ offered, answered, foreign, wrong, pushed int }

// try teaches one triple and asks everything.
func (c *lessonCount) try(t *testing.T, content knowledge.Content, pairs []knowledge.Pair, code language.Code, i int) {
	t.Helper()
	tr := triples[code][i]
	lesson := knowledge.Lesson{
		ID: 1, Kind: knowledge.TaughtArticle, ArticleID: "taught_one", Language: code, Words: tr.taught, At: time.Unix(1, 0),
		Text: knowledge.Text{Title: tr.taught, Answer: "1234567"},
	}
	content.Lessons = []knowledge.Lesson{lesson}
	l := knowledge.BuildLibrary(content)
	if r := rank(t, l, tr.waiting, code); l.Answers(r, lesson, tr.waiting) {
		c.offered++
	} else {
		t.Logf("waiting: %q taught, %q is not offered it (%v, %.2f, %s)", tr.taught, tr.waiting, r.Outcome, r.Confidence, first(r))
	}
	if r := rank(t, l, tr.later, code); r.Outcome == knowledge.Answer && first(r) == lesson.ArticleID {
		c.answered++
	} else {
		t.Logf("later: %q taught, %q is not answered (%v, %.2f, %s)", tr.taught, tr.later, r.Outcome, r.Confidence, first(r))
	}
	wrong := func(question string, in language.Code) {
		c.foreign++
		r := rank(t, l, question, in)
		if l.Answers(r, lesson, question) {
			c.pushed++
		}
		if r.Outcome == knowledge.Answer && first(r) == lesson.ArticleID {
			c.wrong++
			t.Logf("wrong: %q taught, %q gets it (%.2f)", tr.taught, question, r.Confidence)
		}
	}
	for _, q := range foreign[code] {
		wrong(q, code)
	}
	for j, other := range triples[code] {
		if j != i {
			wrong(other.later, code)
		}
	}
	for k, p := range pairs {
		if p.Language == code && k%3 == i%3 {
			wrong(p.Question, code)
		}
	}
}
