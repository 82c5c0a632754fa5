package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// phonebook is who belongs where.
type phonebook map[string][]string

func (p phonebook) has(list, user string) (bool, error) {
	for _, one := range p[list] {
		if one == user {
			return true, nil
		}
	}
	return false, nil
}

func (p phonebook) InGroup(_ context.Context, handle, user string) (bool, error) {
	return p.has("@"+handle, user)
}

func (p phonebook) InChannel(_ context.Context, channel, user string) (bool, error) {
	return p.has(channel, user)
}

// sheet is the figures of these tests.
type sheet struct{}

func (sheet) Score(_ context.Context, kind string, _ time.Time) (desk.Figure, error) {
	score, from, to := 52, 41, 63
	if kind == "csat" {
		return desk.Figure{Answers: 12, Delivered: 40, Needed: 30}, nil
	}
	return desk.Figure{Answers: 118, Delivered: 300, Needed: 30, Score: &score, From: &from, To: &to}, nil
}

func (sheet) Offers(_ context.Context, now time.Time) ([]desk.OfferLine, error) {
	return []desk.OfferLine{{ID: "weekend", Due: now.Add(48 * time.Hour)}, {ID: "beans", Paused: "failures"}}, nil
}

func (sheet) Gaps(context.Context, time.Time, int) ([]desk.GapLine, error) {
	return []desk.GapLine{{Question: "Do you grind beans?", Lang: language.English, Asked: 7}}, nil
}

// staffed gives a bureau its commands. Leyla leads, Nigar works in the channel, U9 is none of the staff.
func staffed(b *bureau, roles string) {
	b.t.Helper()
	d := b.agenda.Desk
	if roles != "" {
		doc, r := config.Parse("rapport.yaml", []byte(roles), config.Options{})
		config.Decode(doc.Root, d.Config, r)
		if p := r.Problems(); len(p) > 0 {
			b.t.Fatal(p)
		}
	}
	d.Directory = phonebook{"#support": {"nigar", "leyla"}, "@leads": {"leyla"}}
	d.Presence, b.agenda.Gone = b.db.DeskClerk(), b.db.DeskClerk().IsAway
	d.Commands = &desk.Clerk{Agenda: b.agenda, Stock: b.db.DeskClerk(), Figures: sheet{}}
	d.Points = persistence.StaffPoints{Programme: &loyalty.Programme{
		Zone: time.UTC, Languages: []language.Code{language.English}, Store: b.db.Loyalty(), Texts: d.Texts, Currency: config.Currency("AZN"),
	}}
}

// roles of these tests.
const roles = `roles:
  lead: {slack_groups: [leads], may: [points, pause, silence]}
  staff: {slack_channel_members: true, may: [reply, resolve], points_a_day: 50}
`

// ask has a member ask something with the slash command, and answers what only they were told.
func (b *bureau) ask(who, args string) string {
	b.t.Helper()
	return b.told(who, func() {
		b.event(conversation.Inbound{
			Address: conversation.Address{Channel: "slack", Account: slacks, Chat: "C0STAFF"}, Kind: conversation.KindMessage, Staff: true,
			From: conversation.Sender{UserID: who, Name: strings.ToUpper(who)}, Command: "rapport", Args: args, Text: "/rapport " + args,
		})
	})
}

// told answers what only a member was told while something happened.
func (b *bureau) told(who string, happens func()) string {
	b.t.Helper()
	before := len(b.sent["C0STAFF"])
	happens()
	var out []string
	for _, i := range b.sent["C0STAFF"][before:] {
		if i.Body.OnlyFor != who {
			b.t.Errorf("others than %s read %q", who, i.Body.Text.Plain())
		}
		out = append(out, i.Body.Text.Plain())
	}
	return strings.Join(out, "\n--\n")
}

// pressTold presses the newest button with that label in the place of commands.
func (b *bureau) pressTold(who, label string) string {
	b.t.Helper()
	items := b.sent["C0STAFF"]
	for n := len(items) - 1; n >= 0; n-- {
		for _, row := range items[n].Body.Rows {
			for _, button := range row {
				if strings.HasPrefix(button.Label, label) {
					return b.told(who, func() { b.token(who, "C0STAFF", button.Token, nil) })
				}
			}
		}
	}
	b.t.Fatalf("there is no button %q", label)
	return ""
}

// token is a press, or a form when there are values.
func (b *bureau) token(who, chat, token string, values map[string]string) {
	b.t.Helper()
	in := conversation.Inbound{
		Address: conversation.Address{Channel: "slack", Account: slacks, Chat: chat}, Kind: conversation.KindPress, Staff: true,
		From: conversation.Sender{UserID: who, Name: strings.ToUpper(who)}, Token: token, Values: values,
	}
	if values != nil {
		in.Kind = conversation.KindForm
	}
	b.event(in)
}

