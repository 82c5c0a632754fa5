package knowledge_test

import (
	"testing"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// beside is what people write while a member of staff has their question. None of it asks for an article.
var beside = map[language.Code][]string{
	language.Azerbaijani: {
		"lazim deyil, ozum hell etdim", "özüm həll etdim", "gözləyirəm hələ", "nə oldu, baxdınız?", "tez olun zəhmət olmasa", "çox sağ olun",
		"hə göndərdim", "şəkildəki kimi", "yox başqası", "nömrəm 0501234567", "nə vaxt yazacaqsınız", "mən evdəyəm", "hələ də eynidi", "dünəndən bəri",
		"biri yazsın də", "adım Aynurdu", "qara rəngli", "gecikirsiz", "belə olmaz", "bir dəqiqə baxım",
	},
	language.Turkish: {
		"gerek kalmadı hallettim", "hallettim sağ olun", "hala bekliyorum", "ne oldu baktınız mı", "acele edin lütfen", "teşekkürler", "evet gönderdim",
		"fotoğraftaki gibi", "hayır öbürü", "numaram 05551234567", "ne zaman yazarsınız", "evdeyim", "hala aynı", "dünden beri",
		"biri yazsın", "adım Ayşe", "siyah renk", "geç kalıyorsunuz", "böyle olmaz", "bir dakika bakayım",
	},
	language.Russian: {
		"уже не надо, сам разобрался", "решил проблему", "всё ещё жду", "ну что, посмотрели?", "побыстрее пожалуйста", "спасибо большое", "да, отправила",
		"как на фото", "нет, другой", "мой номер 89161234567", "когда напишете", "я дома", "всё так же", "со вчера",
		"кто-нибудь ответит?", "меня зовут Аня", "чёрного цвета", "долго вы", "так не пойдёт", "минуту, посмотрю",
	},
	language.English: {
		"not needed, solved it", "never mind, fixed it myself", "still waiting", "so, did you look?", "hurry up please", "thanks a lot", "yes i sent it",
		"like in the photo", "no, the other one", "my number is 5551234567", "when will you write", "i am at home", "still the same", "since yesterday",
		"anybody there?", "my name is Ann", "the black one", "you are slow", "that won't do", "one moment, let me look",
	},
}

// TestBesideStaffTheBotSpeaksOnlyWhenCertain asks the example's articles what people write while staff have the word,
// and the questions that test the articles: next to nothing of the first may be answered, and much of the second.
func TestBesideStaffTheBotSpeaksOnlyWhenCertain(t *testing.T) {
	t.Parallel()
	content, pairs := exampleContent(t)
	l := knowledge.BuildLibrary(content)
	asked, wrong := 0, 0
	for code, all := range beside {
		for _, text := range all {
			asked++
			if r := rank(t, l, text, code); r.Certain {
				wrong++
				t.Logf("%s: %q is certainly %s (%.2f)", code, text, first(r), r.Confidence)
			}
		}
	}
	if 100*wrong > asked {
		t.Errorf("%d of %d are answered", wrong, asked)
	}
	questions, right, wrong := 0, 0, 0
	for _, p := range pairs {
		r := rank(t, l, p.Question, p.Language)
		questions++
		switch {
		case r.Certain && first(r) == p.ArticleID:
			right++
		case r.Certain:
			wrong++
		}
	}
	t.Logf("of %d questions %d are answered rightly and %d wrongly", questions, right, wrong)
	if 3*right < questions || 50*wrong > questions {
		t.Error("fewer than a third, or more than one in fifty wrongly")
	}
}
