package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// memo is a channel in memory: what is sent is kept by chat.
type memo struct {
	mu   sync.Mutex
	sent map[string][]conversation.Body
	in   chan conversation.Inbound
	kept chan struct{}
	n    int
}

func newMemo() *memo {
	return &memo{sent: map[string][]conversation.Body{}, in: make(chan conversation.Inbound), kept: make(chan struct{})}
}

func (*memo) Name() string                            { return "memo" }
func (*memo) Connect(context.Context) (string, error) { return "memo:1", nil }
func (*memo) Limits() conversation.Limits {
	return conversation.Limits{TextLength: 4000, PerSecond: 1000, PerChat: time.Millisecond, EditsText: true, MayWriteFirst: true}
}

func (m *memo) Run(ctx context.Context, to conversation.Receiver) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-m.in:
			if err := to.Receive(ctx, in); err != nil {
				return err
			}
			m.kept <- struct{}{}
		}
	}
}

func (m *memo) Send(_ context.Context, s conversation.Sending) (conversation.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	m.sent[s.To.Chat] = append(m.sent[s.To.Chat], s.Body)
	return conversation.Receipt{MessageID: fmt.Sprint(m.n)}, nil
}

// classroom is a service with a memo channel.
type classroom struct {
	t      *testing.T
	m      *memo
	s      *service
	stages *stages
	db     *persistence.DB
	events *int
}

// customersOnly leaves what staff do to the test.
type customersOnly struct{ *persistence.Conversations }

func (s customersOnly) Unsettled(ctx context.Context, after int64, limit int) ([]conversation.Inbound, error) {
	all, err := s.Conversations.Unsettled(ctx, after, limit)
	return slices.DeleteFunc(all, func(in conversation.Inbound) bool { return in.Staff }), err
}

const classroomConfig = `
brand: {name: Nar Kids, languages: [az, tr, ru, en], timezone: Asia/Baku, currency: AZN}
knowledge: {files: [knowledge/*.yaml]}
`

const classroomArticles = `articles:
  hours: {az: {title: "Saat neçədə açılırsınız?", phrasings: ["iş saatlarınız necədir", "nə vaxt açıqsınız"], answer: "Hər gün 8-dən 22-dək."}}
  wifi: {az: {title: "Wi-Fi parolu nədir?", phrasings: ["internet var?", "vayfay kodu"], answer: "Parol: narlar."}}
  delivery: {az: {title: "Çatdırılma neçəyədir?", phrasings: ["evə gətirirsiniz?", "sifariş çatdırılır"], answer: "5 manat."}}
  refund: {az: {title: "Malı qaytarmaq olar?", phrasings: ["pulumu geri almaq istəyirəm"], answer: "14 gün ərzində."}}
`

