package slack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
	"github.com/rapport-chat/rapport/texts"
)

// newest is the newest event that came.
func (s *stage) newest() conversation.Inbound {
	s.Helper()
	s.after(time.Second)
	all := s.inbox.all()
	if len(all) == 0 {
		s.Fatal("nothing came")
	}
	return all[len(all)-1]
}

// TestDesk: a card in a channel by name, its thread, and what staff do there.
func TestDesk(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		card := s.send(say("#support", "", "Ayla waits for an answer", []conversation.Button{button("Claim", "tok-claim")}), "")
		if card.Chat != s.l.ChannelID("support") || card.MessageID == "" {
			s.Fatalf("the receipt is %+v", card)
		}
		s.send(say(card.Chat, card.MessageID, "What she has said: salam"), "")
		if got := s.last("vagif", "thread:"+card.MessageID).Text; got != "What she has said: salam" {
			s.Errorf("in the thread stands %q", got)
		}
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "vagif", Label: "Claim", In: "staff"}))
		in := s.newest()
		if in.Kind != conversation.KindPress || !in.Staff || in.Token != "tok-claim" || in.MessageID != card.MessageID || in.Chat != card.Chat || in.From.Name == "" {
			s.Errorf("the press: %+v", in)
		}
		id := s.say("vagif", ">> on its way", "thread:"+card.MessageID)
		in = s.newest()
		if in.Kind != conversation.KindMessage || !in.Staff || in.Text != ">> on its way" || in.Thread != card.MessageID || in.MessageID != id {
			s.Errorf("a reply: %+v", in)
		}
		s.must(s.l.Edit(s.Context(), "vagif", id, "tomorrow"))
		if in = s.newest(); in.Kind != conversation.KindEdit || in.Text != "tomorrow" || in.Thread != card.MessageID || in.MessageID != id || !in.Staff {
			s.Errorf("an edit: %+v", in)
		}
		s.must(s.l.Delete(s.Context(), "vagif", id))
		if in = s.newest(); in.Kind != conversation.KindDelete || in.Thread != card.MessageID || in.MessageID != id || !in.Staff {
			s.Errorf("a deletion: %+v", in)
		}
		s.must(s.l.Command(s.Context(), "vagif", "/rapport nps", "#general"))
		if in = s.newest(); in.Command != "rapport" || in.Args != "nps" || !in.Staff {
			s.Errorf("a command: %+v", in)
		}
		edit := say(card.Chat, "", "Vagif has it")
		edit.Body.Kind = conversation.BodyEdit
		s.send(edit, card.MessageID)
		if got := s.last("vagif", "staff"); got.Text != "Vagif has it" || len(got.Buttons) != 0 {
			s.Errorf("the card reads %+v", got)
		}
	})
}

// TestThreadIsGone: nothing is left standing in the channel that was meant for a thread.
func TestThreadIsGone(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		card := s.send(say("#support", "", "a card"), "")
		gone := say(card.Chat, "", "")
		gone.Body.Kind = conversation.BodyDelete
		s.send(gone, card.MessageID)
		before := len(s.l.Chat("vagif", "staff"))
		s.after(2 * time.Second)
		_, err := s.a.Send(s.Context(), conversation.Sending{Outgoing: say(card.Chat, card.MessageID, "an internal remark")})
		var se *conversation.SendError
		if !errors.As(err, &se) || se.Kind != conversation.OurPayload || se.Code != "thread_gone" {
			s.Errorf("got %v", err)
		}
		if n := len(s.l.Chat("vagif", "staff")); n != before {
			s.Errorf("%d messages stand in the channel, before it were %d", n, before)
		}
	})
}

