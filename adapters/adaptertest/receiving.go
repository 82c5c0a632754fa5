package adaptertest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// receiving is what a person does and the channel reports.
var receiving = []one{
	{name: "a message arrives", run: aMessageArrives},
	{name: "any text arrives as typed", run: anyTextArrives},
	{name: "messages arrive in order", run: messagesArriveInOrder},
	{name: "a command arrives", run: aCommandArrives},
	{name: "a press arrives with its token", run: aPressArrives},
	{name: "a second press is another event", run: aSecondPress},
	{name: "attachments arrive", run: attachmentsArrive, applies: func(r Rig) bool { return len(r.Attachments) > 0 }},
	{name: "an edit arrives", run: anEditArrives, applies: func(r Rig) bool { return r.TellsEdit }},
	{name: "a deletion arrives", run: aDeletionArrives, applies: func(r Rig) bool { return r.TellsDelete }},
	{name: "a form is opened and comes back", run: aFormComesBack, applies: func(r Rig) bool { return r.Forms != nil }},
	{
		name: "a button with a form is an ordinary one where there are no forms", run: aFormWithoutForms,
		applies: func(r Rig) bool { return !r.Channel.Limits().Forms },
	},
	{name: "a group speaks to the bot", run: aGroupSpeaks, applies: func(r Rig) bool { return r.Group != nil }},
	{name: "what is not kept comes again", run: whatIsNotKept},
	{name: "a redelivered event has the same id", run: aRedeliveredEvent, applies: func(r Rig) bool { return r.Redeliver != nil }},
}

func aMessageArrives(s *session) {
	id, err := s.rig.Human.Say(s.ctx, "ayla", "salam")
	s.must("say", err)
	in := s.await("the message", kind(conversation.KindMessage))
	for what, ok := range map[string]bool{
		"Channel is the channel's name":     in.Channel == s.rig.Channel.Name(),
		"Account is the one of Connect":     in.Account == s.account,
		"Account begins with the name":      strings.HasPrefix(in.Account, s.rig.Channel.Name()+":"),
		"Chat is set":                       in.Chat != "",
		"EventID is set":                    in.EventID != "",
		"From.UserID is set":                in.From.UserID != "",
		"Private":                           in.Private,
		"not Mentioned":                     !in.Mentioned,
		"Text is what was typed":            in.Text == "salam",
		"no Command":                        in.Command == "" && in.Args == "",
		"no Token":                          in.Token == "",
		"MessageID is the platform's":       in.MessageID == id,
		"At is about now":                   time.Since(in.At).Abs() < time.Minute,
		"Raw is only kept for broken ones":  len(in.Raw) == 0,
		"what the store adds is left to it": in.ID == 0 && in.Customer == 0 && in.Conversation == 0,
	} {
		if !ok {
			s.t.Errorf("not so: %s: %+v", what, in)
		}
	}
}

// strange are texts that have broken parsers before.
var strange = []string{
	"Sifarişim hanı? İçində ə, ğ, ı və Ş var",
	"где мой заказ № 42 — скажите, пожалуйста",
	"👩‍👩‍👧‍👦 👍🏽 🇦🇿",
	"*bold* _italic_ `code` [link](https://example.com) <b>html</b> &amp; <@U123> <!channel> @everyone",
	"{{name}} ${HOME} %s \\n '; DROP TABLE customers; --",
	"first line\n\nthird line",
	"مرحبا \u202b right to left",
	"zero\u200bwidth",
}

func anyTextArrives(s *session) {
	for _, text := range strange {
		_, err := s.rig.Human.Say(s.ctx, "ayla", text)
		s.must("say", err)
		s.await(fmt.Sprintf("%q", text), func(in conversation.Inbound) bool { return in.Text == text })
	}
}

func messagesArriveInOrder(s *session) {
	const n = 12
	var want []string
	for i := range n {
		text := fmt.Sprintf("message %d", i)
		want = append(want, text)
		_, err := s.rig.Human.Say(s.ctx, "ayla", text)
		s.must("say", err)
	}
	s.await("the last message", func(in conversation.Inbound) bool { return in.Text == want[n-1] })
	var got []string
	seen := map[string]bool{}
	for _, in := range s.inbox.all() {
		if !seen[in.EventID] {
			seen[in.EventID] = true
			got = append(got, in.Text)
		}
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("got %q, want %q", got, want)
	}
}

func aCommandArrives(s *session) {
	s.must("command", s.rig.Human.Command(s.ctx, "ayla", "/balance last month"))
	in := s.await("the command", func(in conversation.Inbound) bool { return in.Command != "" })
	if in.Kind != conversation.KindMessage || in.Command != "balance" || in.Args != "last month" {
		s.t.Errorf("got %s %q %q, want message, balance, last month", in.Kind, in.Command, in.Args)
	}
}

func aPressArrives(s *session) {
	to := s.chatWith("ayla")
	r := s.say(to, "Do you like it?", []conversation.Button{button("Yes", "token-yes"), button("No", "token-no")})
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", "No"))
	in := s.await("the press", kind(conversation.KindPress))
	if in.Token != "token-no" || in.Address != to || !in.Private || in.From.UserID == "" || in.EventID == "" {
		s.t.Errorf("got %+v", in)
	}
	if in.MessageID != r.MessageID {
		s.t.Errorf("the press names message %q, the receipt %q", in.MessageID, r.MessageID)
	}
}

func aSecondPress(s *session) {
	to := s.chatWith("ayla")
	s.say(to, "Again?", []conversation.Button{button("Again", "token-again")})
	for range 2 {
		s.must("press", s.rig.Human.Press(s.ctx, "ayla", "Again"))
	}
	first := s.await("the first press", kind(conversation.KindPress))
	second := s.await("the second press", func(in conversation.Inbound) bool {
		return in.Kind == conversation.KindPress && in.EventID != first.EventID
	})
	if first.Token != second.Token {
		s.t.Errorf("two presses of one button: tokens %q and %q", first.Token, second.Token)
	}
}

