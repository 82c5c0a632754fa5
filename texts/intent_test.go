package texts_test

import (
	"testing"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

func TestMatchIntent(t *testing.T) {
	t.Parallel()
	tests := map[texts.Intent][]string{
		texts.IntentBalance: {
			"xallarim necedir", "Balansım nə qədərdir?", "Neçə xalım var?", "balansim ne qederdi", "nece xalim var",
			"bonusum neceyedi", "kartda nə var", "neçə bal yığmışam", "bonusum nə oldu", "balansi deyin gorum", "балансым нечәдир",
			"салам, балансым нечеди", "BALANSIM NECEDIR", "xallarım", "balans", "salam balansim ne qederdir zehmet olmasa",
			"Bakiyem ne kadar? ", "Kaç puanım var?", "bakiyem ne kadar", "kac puanim var", "puan sorgulama", "puan durumu",
			"ne kadar birikmiş", "puanım kaç olmuş", "KAÇ PUANIM VAR", "slm kac puanım var acaba",
			"Какой у меня баланс?", "Сколько у меня баллов?", "kakoy balans", "skolko u menya ballov", "skoka bonusov",
			"скок баллов", "сколько накапало", "чё по бонусам", "здравствуйте, сколько у меня бонусов пожалуйста",
			"What is my balance?", "How many points do I have?", "points left?", "balance pls", "how much do i have", "/balance",
			"my pts", "what's my balance", "Salam. Balansım nə qədərdir? Neçə xalım var?", "salam\nnece xalim var\n??", "Bakiyem ne kadar? Kaç puanım var?",
			"bonus", "puan",
		},
		texts.IntentAgent: {
			"operator", "operatorla danisim", "canli operator", "operatora qosun", "emekdas", "adam var orda?", "robotla danışmıram",
			"birini verin də", "müşteri temsilcisi", "yetkili", "canlı destek", "musteri temsilcisi", "temsilciye baglan",
			"insan yok mu", "gerçek biri", "biri baksın", "оператор", "менеджер", "operator", "soedinite s operatorom",
			"pozovite cheloveka", "menedjer", "живой человек", "есть кто живой?", "хватит бота", "a person", "a human", "an operator",
			"an agent", "real person pls", "someone there?", "human!!", "I want to talk to a human", "Zəhmət olmasa operatora qoşun",
			"operatorla danışmaq istəyirəm",
		},
		texts.IntentCallBack: {"zəng edin mənə", "mene zeng edin", "beni arayın", "перезвоните", "call me", "call me back please"},
		texts.IntentStop: {
			"dayandırın", "göndərməyin", "yazmayın", "imtina", "stop", "STOP", "Stop.", "reklam atmayın", "bəsdir daha", "bezdirdiz",
			"salam, stop zehmet olmasa", "ret", "RET", "durdurun", "gondermeyin", "abonelikten çık", "mesaj atmayın", "yeter artık",
			"стоп", "отписаться", "не присылайте", "otpishite", "ne pishite", "отстаньте", "достали", "пожалуйста стоп",
			"unsubscribe", "opt out", "no more msgs", "stop spamming", "stop!!!", "stop pls", "dayandirin", "bana mesaj atmayın artık",
		},
		texts.IntentStopUnclear: {
			"хватит", "bəsdir", "yeter", "stop?", "bana bir daha reklam mesajı göndermeyin dedim kaç kere", "could you stop sending me these offers every day",
			"сколько раз говорить не присылайте мне рекламу", "sizə dedim də mənə yazmayın",
		},
		texts.IntentCancel:    {"ləğv edin", "iptal", "İPTAL", "отмена", "cancel", "legv et"},
		texts.IntentWait:      {"dayan", "bir dəqiqə", "dur", "dur bi", "минутку", "one moment"},
		texts.IntentYes:       {"bəli", "hə", "olar", "beli", "he", "hee", "aha", "evet", "olur", "evt", "olr", "aynen", "да", "da", "ага", "угу", "давайте", "yes", "yeah", "yes please"},
		texts.IntentNo:        {"xeyr", "yox", "olmaz", "yo", "lazım deyil", "hayır", "istemiyorum", "hayir", "yok", "istemiyom", "yok ya", "gerek yok", "нет", "не надо", "net", "ne nado", "неа", "no", "no thanks", "yox sağ olun"},
		texts.IntentOK:        {"ok", "oldu", "baş üstə", "tamam", "tmm", "хорошо", "horosho", "понятно", "ponyatno", "ок", "ясно", "got it", "fine", "cool", "👍", "👍🏽", "süper", "çok iyi", "əla"},
		texts.IntentThanks:    {"sağ olun", "təşəkkürlər", "sagolun", "tesekkurler", "tsk", "saqol", "çox sağ olun", "🙏", "🙏🙏", "teşekkürler", "tşk", "eyvallah", "спасибо", "spasibo", "spasib", "спс", "пасиб", "thank you", "thx", "ty"},
		texts.IntentGreeting:  {"salam", "Salam!", "salam əleyküm", "slm", "merhaba", "mrb", "selam", "Здравствуйте", "привет", "zdravstvuyte", "privet", "hi", "Hello", "birsey sorusum"},
		texts.IntentAlo:       {"alo", "alo?", "??", "алло", "Алло!!", "anyone there?", "orada mısınız", "есть кто?"},
		texts.IntentBot:       {"sən botsan?", "robotsan", "bot musun", "bot musunuz?", "ты бот?", "это бот", "are you a bot?", "Are you human?"},
		texts.IntentComplaint: {"şikayətim var", "sikayetim var", "wikayet", "naraziyam", "iradim var", "biabırçılıqdır", "biabirciliqdi", "rezalet", "aldatdiz", "pulumu qaytarın", "şikâyetim var", "memnun degilim", "magdur oldum", "paramı geri verin", "yazıklar olsun", "жалоба", "недовольна", "jaloba", "zhaloba", "hochu pojalovatsa", "vernite dengi", "безобразие", "отстой", "I have a complaint", "rip-off", "I want a refund", "joke of a service", "wtf"},
		texts.IntentThreat:    {"məhkəməyə verəcəyəm", "mehkemeye verecem", "instada paylaşacam", "CİMER", "cimer", "şikayetvar'a yazarım", "подам в суд", "v sud podam", "выложу в инсту", "I will sue you"},
		texts.IntentHelp:      {"kömək", "yardım", "помощь", "pomosh", "help", "menyu", "nə edə bilirsən"},
		texts.IntentCard:      {"kartım", "kartim", "моя карта", "moya karta", "my card", "qr kod", "kartımı göstər"},
		texts.IntentHistory:   {"tarixçə", "tarixce", "geçmiş", "история", "istoriya", "history", "puan hareketlerim"},
		texts.IntentRewards:   {"hədiyyələr", "hediyyeler", "ödüller", "награды", "nagrady", "rewards", "xallarla nə ala bilərəm"},
		texts.IntentOffers:    {"təkliflər", "teklifler", "fırsatlar", "акции", "akcii", "offers"},
		texts.IntentFeedback:  {"rəy", "rey bildirmek isteyirem", "görüş", "отзыв", "otzyv", "feedback"},
		texts.IntentLanguage:  {"dil", "dili dəyiş", "язык", "language", "English", "по-русски", "po russki", "azərbaycanca", "türkçe", "rus dilində", "in English please", "на английском"},
		texts.IntentProfile:   {"profil", "профиль", "my profile"},
		texts.IntentPrivacy:   {"məxfilik", "gizlilik", "kvkk", "конфиденциальность", "privacy"},
		texts.IntentMyData:    {"məlumatlarım", "melumatlarim", "verilerim", "мои данные", "moi dannye", "my data"},
		texts.IntentForget:    {"məni unut", "meni unut", "beni unut", "забудьте меня", "zabudte menya", "forget me", "delete my data"},
		texts.IntentSkip:      {"keç", "geç", "пропустить", "skip"},
		texts.IntentLater:     {"sonra", "позже", "потом", "later", "not now"},
		texts.IntentResume:    {"davam", "продолжить", "continue"},
		texts.IntentNone:      {"heç biri", "hiçbiri", "ничего из этого", "none of these"},
		texts.IntentEarn:      {"xal necə qazanılır", "nasıl puan kazanırım", "как накопить баллы", "how do i earn points"},
		texts.IntentLink:      {"hesabı birləşdir", "hesapları birleştir", "объединить", "link my account"},
		texts.IntentInsult:    {"axmaq", "salak bot", "тупой бот", "stupid bot"},
		texts.IntentHowAreYou: {"necəsən", "salam necesiz", "nasılsın", "nbr", "как дела", "kak dela", "how are you"},
		texts.IntentReferral:  {"dostumu dəvət etmək istəyirəm", "arkadaşını davet et", "пригласить друга", "invite a friend"},
		texts.IntentJoin:      {"üzv olmaq istəyirəm", "üye olmak istiyorum", "хочу вступить", "i want to join"},
		texts.IntentBye:       {"görüşənədək", "görüşürüz", "до свидания", "bye"},
		texts.IntentStart:     {"başla", "başlat", "старт", "start", "/start"},
	}
	for want, messages := range tests {
		for _, message := range messages {
			if got, _, ok := texts.MatchIntent(message); !ok || got != want {
				t.Errorf("MatchIntent(%q) = %q, %v, want %q", message, got, ok, want)
			}
		}
	}
}

func TestMatchIntentLeavesQuestionsAlone(t *testing.T) {
	t.Parallel()
	for _, message := range []string{
		"", " ", "...", "asdfgh", "sifarişim haradadır?", "kofe maşını işləmir", "dostavka pulsuzdu?", "çek itib, vozvrat olar?",
		"kargo ne zaman gelir", "iade etmek istiyom nasil yapcam", "а qaytarma сколько дней?", "what time do you open?",
		"balı neçəyə satırsınız", "balınız təzədir?", "bal var?", "bal neçəyədir?", "bal nə qədərdir", "yüz manat endirim", "bu ünvan bağlıdır?", "хватит ли мне баллов на кофе",
		"есть ли у вас стоянка", "the coffee machine does not stop dripping", "avtobus stop harada yerləşir", "sifarişi ləğv etmək istəyirəm",
		"siparişimi iptal etmek istiyorum", "как отменить заказ", "how do i cancel my order", "where is the card reader",
		"operator kabinəsi neçəyədir", "kartım bloklanıb", "bonus ne zaman yüklenir", "hediye paketi yapıyor musunuz",
		"сколько стоит доставка", "можно вернуть товар?", "is the offer for tea still valid", "do you speak to wholesale buyers",
		"yes i got the parcel but it is broken", "no sugar please in my latte", "ok но где мой заказ", "salam\nsifarişim hardadı\n??", "Balansım nə qədərdir? Niyə az görünür?", "salam zakazım hardadı",
	} {
		if got, lang, ok := texts.MatchIntent(message); ok {
			t.Errorf("MatchIntent(%q) = %q in %q, want nothing", message, got, lang)
		}
	}
}

func TestMatchIntentLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		prefer []language.Code
		want   language.Code
	}{
		{"xallarim necedir", nil, language.Azerbaijani},
		{"kaç puanım var", nil, language.Turkish},
		{"сколько у меня баллов", nil, language.Russian},
		{"skolko u menya ballov", nil, language.Russian},
		{"how many points do i have", nil, language.English},
		{"алло", nil, language.Russian},
		{"stop", nil, ""},
		{"stop", []language.Code{language.Turkish}, language.Turkish},
		{"👍", nil, ""},
	}
	for _, tt := range tests {
		if _, got, ok := texts.MatchIntent(tt.text, tt.prefer...); !ok || got != tt.want {
			t.Errorf("MatchIntent(%q, %v) is in %q, %v, want %q", tt.text, tt.prefer, got, ok, tt.want)
		}
	}
}

