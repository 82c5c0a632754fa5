package discord_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
)

// hostileTexts are what people type to be noticed, or to be somebody else.
func hostileTexts(id string) []string {
	return []string{
		"@everyone @here", "<@" + id + "> <@!" + id + "> <@&" + id + "> <#" + id + "> <!channel> <!here>", "@\u200beveryone a\u200bb\u2060c\ufeffd",
		"\u202eenoyreve@ \u2066x\u2069 \u061c\u200f", "[free coffee](https://evil.example) <https://evil.example> ||spoiler||",
		"```\ncode\n``` `@everyone` **b** __u__ ~~s~~", "# h\n- l\n> q\n>>> all\n-# small\n1. n", "</balance:1> <t:0:R> <:x:1> <a:y:2> <id:guide>", "\\*\\_\\`\\",
		"https://a.example<script> https://a.example*b* https://a.example||x|| [a](http://b.example)<i> (http://c.example). http://d.example\\",
	}
}

// TestHostileText: whatever people wrote is shown as it is and rings for nobody, in messages, edits, answers by an
// interaction's token and follow-ups: every one of these calls forbids mentions.
func TestHostileText(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{PerSecond: -1, PerChannel: -1}}, nil, func(s *stage) {
		s.online()
		s.say("ayla", "hello")
		in := s.command("vera", "/balance", platform.Channel)
		hostile := hostileTexts(s.l.Person("vera").ID)
		s.sendAll(reply(in, "0", "begin"))
		for i, text := range hostile {
			nonce := string(rune('a' + i))
			r := s.sendAll(s.numbered("ayla", nonce, text))[0]
			if got := s.bot("ayla", ""); got[len(got)-1] != text {
				s.Errorf("sent %q, read %q", text, got[len(got)-1])
			}
			edit := s.numbered("ayla", nonce+"e", "edited "+text)
			edit.Body.Kind, edit.MessageID = conversation.BodyEdit, r.MessageID
			s.sendAll(edit, reply(in, nonce+"f", text))
			if got := s.bot("vera", platform.Channel); got[len(got)-1] != text {
				s.Errorf("followed up with %q, read %q", text, got[len(got)-1])
			}
		}
		s.sendAll(reply(s.command("vera", "/balance", ""), "fill", hostile[0]))
		if n := s.l.Pings(); n != 0 {
			s.Errorf("%d messages rang", n)
		}
		seen := map[string]int{}
		for _, c := range s.l.Calls(0) {
			body, ok := c.Body.(map[string]any)
			if _, says := body["content"]; !ok || !says {
				continue
			}
			raw, err := json.Marshal(body["allowed_mentions"])
			if err != nil || string(raw) != `{"parse":[],"replied_user":false}` {
				s.Errorf("%s %s: allowed_mentions is %s", c.Method, c.Path, raw)
			}
			seen[c.Method+" "+strings.Split(c.Path, "/")[3]]++
		}
		for _, kind := range []string{"POST channels", "PATCH channels", "PATCH webhooks", "POST webhooks"} {
			if seen[kind] == 0 {
				s.Errorf("no %s was seen: %v", kind, seen)
			}
		}
	})
}

func (s *stage) numbered(as, nonce, text string) conversation.Sending {
	out := s.sending(as, text)
	out.Nonce = nonce
	return out
}

// TestHundredKilobytes: a text far above the limit comes whole, in pieces, and none of it rings or formats.
func TestHundredKilobytes(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{PerSecond: -1, PerChannel: -1}}, nil, func(s *stage) {
		s.online()
		text := strings.TrimSpace(strings.Repeat("@everyone *_~|`<@&1> \u202e\u200b ", 100<<10/30))
		_, err := s.a.Send(s.Context(), s.numbered("ayla", "long", text))
		s.must(err)
		if got, want := strings.Fields(strings.Join(s.bot("ayla", ""), " ")), strings.Fields(text); strings.Join(got, " ") != strings.Join(want, " ") {
			s.Errorf("%d words of %d came through", len(got), len(want))
		}
		if n := s.l.Pings(); n != 0 {
			s.Errorf("%d messages rang", n)
		}
		out := s.numbered("ayla", "labels", "x")
		out.Body.Rows = [][]conversation.Button{{button(text, "token")}}
		out.Body.Image = &conversation.Image{URL: "https://example.com/" + text}
		_, err = s.a.Send(s.Context(), out)
		var se *conversation.SendError
		if err != nil && (!errors.As(err, &se) || se.Kind != conversation.OurPayload) {
			s.Errorf("got %v", err)
		}
	})
}

// TestHostileInbound: what people type to us arrives as they typed it.
func TestHostileInbound(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		for _, text := range []string{"@everyone", "\u202e\u200b x", "<@&5> **b**", "{{.}} %s ${HOME}", strings.Repeat("ə", 2000)} {
			s.say("ayla", text)
			all := s.inbox.all()
			if got := all[len(all)-1].Text; got != text {
				s.Errorf("typed %q, came %q", text, got)
			}
		}
		long := strings.Repeat("<@&5> **b** ", 100<<10/12)
		s.say("ayla", long) // the apps make a file of it
		all := s.inbox.all()
		got := all[len(all)-1]
		if got.Text != "" || len(got.Attachments) != 1 || got.Attachments[0].Name != "message.txt" || got.Attachments[0].Size != int64(len(long)-1) {
			s.Errorf("100 kB came as %.40q with %+v", got.Text, got.Attachments)
		}
	})
}