// person makes a customer who has joined the programme and has so many points.
func (b *bureau) person(who, name string, points int64) conversation.CustomerID {
	b.t.Helper()
	b.say(who, "hello")
	id, err := b.db.FindCustomer(b.t.Context(), "telegram", who)
	if err != nil {
		b.t.Fatal(err)
	}
	err = b.db.ForCustomer(b.t.Context(), id, func(ctx context.Context, tx conversation.Tx, p conversation.Person) error {
		p.Name = name
		if err := tx.SavePerson(ctx, p); err != nil {
			return err
		}
		books := b.db.Loyalty().In(tx)
		if _, _, err := books.Join(ctx, loyalty.Member{Customer: id, Terms: "1", Way: "test", JoinedAt: b.clock.Now()}); err != nil || points == 0 {
			return err
		}
		_, err := books.Post(ctx, loyalty.Entry{
			Source: "test", SourceID: who, Kind: loyalty.Earn, Customer: id, Points: points, Reason: loyalty.Reason{Code: "gift"}, At: b.clock.Now(),
		})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bureau) balance(id conversation.CustomerID) int64 {
	b.t.Helper()
	a, err := b.db.Loyalty().ReadAccount(b.t.Context(), id, b.clock.Now(), b.clock.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	return a.Spendable
}

// TestCommandsAreForWhoMay: roles decide, refusals are kind and kept, and nobody else reads an answer.
func TestCommandsAreForWhoMay(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		for _, c := range []struct{ who, ask, told string }{
			{"U9", "nps", "for our team"},
			{"U9", "customer Aynur", "for our team"},
			{"nigar", "nps", "52, likely 41 to 63, 118 answers of 300"},
			{"nigar", "csat", "Too few answers for a figure: 12 of 40"},
			{"nigar", "gaps", "7× · EN · Do you grind beans?"},
			{"nigar", "offers", "beans: paused by itself"},
			{"nigar", "pause weekend", "does not allow pausing"},
			{"nigar", "silence 24h mourning", "does not allow ordering silence"},
			{"leyla", "pause nothing", "There is no offer “nothing”. There are: weekend, beans"},
			{"leyla", "silence", "/rapport silence 24h REASON"},
			{"leyla", "silence 24h", "add the reason"},
			{"leyla", "silence 90d holidays", "/rapport silence 24h REASON"},
			{"leyla", "silence off", "no silence to end"},
			{"leyla", "weather", "I do not know “weather”"},
			{"nigar", "help", "What you can ask for"},
			{"nigar", "", "What you can ask for"},
			{"nigar", "customer nobody like this", "Nobody was found"},
			{"nigar", "tickets", "Yours"},
		} {
			if got := b.ask(c.who, c.ask); !strings.Contains(got, c.told) {
				t.Errorf("%s asked %q and was told\n%s\nwithout %q", c.who, c.ask, got, c.told)
			}
		}
		if got := b.ask("nigar", "help"); strings.Contains(got, "silence") {
			t.Errorf("help offers what the role does not allow:\n%s", got)
		}
		acts, err := b.db.Desk().Acts(t.Context(), 0, 10)
		if err != nil || len(acts) != 2 || acts[0].What != "refused" || acts[0].By.ID != "nigar" {
			t.Errorf("kept: %+v, %v", acts, err)
		}
	})
}

// TestARoleDecidesAboutCards: who may not answer customers cannot claim, nor send with the mark.
func TestARoleDecidesAboutCards(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, `roles: {team: {users: [leyla], may: [reply, resolve]}}`)
		b.say("c1", "/agent")
		b.press("nigar", "Claim")
		if got := b.ticket("c1"); got.State != desk.Open {
			t.Errorf("claimed without the right: %+v", got)
		}
		b.reply("nigar", "c1", "a secret")
		if got := b.heard("c1", 0); strings.Contains(got, "a secret") {
			t.Errorf("sent without the right:\n%s", got)
		}
		b.press("leyla", "Claim")
		b.reply("leyla", "c1", "an answer")
		want(t, b.heard("c1", 0), "an answer")
	})
}

