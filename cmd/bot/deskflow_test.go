package main

import (
	"net/url"
	"strings"
	"testing"
)

// place is what a member of staff sees in a place of Slack.
func (b *box) place(as, in string) []said {
	b.t.Helper()
	var chat []said
	b.get("/api/slack/chat?as="+url.QueryEscape(as)+"&in="+url.QueryEscape(in), &chat)
	return chat
}

// cardOf is the newest card in the alert channel that holds a text.
func (b *box) cardOf(as, part string) said {
	b.t.Helper()
	list := b.place(as, "staff")
	for n := len(list) - 1; n >= 0; n-- {
		if strings.Contains(list[n].Text, part) {
			return list[n]
		}
	}
	b.t.Fatalf("no card says %q:\n%s", part, text(list))
	return said{}
}

// staffSay writes into a place of Slack and waits for rest.
func (b *box) staffSay(as, in, words string) string {
	b.t.Helper()
	answer := b.post("/api/slack/say", map[string]string{"as": as, "in": in, "text": words})
	b.idle()
	id, _ := answer["id"].(string)
	return id
}

// staffPress presses a button in a place of Slack and waits for rest.
func (b *box) staffPress(as, in, label string) {
	b.t.Helper()
	b.post("/api/slack/press", map[string]string{"as": as, "in": in, "label": label})
	b.idle()
}

// TestSandboxDesk is one script from an unknown question to the end, for customers of two channels: the card, a remark
// that stays inside, replies by the note, the mark and the form, edits and deletions, the customer's answer, the end.
func TestSandboxDesk(t *testing.T) {
	t.Parallel()
	b := startBox(t)
	for _, platform := range []string{"telegram", "discord"} {
		t.Run(platform, func(t *testing.T) {
			box := *b
			box.t = t
			box.deskScript(platform)
		})
	}
}

func (b *box) deskScript(platform string) {
	t := b.t
	p := b.person(platform, "gunel")
	question := "Qrafinlərin qapağını ayrıca almaq olur " + platform + "?"
	if got := text(p.say(question)); !strings.Contains(got, "əməkdaş") {
		p.press("əməkdaş")
	}
	if got := text(p.chat()); !strings.Contains(got, "ötürdük") && !strings.Contains(got, "növbə") {
		p.say("operator")
	}
	card := b.cardOf("nigar", question)
	if strings.Contains(card.Text, "gunel") {
		t.Errorf("the card names the customer: %s", card.Text)
	}
	b.post("/api/slack/press", map[string]string{"as": "nigar", "in": "staff", "label": "Claim", "message": card.ID})
	b.idle()
	thread := "thread:" + card.ID
	remark := b.staffSay("nigar", thread, "this one again, check the warehouse")
	b.staffPress("nigar", thread, "Keep inside")
	b.staffSay("nigar", thread, "Bəli, olur.")
	b.staffPress("nigar", thread, "Send to customer")
	marked := b.staffSay("nigar", thread, ">> Qiymeti 5 manatdir.")
	b.post("/api/slack/press", map[string]string{"as": "nigar", "in": "staff", "label": "Reply", "message": card.ID})
	b.post("/api/slack/submit", map[string]any{"as": "nigar", "values": map[string]string{"Goes to the customer at once": "Sabah gətirə bilərik."}})
	b.idle()
	chat := text(p.chat())
	for _, once := range []string{"Bəli, olur.", "Qiymeti 5 manatdir.", "Sabah gətirə bilərik."} {
		if n := strings.Count(chat, once); n != 1 {
			t.Errorf("the customer has %q %d times:\n%s", once, n, chat)
		}
	}
	if n := strings.Count(text(b.place("orxan", thread)), "delivered"); n != 3 {
		t.Errorf("%d replies are told as delivered:\n%s", n, text(b.place("orxan", thread)))
	}
	b.post("/api/slack/edit", map[string]string{"as": "nigar", "message": marked, "text": ">> Qiyməti 6 manatdır."})
	b.post("/api/slack/edit", map[string]string{"as": "nigar", "message": remark, "text": "this one again, ask the warehouse"})
	b.post("/api/slack/delete", map[string]string{"as": "nigar", "message": remark})
	b.idle()
	want(t, p.chat(), "Qiyməti 6 manatdır.")
	p.say("Çox sağ olun, sabah gözləyirəm")
	want(t, b.place("orxan", thread), "sabah gözləyirəm")
	b.post("/api/"+platform+"/say", map[string]string{"as": "gunel", "text": "budur", "attach": "file"})
	b.idle()
	want(t, b.place("orxan", thread), "budur", "note.txt")
	b.post("/api/slack/say", map[string]string{"as": "nigar", "in": thread, "text": ">> qiymətlər burada", "attach": "file"})
	b.idle()
	want(t, p.chat(), "qiymətlər burada")
	if got := text(p.chat()); strings.Contains(got, "göstərilə bilmədi") {
		t.Errorf("the file did not pass:\n%s", got)
	}
	b.post("/api/slack/press", map[string]string{"as": "nigar", "in": "staff", "label": "Resolve", "message": card.ID})
	b.idle()
	want(t, p.chat(), "həll olunmuş sayırıq")
	chat = text(p.chat())
	for _, inside := range []string{"warehouse", "this one again", "5 manat"} {
		if strings.Contains(chat, inside) {
			t.Errorf("the customer reads %q:\n%s", inside, chat)
		}
	}
}
