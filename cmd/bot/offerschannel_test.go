package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const postingConfig = `
brand: {name: Nar Coffee, languages: [az, en], timezone: Asia/Baku, currency: AZN}
channels:
  telegram: {token: "${TELEGRAM_TOKEN}"}
  discord:  {token: "${DISCORD_TOKEN}", offers: in_server_channel, offers_channel: "#offers"}
offers:
  friday_beans:
    every: Friday 10:00
    valid: 14h
    text: {az: "Bu gün bütün qəhvə dənələrinə **15% endirim**.", en: "**15% off** all coffee beans today."}
`

// TestSandboxPostsOffers: on Discord an offer stands once in the server's channel, in all languages, and nobody gets it
// in private; on Telegram people get it as ever.
func TestSandboxPostsOffers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(file, []byte(postingConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBoxOn(t, file)
	leyla, ayla := b.person("discord", "leyla"), b.person("telegram", "ayla")
	leyla.say("salam")
	if got := text(leyla.say("/offers")); strings.Contains(got, "Bəli, yazın") {
		leyla.press("Bəli, yazın")
	}
	ayla.say("salam")
	if got := text(ayla.say("/offers")); strings.Contains(got, "Bəli, yazın") {
		ayla.press("Bəli, yazın")
	}
	private := len(leyla.chat())
	b.clockTo(offerDue)
	var posts []said
	b.get("/api/discord/chat?as=leyla&in=channel", &posts)
	want(t, posts, "15% endirim", "15% off", "Burada adımıza basın")
	if n := strings.Count(text(posts), "15% off"); n != 1 {
		t.Errorf("it was posted %d times", n)
	}
	if got := text(posts); strings.Contains(got, "Niyə mənə") || strings.Contains(got, "Why me") {
		t.Errorf("a post for everybody answers “Why me?”:\n%s", got)
	}
	if got := leyla.chat(); len(got) != private {
		t.Errorf("Discord brought in private\n%s", text(got[private:]))
	}
	if got := deliveriesOf(leyla, "friday_beans"); got["suppressed in_server_channel"] != 1 || len(got) != 1 {
		t.Errorf("leyla's deliveries: %v", got)
	}
	if got := deliveriesOf(ayla, "friday_beans"); got["sent"] != 1 {
		t.Errorf("ayla's deliveries: %v", got)
	}
	b.killAndRestart()
	b.advance("1h")
	b.get("/api/discord/chat?as=leyla&in=channel", &posts)
	if n := strings.Count(text(posts), "15% off"); n != 1 {
		t.Errorf("after a power cut it stands there %d times", n)
	}
}
