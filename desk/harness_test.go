package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
	"github.com/rapport-chat/rapport/texts"
)

// The two accounts of the tests: where customers write, and where staff work.
const (
	shopBot  = "telegram:1"
	staffBot = "slack:T1"
	realChat = "C0SUPPORT" // what the staff platform calls "#support"
)

// opensAt is when the tests' business clock begins: ten in the morning in Baku, on a Wednesday.
var opensAt = time.Date(2026, 12, 2, 6, 0, 0, 0, time.UTC)

// office is a service with a business clock, a database, an engine, and two platforms that keep what they are sent.
type office struct {
	t       testing.TB
	db      *persistence.DB
	clock   *clock.Movable
	desk    *desk.Desk
	cards   *desk.Cards
	engine  *conversation.Engine
	leases  map[string]outbox.Lease
	settled chan struct{}
	items   map[string][]outbox.Item // all that was sent, by account
	shown   map[string][]*shown      // what stands on the platforms now, by account
	// call, when set, says what becomes of a call; the zero Outcome is sent.
	call   func(i outbox.Item) outbox.Outcome
	events int
	code   string // with which calls fail; empty: the customer has blocked us
	texts  *texts.Catalogue
}

// shown is a message as it stands on a platform.
type shown struct {
	id      conversation.OutgoingID
	message string // the platform's id
	chat    string
	thread  string
	text    string
	onlyFor string
	rows    [][]conversation.Button
	gone    bool
	edits   int
}

// settledStore tells when an event is settled.
type settledStore struct {
	conversation.Store
	settled chan struct{}
}

func (s settledStore) Settle(ctx context.Context, t conversation.Turn, c conversation.Commit) error {
	err := s.Store.Settle(ctx, t, c)
	if err == nil {
		s.settled <- struct{}{}
	}
	return err
}

// bot knows one thing for certain, and guesses nothing.
type bot struct{ hand conversation.Desk }

func (bot) Name() string { return "bot" }

func (b bot) Decide(_ context.Context, t conversation.Turn) (conversation.Commit, error) {
	switch {
	case strings.Contains(t.In.Text, "opening hours"):
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			_, err := tx.Send(ctx, conversation.Say(texts.Literal("We are open every day.")))
			return t.Dialogue, err
		}, nil
	case t.HumanOwns || t.In.Text == "":
		return nil, nil
	case t.HumanWaits:
		return b.hand.HandOver(t, conversation.Handoff{Reason: "more", Words: t.In.Text, Lang: t.Lang}), nil
	}
	return b.hand.HandOver(t, conversation.Handoff{Reason: "nothing_matched", Words: t.In.Text, Lang: t.Lang}), nil
}

// articles suggests two answers.
type articles struct{}

func (articles) Suggest(_ context.Context, _ string, lang language.Code, limit int) ([]desk.Suggestion, error) {
	all := []desk.Suggestion{
		{ArticleID: "filter", Lang: lang, Title: "Change the filter", Answer: texts.Literal("Turn it to the left.")},
		{ArticleID: "repair", Lang: lang, Title: "Repairs", Answer: texts.Literal("Bring it to the shop.")},
	}
	return all[:min(limit, len(all))], nil
}

func (a articles) Find(ctx context.Context, id string, lang language.Code) (desk.Suggestion, bool) {
	all, _ := a.Suggest(ctx, "", lang, 2)
	for _, s := range all {
		if s.ArticleID == id {
			return s, true
		}
	}
	return desk.Suggestion{}, false
}

// onBoth runs a test with an office on each database.
func onBoth(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newOffice(t, migrated.SQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newOffice(t, migrated.Postgres(t)))
	})
}