func TestNamedLanguage(t *testing.T) {
	t.Parallel()
	tests := map[string]language.Code{
		"English": language.English, "in english please": language.English, "ingiliscə yaz": language.English,
		"по-русски": language.Russian, "po russki": language.Russian, "rusca": language.Russian, "на русском можно": language.Russian,
		"azərbaycanca": language.Azerbaijani, "azerbaycanca yazin zehmet olmasa": language.Azerbaijani, "azerice": language.Azerbaijani,
		"Türkçe": language.Turkish, "turkce": language.Turkish, "по-турецки": language.Turkish,
		"dil": "", "my english teacher ordered coffee": "",
	}
	for text, want := range tests {
		if got, ok := texts.NamedLanguage(text); got != want || ok != (want != "") {
			t.Errorf("NamedLanguage(%q) = %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		intent texts.Intent
		want   bool
	}{
		{"dünən aldığım kofe maşını işləmir, çox narazıyam", texts.IntentComplaint, true},
		{"kuryer gec gəldi, biabırçılıqdır", texts.IntentComplaint, true},
		{"siparişim gelmedi, rezalet bir durum", texts.IntentComplaint, true},
		{"курьер нахамил, хочу пожаловаться на него", texts.IntentComplaint, true},
		{"my order is broken and i want a refund", texts.IntentComplaint, true},
		{"how do refunds work", texts.IntentComplaint, false},
		{"пойду в суд, если не вернёте", texts.IntentThreat, true},
		{"sifarişim itib, operatorla danışmaq lazımdır mənə təcili bu barədə", texts.IntentAgent, true},
		{"bu maşın neçəyədir", texts.IntentAgent, false},
		{"balansım nə qədərdir deyin", texts.IntentBalance, false},
	}
	for _, tt := range tests {
		if got := texts.Mentions(tt.text, tt.intent); got != tt.want {
			t.Errorf("Mentions(%q, %s) = %v, want %v", tt.text, tt.intent, got, tt.want)
		}
	}
}

func FuzzMatchIntent(f *testing.F) {
	for _, seed := range []string{"salam", "стоп пожалуйста", "(a|b)", "👍🏽", "\xff", "stop\x00", "ааааа", "x j x j x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		intent, lang, ok := texts.MatchIntent(text)
		if ok != (intent != "") {
			t.Fatalf("MatchIntent(%q) = %q, %v", text, intent, ok)
		}
		if _, known := language.Parse(string(lang)); lang != "" && !known {
			t.Fatalf("MatchIntent(%q) is in %q", text, lang)
		}
	})
}