// TestOnlyForOne: a note that one of the staff sees, answered, replaced and taken away.
func TestOnlyForOne(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		vagif := s.l.Person("vagif").ID
		s.say("vagif", "hm", "staff")
		root := s.say("leyla", "hm", "staff")
		note := say("#support", root, "Send it to the customer?", []conversation.Button{button("Send", "tok-send"), button("Keep", "tok-keep")})
		note.Body.OnlyFor = vagif
		r := s.send(note, "")
		if got := s.last("vagif", "thread:"+root); got.Text != "Send it to the customer?" || len(got.Buttons) != 2 {
			s.Errorf("vagif sees %+v", got)
		}
		if got := s.last("leyla", "thread:"+root); got.Text != "hm" {
			s.Errorf("leyla sees %+v", got)
		}
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "vagif", Label: "Keep", In: "thread:" + root}))
		in := s.newest()
		if in.Token != "tok-keep" || in.MessageID != r.MessageID || in.Thread != root || !in.Staff || len(in.Handle) == 0 {
			s.Fatalf("the press: %+v, the receipt %+v", in, r)
		}
		edit := say(in.Chat, root, "Kept inside.")
		edit.Body.Kind, edit.Body.OnlyFor, edit.Handle = conversation.BodyEdit, vagif, in.Handle
		s.send(edit, r.MessageID)
		if got := s.last("vagif", "thread:"+root); got.Text != "Kept inside." || len(got.Buttons) != 0 {
			s.Errorf("vagif sees %+v", got)
		}
		gone := say(in.Chat, root, "")
		gone.Body.Kind, gone.Body.OnlyFor, gone.Handle = conversation.BodyDelete, vagif, in.Handle
		s.send(gone, r.MessageID)
		if got := s.last("vagif", "thread:"+root); got.Text == "Kept inside." {
			s.Errorf("vagif still sees %+v", got)
		}
		s.send(gone, r.MessageID) // pressed twice: what is gone already is gone
		s.send(edit, r.MessageID)
		edit.Handle = nil
		s.send(edit, r.MessageID) // without a handle nothing can be done, which is no error
		s.must(s.l.Command(s.Context(), "vagif", "/rapport customer 7", "staff"))
		in = s.newest()
		answer := say(in.Chat, "", "Ayla, gold, 120 points")
		answer.Body.OnlyFor, answer.Handle = vagif, in.Handle
		before := len(s.calls("chat.postEphemeral"))
		s.send(answer, "")
		if got := s.last("vagif", "staff").Text; got != "Ayla, gold, 120 points" {
			s.Errorf("vagif sees %q", got)
		}
		if len(s.calls("chat.postEphemeral")) != before {
			s.Error("what the command lent was not used")
		}
		s.after(31 * time.Minute)
		s.send(answer, "")
		if len(s.calls("chat.postEphemeral")) != before+1 {
			s.Error("an old handle was not passed over")
		}
		answer.Body.OnlyFor = s.l.Person("leyla").ID // somebody else's handle
		s.send(answer, "")
		if got := s.last("leyla", "staff").Text; got != "Ayla, gold, 120 points" {
			s.Errorf("leyla sees %q", got)
		}
	})
}

// TestHome: the app's own page.
func TestHome(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.must(s.l.OpenHome("vagif"))
		in := s.newest()
		if in.Kind != conversation.KindHome || !in.Staff || in.Chat != s.l.Person("vagif").ID {
			s.Fatalf("got %+v", in)
		}
		page := say(in.Chat, "", "My tickets: *none* <!channel>", []conversation.Button{button("Away", "tok-away")})
		page.Body.Kind = conversation.BodyHome
		s.send(page, "")
		if got := s.last("vagif", "home"); got.Text != "My tickets: *none* <!channel>" || !slices.Equal(got.Buttons, []string{"Away"}) {
			s.Errorf("the page reads %+v", got)
		}
		s.must(s.l.Press(s.Context(), lookalike.Press{As: "vagif", Label: "Away", In: "home"}))
		if in := s.newest(); in.Token != "tok-away" || !in.Staff || in.Chat != s.l.Person("vagif").ID {
			s.Errorf("the press: %+v", in)
		}
	})
}