// TestACustomerIsShownMasked: the name only after a press, which is kept.
func TestACustomerIsShownMasked(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		id := b.person("c1", "Aynur Məmmədova", 120)
		b.person("c2", "Aynur Babayeva", 0)
		got := b.ask("nigar", "customer məmmədova")
		want(t, got, "A. M.", "120 points")
		if strings.Contains(got, "Aynur") {
			t.Errorf("the name is shown:\n%s", got)
		}
		if kept, err := b.db.DeskClerk().Deeds(t.Context(), "customer", int64(id), 10); err != nil || len(kept) != 0 {
			t.Errorf("kept too early: %+v, %v", kept, err)
		}
		want(t, b.pressTold("nigar", "Show in full"), "Aynur Məmmədova", "that you looked is kept")
		kept, err := b.db.DeskClerk().Deeds(t.Context(), "customer", int64(id), 10)
		if err != nil || len(kept) != 1 || kept[0].What != "customer" || kept[0].By.ID != "nigar" {
			t.Errorf("kept: %+v, %v", kept, err)
		}
		want(t, b.ask("nigar", "customer aynur"), "2 people were found", "A. B.", "A. M.")
		want(t, b.pressTold("nigar", "2. A. M."), "120 points")
		want(t, b.ask("nigar", "customer 100%"), "Nobody was found")
		b.say("c1", "/agent")
		want(t, b.ask("nigar", fmt.Sprintf("customer %d", b.ticket("c1").ID)), "A. M.")
	})
}

// TestPointsHaveALimitForTheDay: asked first, once for each question, within what the role allows.
func TestPointsHaveALimitForTheDay(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		id := b.person("c1", "Aynur Məmmədova", 10)
		want(t, b.ask("nigar", "points aynur +30"), "add a reason")
		want(t, b.ask("nigar", "points Aynur Məm +30 late parcel"), "A. M. has 10 points", "+30", "late parcel")
		if got := b.balance(id); got != 10 {
			t.Fatalf("given before the answer: %d", got)
		}
		want(t, b.pressTold("nigar", "Yes, +30"), "Done: +30", "who has 40 now")
		want(t, b.pressTold("nigar", "Yes, +30"), "done before")
		b.ask("nigar", "points aynur +30 once more")
		want(t, b.pressTold("nigar", "Yes"), "Nothing was changed", "Left: 20")
		b.ask("nigar", "points aynur -100 mistake")
		want(t, b.pressTold("nigar", "Yes"), "Left: 20")
		b.ask("nigar", "points aynur -20 mistake")
		want(t, b.pressTold("nigar", "Yes"), "who has 20 now")
		want(t, b.ask("nigar", "points aynur 5 without a sign"), "+5", "without a sign")
		b.ask("leyla", "points aynur -1000 mistake")
		want(t, b.pressTold("leyla", "Yes"), "has only 20")
		b.ask("leyla", "points aynur +1000 anniversary")
		want(t, b.pressTold("leyla", "Yes"), "who has 1,020 now")
		b.to("2026-12-03 11:00")
		b.ask("nigar", "points aynur +50 another day")
		want(t, b.pressTold("nigar", "Yes"), "who has 1,070 now")
		if got := b.balance(id); got != 1070 {
			t.Errorf("the balance is %d", got)
		}
		proof, err := b.db.Loyalty().Verify(t.Context(), 10)
		if err != nil || len(proof.Findings) > 0 {
			t.Errorf("the books: %+v, %v", proof, err)
		}
	})
}

// TestPointsFromACard: the form under a card gives points once, and the thread is told.
func TestPointsFromACard(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		id := b.person("c1", "Aynur Məmmədova", 0)
		b.say("c1", "/agent")
		var form conversation.Button
		for _, i := range b.sent["#support"] {
			for _, row := range i.Body.Rows {
				for _, button := range row {
					if button.Label == "Points" {
						form = button
					}
				}
			}
		}
		if form.Form == nil || len(form.Form.Fields) != 2 {
			t.Fatalf("there is no form: %+v", form)
		}
		b.token("nigar", "#support", form.Token, map[string]string{"points": "many", "note": "late"})
		b.token("nigar", "#support", form.Token, map[string]string{"points": "25", "note": " "})
		if got := b.balance(id); got != 0 {
			t.Fatalf("given: %d", got)
		}
		before := len(b.sent["#support"])
		b.token("nigar", "#support", form.Token, map[string]string{"points": "+25", "note": "late parcel"})
		if got := b.balance(id); got != 25 {
			t.Errorf("the balance is %d; told\n%s", got, b.heard("#support", before))
		}
		want(t, b.heard("#support", before), "NIGAR: +25")
		if got := b.heard("c1", 0); strings.Contains(got, "late parcel") {
			t.Errorf("the customer was sent the reason:\n%s", got)
		}
	})
}

