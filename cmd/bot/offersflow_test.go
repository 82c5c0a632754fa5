package main

import (
	"strings"
	"testing"
)

// deliveriesOf counts a person's deliveries of an offer by state.
func deliveriesOf(p *person, offer string) map[string]int {
	out := map[string]int{}
	list, _ := p.state()["deliveries"].([]any)
	for _, one := range list {
		if d, ok := one.(map[string]any); ok && d["offer"] == offer {
			state, _ := d["state"].(string)
			if reason, _ := d["reason"].(string); reason != "" {
				state += " " + reason
			}
			out[state]++
		}
	}
	return out
}

// TestSandboxOffers is what a customer sees of offers in two weeks, on the example business.
func TestSandboxOffers(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	ayla, mehmet, rauf := b.person("telegram", "ayla"), b.person("telegram", "mehmet"), b.person("telegram", "rauf")

	t.Run("the question comes once, after the first answer", func(t *testing.T) {
		want(t, rauf.say("wifi parolu nedir"), "NarCoffee", "Endirim və yenilikləri", "Bəli, yazın", "Xeyr")
		if got := text(rauf.say("saat nece acilirsiniz")); strings.Contains(got, "yenilikləri sizə yazaq") {
			t.Errorf("asked twice:\n%s", got)
		}
	})
	t.Run("who has answered under the command is not asked again", func(t *testing.T) {
		nurlan := b.person("telegram", "nurlan")
		nurlan.say("salam")
		want(t, nurlan.say("/offers"), "Bəli, yazın")
		want(t, nurlan.press("Bəli, yazın"), "Qeyd etdik")
		if got := text(nurlan.say("saat neceye kimi acixsiniz")); strings.Contains(got, "yenilikləri sizə yazaq") || !strings.Contains(got, "23:00") {
			t.Errorf("asked again, or not answered:\n%s", got)
		}
	})
	t.Run("a lone cancel asks which", func(t *testing.T) {
		for words, which := range map[string][]string{
			"iptal": {"Neyi iptal edelim?", "Siparişi", "Mesajları"}, "İPTAL!": {"Neyi iptal edelim?"}, "legv et": {"Sifarişi"}, "отмена": {"Заказ"}, "cancel": {"What shall we cancel?"},
		} {
			want(t, b.person("telegram", "cancels "+words).say(words), which...)
		}
		p := b.person("telegram", "zeynep")
		p.say("merhaba, siparişim nerede")
		p.say("iptal")
		want(t, p.press("Siparişi"), "Hazırlan")
		p.say("iptal")
		want(t, p.press("Mesajları"), "ilk yazan biz")
		if got := text(p.say("siparişi iptal etmek istiyorum")); strings.Contains(got, "Neyi iptal") {
			t.Errorf("who named the order was asked which:\n%s", got)
		}
	})
	t.Run("the weekly offer comes once, in each one's language, to who agreed", func(t *testing.T) {
		before := map[*person]int{ayla: len(ayla.chat()), mehmet: len(mehmet.chat()), rauf: len(rauf.chat())}
		b.advance("72h")
		want(t, ayla.since(before[ayla]), "15% endirim", "etibarlıdır", "Niyə mənə?", "Bu mövzuda yazmayın")
		want(t, mehmet.since(before[mehmet]), "%15 indirim")
		if n := strings.Count(text(ayla.chat()), "15% endirim"); n != 1 {
			t.Errorf("ayla got it %d times", n)
		}
		if got := text(rauf.since(before[rauf])); strings.Contains(got, "endirim") {
			t.Errorf("who never said yes got an offer:\n%s", got)
		}
		if got := deliveriesOf(ayla, "friday_beans"); got["sent"] != 1 || len(got) != 1 {
			t.Errorf("ayla's deliveries: %v", got)
		}
		if got := deliveriesOf(rauf, "friday_beans"); got["suppressed no_consent"] != 1 {
			t.Errorf("rauf's deliveries: %v", got)
		}
	})
	t.Run("why me answers from the record", func(t *testing.T) {
		want(t, ayla.press("Niyə mənə?"), "hamı üçün", "razılıq vermisiniz")
	})
	t.Run("a late yes counts from the next time on", func(t *testing.T) {
		want(t, rauf.press("Bəli, yazın"), "Qeyd etdik")
		want(t, rauf.say("/offers"), "Endirimlər")
	})
	t.Run("a muted topic stays away, and can be had again", func(t *testing.T) {
		want(t, mehmet.press("Bu konuda yazmayın"), "İndirimler")
		b.advance("168h")
		if got := deliveriesOf(mehmet, "friday_beans"); got["sent"] != 1 || got["suppressed topic_muted"] != 1 {
			t.Errorf("mehmet's deliveries: %v", got)
		}
		if got := deliveriesOf(rauf, "friday_beans"); got["sent"] != 1 {
			t.Errorf("rauf's deliveries: %v", got)
		}
	})
	t.Run("stop ends it, and undoing it is no yes for who never said one", func(t *testing.T) {
		ayla.say("stop")
		sent := deliveriesOf(ayla, "friday_beans")["sent"]
		b.advance("168h")
		got := deliveriesOf(ayla, "friday_beans")
		if got["sent"] != sent || got["suppressed stopped"] != 1 {
			t.Errorf("ayla's deliveries: %v", got)
		}
		sabir := b.person("telegram", "sabir")
		sabir.say("/start")
		sabir.say("stop")
		sabir.press("Yenə yazın")
		b.advance("168h")
		if got := deliveriesOf(sabir, "friday_beans"); got["sent"] != 0 || got["suppressed no_consent"] == 0 {
			t.Errorf("sabir's deliveries: %v", got)
		}
	})
	t.Run("a typed word under the first answer may be meant for the answer", func(t *testing.T) {
		leyla := b.person("telegram", "leyla")
		want(t, leyla.say("wifi parolu nedir"), "Endirim və yenilikləri")
		if got := text(leyla.say("bəli")); !strings.Contains(got, "Endirim və yenilikləri") || strings.Contains(got, "Qeyd etdik") {
			t.Errorf("a yes that may be meant for the answer is taken for a consent:\n%s", got)
		}
		want(t, leyla.say("bəli"), "Qeyd etdik")
		orxan := b.person("telegram", "orxan")
		want(t, orxan.say("wifi parolu nedir"), "Endirim və yenilikləri")
		want(t, orxan.say("xeyr"), "yazmayacağıq", "operator")
	})
}
