package adaptertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// sending is what the channel is told to say and what the person then sees.
var sending = []one{
	{name: "a text is read as written", run: aTextIsRead},
	{name: "nothing in a text is markup", run: nothingIsMarkup},
	{name: "styles do not show as signs", run: stylesDoNotShow},
	{name: "a long text is cut between sentences", run: aLongText},
	{name: "eleven buttons fit", run: elevenButtons},
	{name: "long labels are cut", run: longLabels},
	{name: "an edit replaces text and buttons", run: anEditReplaces, applies: func(r Rig) bool { return r.Channel.Limits().EditsText }},
	{name: "an edit made twice is done", run: anEditTwice, applies: func(r Rig) bool { return r.Channel.Limits().EditsText }},
	{name: "a long message is edited and deleted as one", run: aLongMessage, applies: func(r Rig) bool { return r.Channel.Limits().EditsText }},
	{name: "a deletion made twice is done", run: aDeletionTwice},
	{name: "a picture comes with its words", run: aPicture},
	{name: "a picture with many words", run: aPictureWithManyWords},
	{name: "a document arrives", run: aDocument},
	{name: "messages leave in order", run: messagesLeaveInOrder},
	{name: "a menu beside buttons", run: aMenuBesideButtons},
	{name: "typing does no harm", run: typing},
	{name: "commands can be set", run: commands},
}

func plain(text string) texts.Rich { return texts.Literal(text) }

func aTextIsRead(s *session) {
	to := s.chatWith("ayla")
	r := s.say(to, "Kuryer yoldadır 🚚, 15 dəqiqəyə çatacaq.")
	if r.MessageID == "" {
		s.t.Error("the receipt has no message id")
	}
	if got := s.last("ayla").Text; got != "Kuryer yoldadır 🚚, 15 dəqiqəyə çatacaq." {
		s.t.Errorf("the person reads %q", got)
	}
}

// hostile are texts of people and platforms which a channel has to show as they are.
var hostile = []string{
	`<b>bold</b> <script>alert(1)</script> <a href="https://evil.example">x</a>`,
	`*bold* _italic_ ~gone~ ` + "`code`" + ` ||hidden|| > quote`,
	`[label](https://evil.example)`,
	`Tom & Jerry &amp; Co. < 3 > 2`,
	`back\slash \* \\*`,
	"***\n___\n```\nfence",
	`# heading`,
	`1. not a list`,
}

func nothingIsMarkup(s *session) {
	to := s.chatWith("ayla")
	for _, text := range hostile {
		s.say(to, text)
		if got := s.last("ayla").Text; got != text {
			s.t.Errorf("sent %q, the person reads %q", text, got)
		}
	}
}

func stylesDoNotShow(s *session) {
	to := s.chatWith("ayla")
	s.send(to, conversation.Body{Text: texts.Parse("**Bold & <b>** and *italic*, `co*de`, **bold *both***: [the shop](https://example.com/?a=1&b=2)")}, "")
	if got := s.last("ayla").Text; !strings.HasPrefix(got, "Bold & <b> and italic, co*de, bold both: the shop") {
		s.t.Errorf("the person reads %q", got)
	}
}

// story is a text of about n characters in whole sentences.
func story(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "This is sentence number %d of a long answer 🙂. ", i)
		if i%7 == 6 {
			b.WriteString("\n\n")
		}
	}
	return strings.TrimSpace(b.String())
}

func aLongText(s *session) {
	to := s.chatWith("ayla")
	text := story(s.rig.Channel.Limits().TextLength * 5 / 2)
	s.say(to, text, []conversation.Button{button("Read", "token-read")})
	all := s.fromBot("ayla")
	if len(all) < 3 {
		s.t.Fatalf("a text of 2.5 times the limit came as %d messages", len(all))
	}
	var words []string
	for i, m := range all {
		words = append(words, strings.Fields(m.Text)...)
		if end := strings.TrimSpace(m.Text); !strings.HasSuffix(end, "🙂.") {
			s.t.Errorf("message %d is cut inside a sentence: …%q", i, end[max(len(end)-30, 0):])
		}
		if i < len(all)-1 && len(m.Buttons) > 0 {
			s.t.Errorf("message %d of %d has buttons", i, len(all))
		}
	}
	if !slices.Equal(words, strings.Fields(text)) {
		s.t.Error("words were lost or repeated")
	}
	if got := all[len(all)-1].Buttons; !slices.Equal(got, []string{"Read"}) {
		s.t.Errorf("under the last message: %q", got)
	}
}