func attachmentsArrive(s *session) {
	for _, what := range s.rig.Attachments {
		s.must("attach "+what, s.rig.Human.Attach(s.ctx, "ayla", what))
		in := s.await("a "+what, func(in conversation.Inbound) bool {
			return len(in.Attachments) == 1 && in.Attachments[0].Kind == what
		})
		if in.Kind != conversation.KindMessage {
			s.t.Errorf("%s came as %s", what, in.Kind)
		}
		if what == "contact" && (in.Attachments[0].Text == "" || !in.Attachments[0].Own) {
			s.t.Errorf("the sender's own contact: %+v", in.Attachments[0])
		}
		if what == "location" && strings.Count(in.Attachments[0].Text, ",") != 1 {
			s.t.Errorf("a location: %+v", in.Attachments[0])
		}
	}
}

func anEditArrives(s *session) {
	id, err := s.rig.Human.Say(s.ctx, "ayla", "helo")
	s.must("say", err)
	first := s.await("the message", kind(conversation.KindMessage))
	s.must("edit", s.rig.Human.Edit(s.ctx, "ayla", id, "hello"))
	in := s.await("the edit", kind(conversation.KindEdit))
	if in.Text != "hello" || in.MessageID != first.MessageID || in.EventID == first.EventID {
		s.t.Errorf("got %+v", in)
	}
}

func aDeletionArrives(s *session) {
	id, err := s.rig.Human.Say(s.ctx, "ayla", "never mind")
	s.must("say", err)
	first := s.await("the message", kind(conversation.KindMessage))
	s.must("delete", s.rig.Human.Delete(s.ctx, "ayla", id))
	in := s.await("the deletion", kind(conversation.KindDelete))
	if in.MessageID != first.MessageID || in.EventID == first.EventID {
		s.t.Errorf("got %+v", in)
	}
}

// address is a button that asks for a postal address.
func address() conversation.Button {
	b := button("Address", "token-form")
	b.Form = &conversation.Form{Title: "Where to?", Fields: []conversation.FormField{
		{Name: "city", Label: "City", MaxRunes: 50},
		{Name: "note", Label: "Note for the courier", Value: "ring twice", Multiline: true},
	}}
	return b
}

func aFormComesBack(s *session) {
	to := s.chatWith("ayla")
	s.say(to, "Where shall we send it?", []conversation.Button{address()})
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", "Address"))
	labels, open := s.rig.Forms.OpenForm("ayla")
	if !open || !slices.Equal(labels, []string{"City", "Note for the courier"}) {
		s.t.Fatalf("the open form has the fields %q (open: %v)", labels, open)
	}
	s.must("submit", s.rig.Forms.Submit(s.ctx, "ayla", map[string]string{"City": "Bakı"}))
	in := s.await("the form", kind(conversation.KindForm))
	if in.Token != "token-form" || in.Values["city"] != "Bakı" || in.Values["note"] != "ring twice" {
		s.t.Errorf("got token %q and values %v", in.Token, in.Values)
	}
}

func aFormWithoutForms(s *session) {
	to := s.chatWith("ayla")
	s.say(to, "Where shall we send it?", []conversation.Button{address()})
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", "Address"))
	if in := s.await("the press", kind(conversation.KindPress)); in.Token != "token-form" {
		s.t.Errorf("got token %q", in.Token)
	}
}

func aGroupSpeaks(s *session) {
	s.must("say to everybody", s.rig.Group.Say(s.ctx, "ayla", "who has seen my keys"))
	s.must("say to the bot", s.rig.Group.Say(s.ctx, "ayla", s.rig.Group.Mention+" are you open"))
	in := s.await("what was said to the bot", func(in conversation.Inbound) bool { return strings.HasSuffix(in.Text, "are you open") })
	if in.Private || !in.Mentioned || in.Text != "are you open" {
		s.t.Errorf("a mention: got private %v, mentioned %v, text %q", in.Private, in.Mentioned, in.Text)
	}
	for _, in := range s.inbox.all() {
		if in.Text == "who has seen my keys" && (in.Mentioned || in.Private) {
			s.t.Errorf("what was not said to the bot came as private %v, mentioned %v", in.Private, in.Mentioned)
		}
	}
	s.send(in.Address, conversation.Body{Text: plain("yes, until eight")}, "")
}

func whatIsNotKept(s *session) {
	s.chatWith("ayla")
	s.inbox.refuse(2)
	_, err := s.rig.Human.Say(s.ctx, "ayla", "this must not be lost")
	s.must("say", err)
	s.await("the message that could not be kept at first", func(in conversation.Inbound) bool {
		return in.Text == "this must not be lost"
	})
}

func aRedeliveredEvent(s *session) {
	s.chatWith("ayla")
	s.chatWith("vera") // once this has come, the first is acknowledged everywhere
	s.must("redeliver", s.rig.Redeliver(s.ctx))
	_, err := s.rig.Human.Say(s.ctx, "ayla", "after the repeat")
	s.must("say", err)
	s.await("a repeated event", func(conversation.Inbound) bool { return s.repeated() })
	s.await("what came after it", func(in conversation.Inbound) bool { return in.Text == "after the repeat" })
}

// repeated says whether two events are the same one, by their ids.
func (s *session) repeated() bool {
	seen := map[string]conversation.Inbound{}
	for _, in := range s.inbox.events {
		if before, ok := seen[in.EventID]; ok && before.Text == in.Text && before.Kind == in.Kind {
			return true
		}
		seen[in.EventID] = in
	}
	return false
}