func openClassroom(t *testing.T, dir string) *classroom {
	t.Helper()
	path := filepath.Join(dir, "rapport.yaml")
	set, report := parseSettings(path, config.Ignore)
	if report.Problems().HasErrors() {
		t.Fatal(report.Problems())
	}
	business := clock.NewMovable(0)
	db, err := openDatabase(t.Context(), set, path, persistence.Options{Clock: business})
	if err != nil {
		t.Fatal(err)
	}
	set.HTTP.Addr = ""
	c := &classroom{t: t, m: newMemo(), db: db, events: new(int)}
	c.s, err = wire(t.Context(), db, wiring{
		set: set, path: path, log: slog.New(slog.DiscardHandler), business: business, channels: []conversation.Channel{c.m}, wait: -1,
		store: customersOnly{db.Conversations()},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.s.set.HTTP.Addr = ""
	c.stages = newStages(context.WithoutCancel(t.Context()))
	c.stages.start("service", c.s.Run)
	if err := c.s.awaitChannels(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.rest()
	return c
}

func (c *classroom) close() {
	c.stages.stop()
	_ = c.stages.wait()
	if err := c.db.Close(); err != nil {
		c.t.Error(err)
	}
}

// rest waits until nothing is under way.
func (c *classroom) rest() {
	c.t.Helper()
	for calm := 0; calm < calmLooks; calm++ {
		if err := (clock.Real{}).WaitUntil(c.t.Context(), time.Now().Add(lookEvery)); err != nil {
			c.t.Fatal(err)
		}
		if len((&seam{service: c.s}).Busy()) > 0 {
			calm = -1
		}
	}
}

func (c *classroom) event(chat string) conversation.Inbound {
	*c.events++
	return conversation.Inbound{
		Address: conversation.Address{Channel: "memo", Account: "memo:1", Chat: chat}, EventID: fmt.Sprint(time.Now().UnixNano(), *c.events),
		Kind: conversation.KindMessage, From: conversation.Sender{UserID: chat, Name: chat, Locale: "az"}, Private: true, At: time.Now(),
	}
}

// hear hands an event over and answers what came to the chat since.
func (c *classroom) hear(in conversation.Inbound) string {
	c.t.Helper()
	before := c.count(in.Chat)
	c.m.in <- in
	<-c.m.kept
	c.rest()
	return c.since(in.Chat, before)
}

func (c *classroom) count(chat string) int {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	return len(c.m.sent[chat])
}

func (c *classroom) since(chat string, before int) string {
	c.m.mu.Lock()
	defer c.m.mu.Unlock()
	var b strings.Builder
	for _, body := range c.m.sent[chat][before:] {
		b.WriteString(body.Text.Plain() + "\n")
		for _, row := range body.Rows {
			for _, button := range row {
				b.WriteString("[" + button.Label + "] ")
			}
		}
	}
	return b.String()
}

func (c *classroom) say(chat, text string) string {
	c.t.Helper()
	in := c.event(chat)
	in.Text = text
	return c.hear(in)
}

// press presses the newest button of that label.
func (c *classroom) press(chat, label string) string {
	c.t.Helper()
	in := c.event(chat)
	in.Kind = conversation.KindPress
	c.m.mu.Lock()
	for _, body := range c.m.sent[chat] {
		for _, row := range body.Rows {
			for _, button := range row {
				if button.Label == label {
					in.Token = button.Token
				}
			}
		}
	}
	c.m.mu.Unlock()
	if in.Token == "" {
		c.t.Fatalf("%s has no button %q:\n%s", chat, label, c.since(chat, 0))
	}
	return c.hear(in)
}

// call has a customer ask and call a person.
func (c *classroom) call(chat, question string) {
	c.t.Helper()
	c.say(chat, question)
	if got := c.since(chat, 0); strings.Contains(got, "[Heç biri]") {
		c.press(chat, "Heç biri")
	}
	if got := c.press(chat, "Bəli, ötürün"); !strings.Contains(got, "ötür") && !strings.Contains(got, "növbə") {
		c.t.Fatalf("%s was not passed on: %s", chat, got)
	}
}

// teach has a member of staff press a button of the tutor's, as the desk will.
func (c *classroom) teach(b conversation.Button, values map[string]string) {
	c.t.Helper()
	in := c.event("C1")
	in.Staff, in.Private, in.Kind, in.Thread = true, false, conversation.KindPress, "17.5"
	in.From = conversation.Sender{UserID: "U7", Name: "Nigar Əliyeva"}
	if values != nil {
		in.Kind, in.Values = conversation.KindForm, values
	}
	if _, err := c.db.Conversations().Accept(c.t.Context(), in); err != nil {
		c.t.Fatal(err)
	}
	open, err := c.db.Conversations().Unsettled(c.t.Context(), 0, 100)
	if err != nil || len(open) != 1 {
		c.t.Fatalf("%d unsettled, %v", len(open), err)
	}
	in = open[0]
	st, err := c.db.Conversations().Load(c.t.Context(), in)
	if err != nil {
		c.t.Fatal(err)
	}
	turn := conversation.Turn{In: in, Parts: open, Person: st.Person, Dialogue: st.Dialogue, Now: c.s.business.Now()}
	commit, err := c.s.parts.tutor.Press(c.t.Context(), turn, b.Action)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.db.Conversations().Settle(c.t.Context(), turn, commit); err != nil {
		c.t.Fatal(err)
	}
	c.rest()
}

// TestPeopleTeach: a reply of staff becomes an article that answers who still waits and who asks later, is written for
// the operator, survives a restart, is counted, and is taken back.
func TestPeopleTeach(t *testing.T) {
	t.Parallel()
	dir := dbtest.Folder(t)
	if err := os.Mkdir(filepath.Join(dir, "knowledge"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{"rapport.yaml": classroomConfig, "knowledge/nar.yaml": classroomArticles})
	c := openClassroom(t, dir)
	c.call("anar", "Uşaqlar üçün oyun otağınız var?")
	c.call("banu", "salam usaqlarcun oyun otaqi varmi")
	c.call("davud", "hədiyyə kartı satırsınız?")
	lesson := c.lessonFor("anar")
	article := lesson[0][0]
	if answer := article.Form.Fields[1].Value; answer != "Bəli, ikinci mərtəbədə oyun otağımız var, pulsuzdur." {
		t.Errorf("the form's answer is %q", answer)
	}
	waiting, other := c.count("banu"), c.count("davud")
	c.teach(article, map[string]string{
		"title": article.Form.Fields[0].Value, "answer": article.Form.Fields[1].Value, "phrasings": article.Form.Fields[2].Value,
	})
	if got := c.since("banu", waiting); !strings.Contains(got, "ikinci mərtəbədə") || !strings.Contains(got, "oyun otaqi varmi") {
		t.Errorf("who waits with the same question got %q", got)
	}
	if got := c.since("davud", other); got != "" {
		t.Errorf("who waits with another question got %q", got)
	}
	if got := c.since("C1", 0); !strings.Contains(got, "knowledge/learned.yaml") || !strings.Contains(got, "Offered to 1 customer ") || !strings.Contains(got, "Nigar Əliyeva") {
		t.Errorf("staff are told %q", got)
	}
	if got := c.say("banu", "bəli"); !strings.Contains(got, "Sualınızı bağladıq") {
		t.Errorf("helped: yes answers %q", got)
	}
	if got := c.say("ceyran", "usaq oyun otagi var?"); !strings.Contains(got, "ikinci mərtəbədə") {
		t.Errorf("the third one asking got %q", got)
	}
	c.wantSaved("Nigar Əliyeva", 1, 2)
	if set, report := parseSettings(filepath.Join(dir, "rapport.yaml"), config.Ignore); report.Problems().HasErrors() || len(set.content.Articles) != 5 {
		t.Errorf("bot check reads %d articles with %v", len(set.content.Articles), report.Problems())
	}
	c.close()

	c = openClassroom(t, dir)
	t.Cleanup(c.close)
	if n := len(c.s.parts.articles.Library().Articles()); n != 5 {
		t.Errorf("after a restart %d articles are in force", n)
	}
	if got := c.say("elvin", "Usaqlar ucun oyun otagi"); !strings.Contains(got, "ikinci mərtəbədə") {
		t.Errorf("after a restart the answer is %q", got)
	}
	if got := c.press("elvin", "Xeyr"); got == "" {
		t.Error("no answer to no")
	}
	c.wantSaved("Nigar Əliyeva", 1, 2)
	c.teach(conversation.Act("Undo", "desk", "teach.undo", map[string]int64{"id": 1}), nil)
	if got := c.say("firuza", "Uşaqlar üçün oyun otağınız var?"); strings.Contains(got, "ikinci mərtəbədə") {
		t.Errorf("taken back, and still answered: %q", got)
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "knowledge", "learned.yaml")); err != nil || strings.Contains(string(raw), "otağımız") {
		t.Errorf("the file still has it: %s %v", raw, err)
	}
}

// lessonFor is what the desk would put under a reply to a customer.
func (c *classroom) lessonFor(chat string) [][]conversation.Button {
	c.t.Helper()
	who, err := c.db.FindCustomer(c.t.Context(), "memo", chat)
	if err != nil {
		c.t.Fatal(err)
	}
	tickets, err := c.db.Tickets(c.t.Context(), who, 1)
	if err != nil || len(tickets) != 1 {
		c.t.Fatalf("%v %v", tickets, err)
	}
	rows, err := c.s.parts.tutor.Offer(c.t.Context(), desk.Ticket{
		ID: desk.TicketID(tickets[0].ID), Words: "Uşaqlar üçün oyun otağınız var?", Lang: "az",
		Card: desk.Card{To: conversation.Address{Channel: "memo", Account: "memo:1", Chat: "C1"}, Thread: "17.5"},
	}, desk.Message{
		Key: "C1:18.1", Text: "Salam, Aynur xanım!\nBəli, ikinci mərtəbədə oyun otağımız var, pulsuzdur.\nHörmətlə, Nigar",
		Author: desk.Member{ID: "U7", Name: "Nigar Əliyeva"},
	})
	if err != nil || len(rows) < 2 {
		c.t.Fatalf("buttons %v, %v", rows, err)
	}
	return rows
}

func (c *classroom) wantSaved(author string, lessons, replies int) {
	c.t.Helper()
	saved, err := c.db.SavedBy(c.t.Context(), c.s.business.Now().Add(-24*time.Hour))
	if err != nil || len(saved) != 1 || saved[0] != (persistence.Saved{Author: author, Lessons: lessons, Replies: replies}) {
		c.t.Errorf("saved %+v, %v; want %s's %d answers to have saved %d replies", saved, err, author, lessons, replies)
	}
}