func newOffice(t testing.TB, url string) *office {
	t.Helper()
	o := &office{
		t: t, clock: clock.NewStepping(opensAt), settled: make(chan struct{}, 64),
		leases: map[string]outbox.Lease{}, items: map[string][]outbox.Item{}, shown: map[string][]*shown{},
	}
	var err error
	if o.db, err = persistence.Open(t.Context(), url, persistence.Options{Clock: o.clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := o.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.texts, err = texts.Load(); err != nil {
		t.Fatal(err)
	}
	o.texts.OnMissing(func(err error) { t.Errorf("a text is missing: %v", err) })
	settings := desk.Defaults()
	settings.Replies.Entries = append(settings.Replies.Entries, config.MapEntry[config.LocalText]{ID: "wait", Value: config.PlainText("One moment, please.")})
	o.desk = &desk.Desk{
		Staff: desk.Staff{Channel: "#support", Language: language.English}, Config: &settings, Stores: o.db.Desk(), Texts: o.texts,
		Zone: time.UTC, Business: o.clock, Platform: "slack", Account: func() string { return staffBot }, Suggester: articles{},
	}
	o.db.FollowDesk(o.desk)
	o.cards = &desk.Cards{Desk: o.desk}
	o.start()
	return o
}

// start runs the engine, and takes the leases of both accounts.
func (o *office) start() {
	o.t.Helper()
	langs := []language.Code{language.English, language.Azerbaijani}
	hand := commands.Handover{Texts: o.texts, FirstResponse: 15 * time.Minute}
	voice := commands.Voice{Texts: o.texts, Languages: langs, Notice: func(language.Code) string { return "" }, Desk: hand}
	agent := commands.Agent{Voice: voice}
	usual := []conversation.Skill{commands.SmallTalk{Voice: voice}, commands.Media{Voice: voice}, bot{hand}}
	human := desk.Human{Desk: o.desk, Certain: bot{hand}, Usual: usual, Hand: hand}
	skills := append([]conversation.Skill{agent, human, conversation.OpenStep{}}, usual...)
	var err error
	o.engine, err = conversation.NewEngine(conversation.Config{
		Store: settledStore{o.db.Conversations(), o.settled}, Skills: skills, Staff: desk.StaffSkill{Desk: o.desk},
		Fallback: commands.Fallback{Voice: voice}, Rescue: agent.Rescue, Business: o.clock, Languages: langs, Wait: -1,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, account := range []string{shopBot, staffBot} {
		if o.leases[account], err = o.db.Outbox().Acquire(o.t.Context(), account, "test", time.Hour); err != nil {
			o.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(o.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.engine.Run(ctx) }()
	o.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			o.t.Errorf("the engine ended with %v", err)
		}
	})
}

// event hands one event over and waits until it is settled, the cards are shown, and everything has been sent. An event
// that was handed over before settles nothing.
func (o *office) event(in conversation.Inbound) {
	o.t.Helper()
	if in.EventID == "" {
		o.events++
		in.EventID = fmt.Sprint("event-", o.events)
	}
	in.At = o.clock.Now()
	known, err := o.db.Conversations().Accept(o.t.Context(), in)
	if err != nil {
		o.t.Fatal(err)
	}
	if known == 1 {
		o.engine.Nudge()
		<-o.settled
	}
	o.rest()
}

// rest shows what cards are behind and sends until there is nothing left.
func (o *office) rest() {
	o.t.Helper()
	for {
		o.deliver(shopBot)
		o.deliver(staffBot)
		_, ok, err := o.cards.Next(o.t.Context())
		if err != nil {
			o.t.Fatal(err)
		}
		if !ok {
			return
		}
		if _, err := o.cards.RunDue(o.t.Context(), o.clock.Now()); err != nil {
			o.t.Fatal(err)
		}
	}
}

// deliver sends what an account has waiting until nothing is.
func (o *office) deliver(account string) {
	o.t.Helper()
	for {
		var ids []conversation.OutgoingID
		for _, lane := range []conversation.Lane{conversation.LaneAnswer, conversation.LaneNotice, conversation.LaneBulk} {
			list, err := o.db.Outbox().Waiting(o.t.Context(), account, lane, 0, 1000)
			if err != nil {
				o.t.Fatal(err)
			}
			for _, w := range list {
				ids = append(ids, w.ID)
			}
		}
		items, err := o.db.Outbox().Claim(o.t.Context(), o.leases[account], ids, o.clock.Now())
		if err != nil {
			o.t.Fatal(err)
		}
		if len(items) == 0 {
			return
		}
		results := make([]outbox.Result, len(items))
		for n, i := range items {
			results[n] = o.make(account, i)
		}
		if err := o.db.Outbox().Settle(o.t.Context(), o.leases[account], results); err != nil {
			o.t.Fatal(err)
		}
	}
}

// make is the platform taking a call.
func (o *office) make(account string, i outbox.Item) outbox.Result {
	r := outbox.Result{ID: i.ID, Outcome: outbox.Sent}
	waits := i.Body.Kind == conversation.BodyNew && i.Body.Under != 0 && i.To.Thread == ""
	if waits || i.Body.Kind != conversation.BodyNew && i.MessageID == "" {
		r.Outcome, r.Uncalled = outbox.Retry, true
		return r
	}
	if o.call != nil {
		r.Outcome = o.call(i)
	}
	switch r.Outcome {
	case outbox.Retry:
		return r // it never arrived, and is tried again
	case outbox.Failed:
		r.Kind, r.Code = conversation.PersonGone, "blocked_by_user"
		if o.code != "" {
			r.Kind, r.Code = conversation.OurPayload, o.code
		}
		return r
	case outbox.Lost:
		r.Kind, r.Code = conversation.OutcomeUnknown, "outcome_unknown"
		return r // in these tests it did not arrive
	}
	o.items[account] = append(o.items[account], i)
	r.Receipt.MessageID = fmt.Sprint("m", i.ID)
	if i.To.Chat == "#support" {
		r.Receipt.Chat = realChat
	}
	switch i.Body.Kind {
	case conversation.BodyNew:
		s := &shown{
			id: i.ID, message: r.Receipt.MessageID, chat: i.To.Chat, thread: i.To.Thread, text: i.Body.Text.Plain(), rows: i.Body.Rows, onlyFor: i.Body.OnlyFor,
		}
		if f := i.Body.Forward; f != nil {
			s.text = "file " + f.Attachment.File + " from " + f.From
		}
		o.shown[account] = append(o.shown[account], s)
	case conversation.BodyEdit, conversation.BodyDelete:
		for _, s := range o.shown[account] {
			if s.message != i.MessageID {
				continue
			}
			if i.Body.Kind == conversation.BodyDelete {
				s.gone = true
			} else {
				s.text, s.rows = i.Body.Text.Plain(), i.Body.Rows
				s.edits++
			}
		}
		r.Receipt.MessageID = i.MessageID
	}
	return r
}

// standing is what stands on a platform, one message an entry.
func (o *office) standing(account string) []*shown {
	var out []*shown
	for _, s := range o.shown[account] {
		if !s.gone {
			out = append(out, s)
		}
	}
	return out
}

// customer has a customer write, and answers the id of the message.
func (o *office) customer(who, text string, files ...conversation.Attachment) string {
	o.t.Helper()
	id := fmt.Sprint("c", o.events+1)
	o.event(conversation.Inbound{
		Address: chatOf(who), Kind: conversation.KindMessage, From: conversation.Sender{UserID: who, Name: "Aynur Məmmədova"}, Private: true,
		Text: text, MessageID: id, Attachments: files,
	})
	return id
}

func chatOf(who string) conversation.Address {
	return conversation.Address{Channel: "telegram", Account: shopBot, Chat: "chat-" + who}
}

// heard is what stands in a customer's chat, newest last.
func (o *office) heard(who string) []string {
	var out []string
	for _, s := range o.standing(shopBot) {
		if s.chat == "chat-"+who {
			out = append(out, s.text)
		}
	}
	return out
}

// pressCustomer presses the newest button with that label in a customer's chat.
func (o *office) pressCustomer(who, label string) {
	o.t.Helper()
	b, s := o.find(shopBot, label, "")
	o.event(conversation.Inbound{
		Address: chatOf(who), Kind: conversation.KindPress, From: conversation.Sender{UserID: who}, Private: true, Token: b.Token, MessageID: s.message,
	})
}

// find is the newest standing button with that label that a member may see.
func (o *office) find(account, label, member string) (conversation.Button, *shown) {
	o.t.Helper()
	list := o.standing(account)
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].onlyFor != "" && list[n].onlyFor != member {
			continue
		}
		for _, row := range list[n].rows {
			for _, b := range row {
				if b.Label == label {
					return b, list[n]
				}
			}
		}
	}
	o.t.Fatalf("there is no button %q for %q; there is\n%s", label, member, o.transcript(account))
	return conversation.Button{}, nil
}

// staffEvent is an event of a member of staff.
func staffEvent(member string, kind conversation.Kind) conversation.Inbound {
	name := strings.ToUpper(member[:1]) + member[1:]
	return conversation.Inbound{
		Address: conversation.Address{Channel: "slack", Account: staffBot, Chat: realChat}, Kind: kind, Staff: true,
		From: conversation.Sender{UserID: member, Name: name},
	}
}

// press presses the newest button with that label as a member of staff.
func (o *office) press(member, label string) {
	o.t.Helper()
	b, s := o.find(staffBot, label, member)
	o.pressToken(member, b.Token, s.message)
}

func (o *office) pressToken(member, token, message string) {
	o.t.Helper()
	in := staffEvent(member, conversation.KindPress)
	in.Token, in.MessageID = token, message
	o.event(in)
}

// fill sends the form behind the newest button with that label.
func (o *office) fill(member, label, text string) {
	o.t.Helper()
	b, _ := o.find(staffBot, label, member)
	in := staffEvent(member, conversation.KindForm)
	in.Token, in.Values = b.Token, map[string]string{"text": text}
	o.event(in)
}

// card is the newest card in the staff channel.
func (o *office) card() *shown {
	o.t.Helper()
	list := o.standing(staffBot)
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].thread == "" && list[n].onlyFor == "" {
			return list[n]
		}
	}
	o.t.Fatal("there is no card")
	return nil
}