func elevenButtons(s *session) {
	to := s.chatWith("ayla")
	var row []conversation.Button
	var want []string
	for i := range 11 {
		want = append(want, fmt.Sprint(i))
		row = append(row, button(want[i], fmt.Sprintf("token-%d", i)))
	}
	s.say(to, "How likely are you to recommend us?", row)
	if got := s.last("ayla").Buttons; !slices.Equal(got, want) {
		s.t.Fatalf("the person sees %q, want %q", got, want)
	}
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", "10"))
	if in := s.await("the press", kind(conversation.KindPress)); in.Token != "token-10" {
		s.t.Errorf("pressing 10 brought %q", in.Token)
	}
}

func longLabels(s *session) {
	to := s.chatWith("ayla")
	long := strings.Repeat("a very long label ", 12)
	s.say(to, "Choose:", []conversation.Button{button(long, "token-long"), button("short", "token-short"), button("", "token-empty")})
	got := s.last("ayla").Buttons
	if len(got) != 3 || !strings.HasPrefix(got[0], "a very long label") || got[2] == "" {
		s.t.Fatalf("the person sees %q", got)
	}
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", got[0]))
	if in := s.await("the press", kind(conversation.KindPress)); in.Token != "token-long" {
		s.t.Errorf("pressing the long one brought %q", in.Token)
	}
}

func anEditReplaces(s *session) {
	to := s.chatWith("ayla")
	r := s.say(to, "Helped?", []conversation.Button{button("Yes", "token-yes")})
	s.send(to, conversation.Body{
		Kind: conversation.BodyEdit, Text: plain("Helped? <Yes>"),
		Rows: [][]conversation.Button{{button("Undo", "token-undo")}},
	}, r.MessageID)
	if m := s.last("ayla"); m.Text != "Helped? <Yes>" || !slices.Equal(m.Buttons, []string{"Undo"}) {
		s.t.Errorf("after the first edit: %+v", m)
	}
	s.send(to, conversation.Body{Kind: conversation.BodyEdit, Text: plain("Thank you")}, r.MessageID)
	if m := s.last("ayla"); m.Text != "Thank you" || len(m.Buttons) != 0 {
		s.t.Errorf("after the second edit: %+v", m)
	}
	if n := len(s.fromBot("ayla")); n != 1 {
		s.t.Errorf("%d messages stand there, want 1", n)
	}
}

func anEditTwice(s *session) {
	to := s.chatWith("ayla")
	r := s.say(to, "one", []conversation.Button{button("A", "token-a")})
	for range 2 {
		s.send(to, conversation.Body{Kind: conversation.BodyEdit, Text: plain("two")}, r.MessageID)
	}
	if m := s.last("ayla"); m.Text != "two" {
		s.t.Errorf("the person reads %q", m.Text)
	}
}

func aLongMessage(s *session) {
	to := s.chatWith("ayla")
	text := story(s.rig.Channel.Limits().TextLength * 3 / 2)
	r := s.say(to, text, []conversation.Button{button("Yes", "token-yes")})
	before := s.fromBot("ayla")
	s.send(to, conversation.Body{Kind: conversation.BodyEdit, Text: plain(text)}, r.MessageID)
	after := s.fromBot("ayla")
	if len(after) != len(before) || len(after[len(after)-1].Buttons) != 0 {
		s.t.Fatalf("taking the buttons away left %d messages of %d and %q", len(after), len(before), after[len(after)-1].Buttons)
	}
	for i := range after {
		if after[i].Text != before[i].Text {
			s.t.Errorf("message %d has changed", i)
		}
	}
	s.send(to, conversation.Body{Kind: conversation.BodyDelete}, r.MessageID)
	if n := len(s.fromBot("ayla")); n != 0 {
		s.t.Errorf("%d messages are left after the deletion", n)
	}
}

func aDeletionTwice(s *session) {
	to := s.chatWith("ayla")
	s.say(to, "stays")
	r := s.say(to, "goes")
	for range 2 {
		s.send(to, conversation.Body{Kind: conversation.BodyDelete}, r.MessageID)
	}
	if all := s.fromBot("ayla"); len(all) != 1 || all[0].Text != "stays" {
		s.t.Errorf("left: %+v", all)
	}
}