// TestSilenceIsOrderedAndEnded: with what was held, which goes once it is over.
func TestSilenceIsOrderedAndEnded(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		b.say("c1", "hello")
		id, err := b.db.FindCustomer(t.Context(), "telegram", "c1")
		if err != nil {
			t.Fatal(err)
		}
		want(t, b.ask("leyla", "silence 24h state mourning"), "Nothing is started until", "state mourning")
		err = b.db.ForCustomer(t.Context(), id, func(ctx context.Context, tx conversation.Tx, p conversation.Person) error {
			if err := tx.RecordConsent(ctx, conversation.Consent{Topic: "offers", Granted: true, Wording: "test", Way: "button"}); err != nil {
				return err
			}
			_, err := tx.Send(ctx, conversation.Outgoing{
				Key: "news", To: customer("c1", "").Address, Customer: id, Lane: conversation.LaneBulk, Body: conversation.Body{Text: texts.Literal("News")},
				Proactive: conversation.Proactive{Purpose: "survey"},
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		silent(t, b.meanwhile("c1", "2026-12-02 13:00"))
		want(t, b.say("c1", "/agent"), "") // answers go on
		before := len(b.sent["c1"])
		b.press("nigar", "Claim")
		b.press("nigar", "Resolve")
		silent(t, strings.ReplaceAll(withoutDesk(b.heard("c1", before)), "\n--\n", ""))
		want(t, b.ask("leyla", "silence off"), "The silence is over")
		b.to("2026-12-02 13:01")
		want(t, b.heard("c1", before), "News")
		if n := strings.Count(b.heard("c1", 0), "News"); n != 1 {
			t.Errorf("sent %d times", n)
		}
		want(t, b.ask("leyla", "silence off"), "no silence to end")
	})
}

// withoutDesk leaves out what the desk tells a customer.
func withoutDesk(all string) string {
	var out []string
	for line := range strings.SplitSeq(all, "\n--\n") {
		if line == "News" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n--\n")
}

// TestOffersAreHeldFromTheDesk: paused and resumed, each once.
func TestOffersAreHeldFromTheDesk(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, roles)
		want(t, b.ask("leyla", "pause weekend"), "has not run with weekend yet")
		if _, err := b.db.Offers().LoadSchedule(t.Context(), "offer/weekend", "1", b.clock.Now()); err != nil {
			t.Fatal(err)
		}
		want(t, b.ask("leyla", "pause Weekend"), "weekend is paused.")
		want(t, b.ask("leyla", "pause weekend"), "was paused already")
		want(t, b.ask("leyla", "resume weekend"), "goes on within a minute")
		want(t, b.ask("leyla", "resume weekend"), "was not paused")
	})
}

// TestThePageOfTheApp: what waits for a member; Away gives back what customers wait for, and nobody else's.
func TestThePageOfTheApp(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		staffed(b, "")
		open := func(who string) string {
			b.event(conversation.Inbound{
				Address: conversation.Address{Channel: "slack", Account: slacks, Chat: who}, Kind: conversation.KindHome, Staff: true,
				From: conversation.Sender{UserID: who, Name: strings.ToUpper(who)},
			})
			return b.page(who)
		}
		want(t, open("U9"), "for our team")
		if n := len(b.sent["U9"][0].Body.Rows); n != 0 {
			t.Error("a stranger has buttons")
		}
		for _, who := range []string{"c1", "c2", "c3"} {
			b.say(who, "/agent")
		}
		b.press("nigar", "Claim") // the newest
		owned := b.ticket("c3")
		want(t, open("nigar"), "You are here", "Waiting for you", owned.ID.String(), "Nobody has them yet", b.ticket("c1").ID.String())
		items := b.sent["nigar"]
		away := items[len(items)-1].Body.Rows[0][0]
		b.token("nigar", "nigar", away.Token, nil)
		want(t, b.page("nigar"), "You are away", "Nobody has them yet", owned.ID.String())
		if items = b.sent["nigar"]; len(items[len(items)-1].Body.Rows) != 1 {
			t.Error("who is away is offered tickets")
		}
		if got := b.ticket("c3"); got.State != desk.Open {
			t.Errorf("still owned: %+v", got)
		}
		want(t, b.heard("c3", 0), "colleague")
		b.token("nigar", "nigar", away.Token, nil) // a second press of the same button
		want(t, b.page("nigar"), "You are away")
		items = b.sent["nigar"]
		b.token("nigar", "nigar", items[len(items)-1].Body.Rows[0][0].Token, nil)
		want(t, b.page("nigar"), "You are here")
		b.to("2026-12-02 13:00")
		want(t, open("nigar"), "Overdue", b.ticket("c1").ID.String())
	})
}

// page is the app's page as a member sees it now.
func (b *bureau) page(who string) string {
	b.t.Helper()
	items := b.sent[who]
	if len(items) == 0 || items[len(items)-1].Body.Kind != conversation.BodyHome {
		b.t.Fatalf("%s has no page", who)
	}
	return items[len(items)-1].Body.Text.Plain()
}