// write has a member of staff write into the newest card's thread, and answers the message's id.
func (o *office) write(member, text string) string {
	o.t.Helper()
	in := staffEvent(member, conversation.KindMessage)
	in.Thread, in.Text, in.MessageID = o.card().message, text, fmt.Sprint("s", o.events+1)
	o.event(in)
	return in.MessageID
}

// change edits or deletes a message of staff.
func (o *office) change(member string, kind conversation.Kind, message, text string) {
	o.t.Helper()
	in := staffEvent(member, kind)
	in.Thread, in.Text, in.MessageID = o.card().message, text, message
	o.event(in)
}

// thread is what stands in the newest card's thread for a member.
func (o *office) thread(member string) string {
	o.t.Helper()
	card, out := o.card(), []string{}
	for _, s := range o.standing(staffBot) {
		if s.thread == card.message && (s.onlyFor == "" || s.onlyFor == member) {
			out = append(out, s.text)
		}
	}
	return strings.Join(out, "\n")
}

// transcript is everything that stands on a platform, for failures.
func (o *office) transcript(account string) string {
	var out []string
	for _, s := range o.standing(account) {
		line := fmt.Sprintf("%s/%s %s", s.chat, s.thread, s.text)
		if s.onlyFor != "" {
			line += " (only " + s.onlyFor + ")"
		}
		for _, row := range s.rows {
			for _, b := range row {
				line += " [" + b.Label + "]"
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n--\n")
}
