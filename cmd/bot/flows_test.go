package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSandboxAnswers is the first minutes of a newcomer, on the example business, through the JSON API.
func TestSandboxAnswers(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	ayla, mehmet := b.person("telegram", "ayla"), b.person("telegram", "mehmet")

	t.Run("a question without diacritics finds the article", func(t *testing.T) {
		want(t, mehmet.say("kahve makinesini nasil iade edebilirim"), "14 gün", "Bu yanıt yardımcı oldu mu?")
		want(t, ayla.say("kofe masinini qaytarmaq olar?"), "14 gün")
	})
	t.Run("balance by words and by slash is one number", func(t *testing.T) {
		words, slash := ayla.say("xallarim necedir"), ayla.say("/balance")
		number := regexp.MustCompile(`\d[\d.]*`)
		if a, b := number.FindString(text(words)), number.FindString(text(slash)); a == "" || a != b {
			t.Errorf("%q by words, %q by slash:\n%s%s", a, b, text(words), text(slash))
		}
		want(t, words, "▓")
	})
	t.Run("a language switch changes every text", func(t *testing.T) {
		want(t, ayla.say("/language ru"), "русск")
		for _, ask := range []string{"/help", "/balance", "salam", "qwertyuiop zxcvbn"} {
			if got := text(ayla.say(ask)); !regexp.MustCompile(`[а-яё]{3}`).MatchString(got) || strings.ContainsAny(got, "əğşİ") {
				t.Errorf("%s is not answered in Russian:\n%s", ask, got)
			}
		}
		want(t, ayla.say("/language az"), "azərbaycanca")
	})
	t.Run("nonsense gets a way on", func(t *testing.T) {
		want(t, ayla.say("blorf gnarl quux zzz"), "Bəli, ötürün", "Başqa cür yazım")
		want(t, ayla.press("Bəli, ötürün"), "ötürdük")
		if tickets, _ := ayla.state()["tickets"].([]any); len(tickets) != 1 {
			t.Errorf("tickets: %v", ayla.state()["tickets"])
		}
	})
	t.Run("a complaint that no article answers goes to a person at once", func(t *testing.T) {
		want(t, b.person("telegram", "leyla").say("dunen kuryer stekani sindirdi, pul da aldi, biabirciliqdi"), "ötürdük")
		want(t, b.person("telegram", "oleg").say("ваш курьер разбил мою любимую чашку, я подам в суд"), "Передали")
	})
	t.Run("small talk is no question", func(t *testing.T) {
		want(t, mehmet.say("merhaba"), "yardımcı")
		want(t, mehmet.say("teşekkürler"), "Rica ederiz")
	})
	t.Run("a first contact is welcomed and answered", func(t *testing.T) {
		got := b.person("telegram", "rauf").say("wifi parolu nedir")
		want(t, got, "Azərbaycanca", "Русский", "NarCoffee")
	})
	t.Run("helped: no leads to the runners-up and to a person", func(t *testing.T) {
		vera := b.person("telegram", "sabina")
		vera.say("/start")
		vera.say("when do you open")
		vera.press("No, thanks") // to offers: asked once, under the first answer
		got := vera.press("No")
		want(t, got, "[")
		if strings.Contains(text(got), "None of these") {
			got = vera.press("None of these")
		} else {
			got = vera.press("Yes, please")
		}
		want(t, got, "colleague")
	})
	t.Run("errors of the API", func(t *testing.T) {
		for _, c := range []struct {
			path string
			body any
			want int
		}{
			{"/api/telegram/press", map[string]string{"as": "ayla", "label": "no such button"}, http.StatusNotFound},
			{"/api/fax/say", map[string]string{"as": "ayla", "text": "hi"}, http.StatusNotFound},
			{"/api/clock", map[string]string{"to": "2020-01-01T00:00:00Z"}, http.StatusBadRequest},
		} {
			status, answer := b.try(c.path, c.body)
			if status/100 != 4 || answer["error"] == nil {
				t.Errorf("%s: %d %v", c.path, status, answer)
			}
		}
	})
	t.Run("a power cut loses nothing", func(t *testing.T) {
		before := len(ayla.chat())
		b.killAndRestart()
		if got := len(ayla.chat()); got != before {
			t.Errorf("%d entries in the transcript, %d before", got, before)
		}
		want(t, ayla.say("necə xalım var"), "Balans")
	})
}

// unsure are articles between which short questions cannot decide.
const unsure = `
brand: {name: Nar Coffee, languages: [en], timezone: Asia/Baku, currency: AZN}
knowledge: {files: [articles.yaml]}
`

const unsureArticles = `articles:
  lost: {en: {title: "My loyalty card is lost", phrasings: ["I lost my loyalty card"], answer: "We make a new one."}}
  blocked: {en: {title: "My loyalty card is blocked", phrasings: ["the loyalty card does not work"], answer: "We unblock it."}}
  new: {en: {title: "How do I get a loyalty card?", phrasings: ["I want a loyalty card"], answer: "Ask at the till."}}
  hours: {en: {title: "What are your opening hours?", phrasings: ["when do you open"], answer: "From eight."}}
`

// TestSandboxLearns: what two people chose answers the third at once.
func TestSandboxLearns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"rapport.yaml": unsure, "articles.yaml": unsureArticles})
	b := startBoxOn(t, filepath.Join(dir, "rapport.yaml"))
	question, choice := "", ""
	finder := b.person("telegram", "james")
	for _, try := range []string{"loyalty card", "about my loyalty card", "card", "a question about the loyalty card please", "loyalty card help", "the card thing"} {
		for _, m := range finder.say(try) {
			if m.From == "bot" && strings.Contains(m.Text, "which of these") && len(m.Buttons) > 1 {
				question, choice = try, m.Buttons[0]
			}
		}
		if question != "" {
			break
		}
	}
	if question == "" {
		t.Fatalf("nothing made the bot ask what is meant:\n%s", text(finder.chat()))
	}
	for i := range 2 {
		p := b.person("telegram", fmt.Sprint("teacher", i))
		want(t, p.say(question), "which of these", choice)
		want(t, p.press(choice), "Did this help?")
	}
	want(t, b.person("telegram", "learner").say(question), "Did this help?")
}