// TestHostileText: whatever people write is data: it formats nothing and rings for nobody, in every way to send it.
func TestHostileText(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		s.say("vagif", "hm", "staff")
		vagif, place := s.l.Person("vagif").ID, s.l.ChannelID("support")
		hostile := "<!channel> @everyone @here <!here|x> <@" + vagif + "> <#" + place + "> <https://evil.example|bank> *b* _i_ ~s~ `c` ```f``` > q &lt;!channel&gt; \u200b\u202e"
		button := button("<!channel> *b* @everyone", "tok")
		button.Form = &conversation.Form{Title: "<!here>", Fields: []conversation.FormField{{Name: "a", Label: "<!channel>", Value: "<!channel>"}}}
		for name, change := range map[string]func(o *conversation.Outgoing){
			"plain": func(*conversation.Outgoing) {},
			"styled": func(o *conversation.Outgoing) {
				o.Body.Text = texts.Literal("Ayla: ").In(texts.Bold).Append(o.Body.Text)
			},
			"picture": func(o *conversation.Outgoing) { o.Body.Image = &conversation.Image{URL: "https://example.com/a.png"} },
			"for one": func(o *conversation.Outgoing) { o.Body.OnlyFor = vagif },
		} {
			o := say("#support", "", hostile, []conversation.Button{button})
			change(&o)
			r := s.send(o, "")
			got := s.last("vagif", "staff")
			if want := strings.TrimSpace(o.Body.Text.Plain()); got.Text != want {
				s.Errorf("%s: reads %q, want %q", name, got.Text, want)
			}
			o.Body.Kind = conversation.BodyEdit
			s.send(o, r.MessageID)
		}
		s.send(say("#support", "", strings.Repeat(hostile+" ", 100_000/len(hostile))), "")
		if pings := s.l.Pings(); len(pings) != 0 {
			s.Errorf("it rang: %+v", pings)
		}
		for _, c := range s.l.Calls(0) {
			body, ok := c.Body.(map[string]any)
			if words, _ := body["text"].(string); ok && (strings.Contains(words, "<!") || strings.Contains(words, "<@")) {
				s.Errorf("%s: the text of a raw call holds %q", c.Method, words[:min(len(words), 80)])
			}
		}
	})
}

// TestLongTextGoesOn: what the platform's pace holds back is not said twice.
func TestLongTextGoesOn(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{Limits: platform.Limits{Burst: 1}}, nil, func(s *stage) {
		s.online()
		var want []string
		for i := range 900 {
			want = append(want, fmt.Sprintf("Sentence %d of it.", i))
		}
		r := s.send(say("#support", "", strings.Join(want, " ")), "")
		for _, c := range s.calls("chat.postMessage") {
			if c.Status != http.StatusOK {
				s.Errorf("the platform's pace was not kept: %d", c.Status)
			}
		}
		var got []string
		for _, m := range s.l.Chat("vagif", "staff") {
			got = append(got, strings.TrimSpace(m.Text))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") || len(strings.Split(r.MessageID, ",")) != len(got) {
			s.Errorf("%d messages, receipt %q", len(got), r.MessageID)
		}
	})
}

// TestPostedAndRefused: a message that was posted although the platform refused it, or said nothing, is not said twice.
func TestPostedAndRefused(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]lookalike.Fault{
		"refused for pace": {Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 2, Late: true},
		"no answer":        {Method: "chat.postMessage", Times: 1, Late: true},
		"truly refused":    {Method: "chat.postMessage", Times: 1, Status: 429, RetryAfter: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, platform.Config{}, nil, func(s *stage) {
				s.online()
				root := s.send(say("#support", "", "a card"), "")
				for _, thread := range []string{"", root.MessageID} {
					s.must(s.l.Fault(s.Context(), fault))
					o := conversation.Sending{Nonce: "once" + thread, Outgoing: say("#support", thread, "only once")}
					_, err := s.a.Send(s.Context(), o)
					if err == nil {
						s.Fatal("the fault did not show")
					}
					s.after(3 * time.Second)
					r, err := s.a.Send(s.Context(), o)
					s.must(err)
					place := "staff"
					if thread != "" {
						place = "thread:" + thread
					}
					n := 0
					for _, m := range s.l.Chat("vagif", place) {
						if m.Text == "only once" {
							n++
							if m.ID != r.MessageID {
								s.Errorf("the receipt names %q, it is %q", r.MessageID, m.ID)
							}
						}
					}
					if n != 1 {
						s.Errorf("it stands %d times", n)
					}
				}
			})
		})
	}
}

