package knowledge_test

import (
	"testing"

	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
)

// TestVagueQuestionsAreNotAnsweredSurely: a fault without a subject, and what somebody only tells, may mean anything.
func TestVagueQuestionsAreNotAnsweredSurely(t *testing.T) {
	t.Parallel()
	in := func(az, tr, ru, en knowledge.Text) map[language.Code]knowledge.Text {
		return map[language.Code]knowledge.Text{language.Azerbaijani: az, language.Turkish: tr, language.Russian: ru, language.English: en}
	}
	text := func(title, answer string, phrasings ...string) knowledge.Text {
		return knowledge.Text{Title: title, Phrasings: phrasings, Answer: answer}
	}
	library := knowledge.NewLibrary([]knowledge.Article{
		{ID: "coupon", Texts: in(text("Kupon işləmir", "Kuponun vaxtı bitib."), text("Kupon çalışmıyor", "Kuponun süresi dolmuş."),
			text("Купон не работает", "Срок купона истёк."), text("My coupon does not work", "The coupon has expired."))},
		{ID: "kettle", Texts: in(text("Çaydan xarabdır", "Ustaya gətirin."), text("Su ısıtıcı bozuk", "Ustaya getirin."),
			text("Чайник сломался", "Принесите его мастеру."), text("The kettle is broken", "Bring it to the workshop."))},
		{ID: "kettle_buy", Texts: in(text("Hansı çaydanı alım?", "Böyüyünü."), text("Hangi su ısıtıcıyı alayım?", "Büyüğünü."),
			text("Какой чайник купить?", "Большой."), text("Which kettle should I buy?", "The large one."))},
		{ID: "hours", Texts: in(text("Saat neçəyə qədər işləyirsiniz?", "22-dək."), text("Saat kaça kadar çalışıyorsunuz?", "22'ye kadar."),
			text("До скольки вы работаете?", "До 22."), text("How late do you work?", "Until ten."))},
		{ID: "ready", Texts: in(text("Bot işləmir", "Yenidən yazın.", "heç nə işləmir"), text("Bot çalışmıyor", "Yeniden yazın."),
			text("Бот не работает", "Напишите ещё раз."), text("The bot does not work", "Write again."))},
	})
	for question, c := range map[string]struct {
		lang  language.Code
		sure  bool
		first string
	}{
		"islemir":                     {lang: language.Azerbaijani},
		"iwlemir!!":                   {lang: language.Azerbaijani},
		"heç nə işləmir":              {lang: language.Azerbaijani, sure: true, first: "ready"}, // it stands there like that
		"çalışmıyor":                  {lang: language.Turkish},
		"не работает":                 {lang: language.Russian},
		"ne rabotaet":                 {lang: language.Russian},
		"it does not work":            {lang: language.English},
		"чайник не работает":          {lang: language.Russian, sure: true, first: "kettle"},
		"the kettle is broken":        {lang: language.English, sure: true, first: "kettle"},
		"my coupon is not working":    {lang: language.English, sure: true, first: "coupon"},
		"I bought a kettle yesterday": {lang: language.English},
		"вчера купила чайник":         {lang: language.Russian},
		"dunen caydan almisam":        {lang: language.Azerbaijani},
		"how late do you work":        {lang: language.English, sure: true, first: "hours"},
	} {
		r, err := library.Rank(t.Context(), knowledge.Query{Text: question, Language: c.lang})
		if err != nil || len(r.Results) == 0 {
			t.Errorf("%q finds nothing: %v", question, err)
			continue
		}
		if sure := r.Outcome == knowledge.Answer; sure != c.sure || c.first != "" && r.Results[0].ArticleID != c.first {
			t.Errorf("%q: %v %s with %.2f", question, r.Outcome, r.Results[0].ArticleID, r.Confidence)
		}
	}
}