// picture is a small PNG.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for x := range 40 {
		img.Set(x, x*3/4, color.RGBA{R: 200, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // never: writing to memory
	}
	return b.Bytes()
}

func aPicture(s *session) {
	to := s.chatWith("ayla")
	for range 2 { // the second time the platform may have it already
		s.send(to, conversation.Body{
			Text: plain("Your card <1>"), Image: &conversation.Image{Data: picture(), Name: "card.png"},
			Rows: [][]conversation.Button{{button("Balance", "token-balance")}},
		}, "")
		if m := s.last("ayla"); !m.Picture || m.Text != "Your card <1>" || !slices.Equal(m.Buttons, []string{"Balance"}) {
			s.t.Errorf("the person sees %+v", m)
		}
	}
}

func aPictureWithManyWords(s *session) {
	to := s.chatWith("ayla")
	text := story(min(s.rig.Channel.Limits().TextLength*3/4, 3000))
	s.send(to, conversation.Body{
		Text: plain(text), Image: &conversation.Image{Data: picture()},
		Rows: [][]conversation.Button{{button("More", "token-more")}},
	}, "")
	var words []string
	pictures := 0
	for _, m := range s.fromBot("ayla") {
		words = append(words, strings.Fields(m.Text)...)
		if m.Picture {
			pictures++
		}
	}
	if pictures != 1 || !slices.Equal(words, strings.Fields(text)) {
		s.t.Errorf("the person sees %d pictures and %d words of %d", pictures, len(words), len(strings.Fields(text)))
	}
	if got := s.last("ayla").Buttons; !slices.Equal(got, []string{"More"}) {
		s.t.Errorf("under the last message: %q", got)
	}
}

func aDocument(s *session) {
	to := s.chatWith("ayla")
	before := len(s.rig.Human.Chat("ayla"))
	s.send(to, conversation.Body{
		Text:     plain("All we know about you:"),
		Document: &conversation.Document{Name: "mydata.json", Data: []byte(`{"name":"Ayla"}`)},
	}, "")
	all := s.rig.Human.Chat("ayla")[before:]
	if !slices.ContainsFunc(all, func(m Message) bool { return m.Text == "All we know about you:" }) {
		s.t.Errorf("the words are missing: %+v", all)
	}
}

func messagesLeaveInOrder(s *session) {
	to := s.chatWith("ayla")
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("answer %d", i))
		s.say(to, want[i])
	}
	var got []string
	for _, m := range s.fromBot("ayla") {
		got = append(got, m.Text)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("got %q, want %q", got, want)
	}
}

func aMenuBesideButtons(s *session) {
	to := s.chatWith("ayla")
	s.send(to, conversation.Body{
		Text: plain("Welcome!\n\nWhich language?"), Menu: []string{"Card", "Balance", "Offers", "A person"},
		Rows: [][]conversation.Button{{button("English", "token-en"), button("Русский", "token-ru")}},
	}, "")
	var words []string
	for _, m := range s.fromBot("ayla") {
		words = append(words, strings.Fields(m.Text)...)
	}
	if got := strings.Join(words, " "); got != "Welcome! Which language?" {
		s.t.Errorf("the person reads %q", got)
	}
	s.must("press", s.rig.Human.Press(s.ctx, "ayla", "Русский"))
	if in := s.await("the press", kind(conversation.KindPress)); in.Token != "token-ru" {
		s.t.Errorf("got token %q", in.Token)
	}
}

func typing(s *session) {
	to := s.chatWith("ayla")
	if t, ok := s.rig.Channel.(conversation.Typer); ok {
		s.must("typing", t.Typing(s.ctx, to))
	}
	s.say(to, "done")
}

func commands(s *session) {
	c, ok := s.rig.Channel.(conversation.Commander)
	if !ok {
		return
	}
	s.must("set commands", c.SetCommands(s.ctx, map[string][]conversation.CommandInfo{
		"":   {{Name: "balance", Local: "balance", Description: "My points"}},
		"az": {{Name: "balance", Local: "xallar", Description: "Xallarım"}, {Name: "help", Local: "kömək", Description: "Kömək"}},
		"ru": {{Name: "balance", Local: "баллы", Description: "Мои баллы"}},
	}))
}