// TestPictureStays: an edit keeps a message's picture, also after a restart.
func TestPictureStays(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		o := say("#support", "", "a card", []conversation.Button{button("Yes", "tok")})
		o.Body.Image = &conversation.Image{Data: b.Bytes(), Name: "card.png"}
		r := s.send(o, "")
		if s.last("vagif", "staff").Image == "" {
			s.Fatal("there is no picture")
		}
		o = say("#support", "", "a changed card")
		o.Body.Kind = conversation.BodyEdit
		s.send(o, r.MessageID)
		if got := s.last("vagif", "staff"); got.Image == "" || got.Text != "a changed card" {
			s.Errorf("after an edit: %+v", got)
		}
		s.a = s.adapter()
		s.send(say("#general", "", "another life"), "")
		o.Body.Text = texts.Literal("changed again")
		s.send(o, r.MessageID)
		if got := s.last("vagif", "staff"); got.Image == "" || got.Text != "changed again" {
			s.Errorf("after a restart: %+v", got)
		}
		o.Body.Text, o.Body.Rows = nil, [][]conversation.Button{{button("New", "tok2")}}
		s.send(o, r.MessageID)
		if got := s.last("vagif", "staff"); got.Image == "" || got.Text != "changed again" || !slices.Equal(got.Buttons, []string{"New"}) {
			s.Errorf("after other buttons: %+v", got)
		}
	})
}

// TestFiles: what a person sends can be fetched, and a file of ours is deleted with its message.
func TestFiles(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		_, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Attach: lookalike.Photo, Text: "look"})
		s.must(err)
		in := s.newest()
		if len(in.Attachments) != 1 || in.Text != "look" {
			s.Fatalf("got %+v", in)
		}
		data, err := s.a.Fetch(s.Context(), in.Attachments[0].File, 1<<20)
		if err != nil || len(data) == 0 || int64(len(data)) != in.Attachments[0].Size {
			s.Errorf("fetched %d of %d bytes: %v", len(data), in.Attachments[0].Size, err)
		}
		if _, err := s.a.Fetch(s.Context(), in.Attachments[0].File, 3); !errors.Is(err, conversation.ErrTooLarge) {
			s.Errorf("a file above the limit: %v", err)
		}
		id, _, _ := strings.Cut(in.Attachments[0].File, " ")
		if again, err := s.a.Fetch(s.Context(), id, 1<<20); err != nil || !bytes.Equal(again, data) {
			s.Errorf("by the id alone: %v", err)
		}
		o := say(in.Chat, "", "All we know:")
		o.Body.Document = &conversation.Document{Name: "mydata.json", Data: []byte(`{}`)}
		r := s.send(o, "")
		before := len(s.l.Chat("ayla", ""))
		o.Body = conversation.Body{Kind: conversation.BodyDelete}
		s.send(o, r.MessageID)
		if n := len(s.l.Chat("ayla", "")); n >= before {
			s.Errorf("%d messages are left of %d", n, before)
		}
	})
}

// TestJournalShowsBlocks guards the helpers above: the look-alike's journal holds the blocks as they were sent.
func TestJournalShowsBlocks(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.send(say("#support", "", "<!channel>"), "")
		raw, err := json.Marshal(s.calls("chat.postMessage")[0].Body)
		s.must(err)
		if !bytes.Contains(raw, []byte(`"rich_text"`)) || !bytes.Contains(raw, []byte(`unfurl_links`)) {
			s.Errorf("got %s", raw)
		}
	})
}
