package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// server is the account and the channel in which offers are posted.
var server = conversation.Address{Channel: "discord", Account: "discord:9", Chat: "4711"}

// poster is a channel with a place for offers, or with what is wrong with it.
type poster struct{ err error }

func (poster) PostsOffers() bool { return true }

func (p poster) OffersAddress(context.Context) (conversation.Address, bool, error) {
	return server, true, p.err
}

// onServer makes a customer who agreed to offers on Discord, linked to the record of another when there is one.
func onServer(t *testing.T, db *persistence.DB, name string) conversation.CustomerID {
	t.Helper()
	in := message(name, "hello-"+name, "")
	in.Kind, in.At = conversation.KindBack, wednesday
	in.Address = conversation.Address{Channel: "discord", Account: server.Account, Chat: "dm-" + name}
	if _, err := db.Conversations().Accept(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	who, err := db.FindCustomer(t.Context(), "discord", name)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Do(t.Context(), func(ctx context.Context, tx *persistence.Tx) error {
		_, err := tx.RecordConsentOf(ctx, who, "discord", "import-"+name, conversation.Consent{Topic: "offers", Granted: true, Wording: "w/1", Way: "import"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return who
}

// crier is a board that runs as the service's does.
type crier struct {
	t        *testing.T
	db       *persistence.DB
	business *standing
	agenda   *offer.Agenda
	board    *offer.Board
}

func newCrier(t *testing.T, db *persistence.DB, business *standing, yaml string, p offer.Poster) *crier {
	t.Helper()
	db.SetGate(persistence.OfferGate(persistence.AttentionGate(policy())))
	db.OnReport(offer.ReportDelivery, persistence.SettleDeliveries(nil))
	db.OnReport(offer.ReportPost, persistence.SettlePosts())
	c := &crier{t: t, db: db, business: business, agenda: offersOf(t, db, business, db.Offers(), yaml)}
	c.agenda.Posters = map[string]offer.Poster{"discord": p}
	c.board = &offer.Board{Agenda: c.agenda, Posts: db.Offers()}
	if err := c.agenda.Load(t.Context(), business.at); err != nil {
		t.Fatal(err)
	}
	return c
}

// goOn runs what is due now on both agendas.
func (c *crier) goOn() {
	c.t.Helper()
	turnPages(c.t, c.agenda, c.business)
	at, ok, err := c.board.Next(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	if ok && !at.After(c.business.at) {
		if _, err := c.board.RunDue(c.t.Context(), c.business.at); err != nil {
			c.t.Fatal(err)
		}
	}
}

// sends claims and settles what may go, and answers the texts that went to the server.
func (c *crier) sends() (posts []string) {
	c.t.Helper()
	for _, account := range []string{bot, server.Account} {
		for _, it := range sendAll(c.t, c.db, lease(c.t, c.db, account, "a"), c.business.at) {
			if it.To == server {
				posts = append(posts, it.Body.Text.Plain())
				if len(it.Body.Rows) > 0 || it.Customer != -1 || it.Lane != conversation.LaneBulk || it.AfterCrash != conversation.Unknown {
					c.t.Errorf("a post for everybody is of somebody: %+v", it)
				}
			}
		}
	}
	return posts
}

func (c *crier) post() string {
	c.t.Helper()
	list, err := persistence.Strings(c.t.Context(), c.db, `SELECT state || ' ' || reason FROM posts ORDER BY id`)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

func TestAnOfferIsPostedOnceForEverybody(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		const n = 120 // more than a page
		people(t, db, n)
		only := onServer(t, db, "ann")
		c := newCrier(t, db, business, weekly, poster{})
		business.at = friday
		var wg sync.WaitGroup
		for range 2 { // as two processes would
			wg.Go(func() {
				other := &offer.Board{Agenda: c.agenda, Posts: db.Offers()}
				for range 20 {
					_, err1 := c.agenda.RunDue(t.Context(), friday)
					_, err2 := other.RunDue(t.Context(), friday)
					if err := errors.Join(err1, err2); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		posts := c.sends()
		if len(posts) != 1 || !strings.Contains(posts[0], "15% off.") || !strings.Contains(posts[0], "in private") {
			t.Errorf("posted: %q", posts)
		}
		list, err := db.Offers().Deliveries(t.Context(), only, 5)
		if err != nil || len(list) != 1 || list[0].State != offer.StateSuppressed || list[0].Reason != offer.ReasonInChannel {
			t.Errorf("who is on the server alone: %+v, %v", list, err)
		}
		for range 5 {
			c.goOn()
			if more := c.sends(); len(more) != 0 {
				t.Errorf("posted again: %q", more)
			}
		}
		if got := count(t, db, `outbox WHERE channel = 'discord'`); got != 1 {
			t.Errorf("%d messages to Discord", got)
		}
		if p := progress(t, db); p.State != "finished" || p.Sent != n+1 || p.Waiting != 0 || c.post() != "sent " {
			t.Errorf("%+v, post %s", p, c.post())
		}
	})
}

func TestAPostKilledAtEveryStatement(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		c := newCrier(t, db, business, weekly, poster{})
		business.at = friday
		turnPages(t, c.agenda, business)
		open, err := db.Offers().Unposted(t.Context(), 5)
		if err != nil || len(open) != 1 {
			t.Fatalf("%+v, %v", open, err)
		}
		out := conversation.Outgoing{
			Key: "offer:post", To: server, Customer: -1, Lane: conversation.LaneBulk, Report: conversation.Ref{Kind: offer.ReportPost, ID: open[0].ID},
		}
		killed := 0
		for ; ; killed++ {
			err := persistence.PublishFailing(t.Context(), db, open[0].ID, out, killed)
			if err == nil {
				break
			}
			if !errors.Is(err, persistence.ErrKilled) {
				t.Fatal(err)
			}
			if c.post() != "open " || count(t, db, "outbox") != 0 {
				t.Fatalf("killed at %d: post %s, %d messages", killed, c.post(), count(t, db, "outbox"))
			}
		}
		if killed == 0 {
			t.Fatal("nothing was killed")
		}
		if err := db.Offers().Publish(t.Context(), open[0].ID, out); err != nil { // killed after the commit
			t.Fatal(err)
		}
		if count(t, db, "outbox") != 1 || c.post() != "pending " {
			t.Errorf("%d messages, post %s", count(t, db, "outbox"), c.post())
		}
	})
}

func TestWhatHoldsAPostBack(t *testing.T) {
	t.Parallel()
	night := time.Date(2026, 12, 4, 21, 30, 0, 0, time.UTC)
	place := &conversation.SendError{Kind: conversation.OurPayload, Code: "no_offers_channel", Err: errors.New("no such channel")}
	away := &conversation.SendError{Kind: conversation.Temporary, Code: "down", Err: errors.New("the platform is away")}
	type steps func(t *testing.T, c *crier)
	pause := func(t *testing.T, c *crier) {
		t.Helper()
		if err := c.db.Offers().Pause(t.Context(), "beans", offer.PausedByStaff); err != nil {
			t.Fatal(err)
		}
	}
	resume := func(t *testing.T, c *crier) {
		t.Helper()
		if err := c.db.Offers().Resume(t.Context(), "beans"); err != nil {
			t.Fatal(err)
		}
	}
	stop := func(t *testing.T, c *crier) {
		t.Helper()
		if n, err := c.db.Offers().Stop(t.Context(), "beans"); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	silence := func(t *testing.T, c *crier) {
		t.Helper()
		if err := c.db.Silence(t.Context(), friday.Add(-time.Hour), friday.Add(2*time.Hour), "mourning", "test"); err != nil {
			t.Fatal(err)
		}
	}
	at := func(when time.Time) steps { return func(_ *testing.T, c *crier) { c.business.at = when } }
	write := func(_ *testing.T, c *crier) { c.goOn() }
	nothing := func(t *testing.T, c *crier) {
		t.Helper()
		c.goOn()
		if got := c.sends(); len(got) != 0 {
			t.Errorf("posted %q, post %s", got, c.post())
		}
	}
	later := friday.Add(3 * time.Hour)
	for _, tt := range []struct {
		name  string
		err   error
		steps []steps
		posts int
		state string
	}{
		{"paused before it is due", nil, []steps{pause, at(friday), nothing, resume}, 1, "sent "},
		{"paused before it is written", nil, []steps{at(friday), func(t *testing.T, c *crier) { turnPages(t, c.agenda, c.business) }, pause, nothing, resume}, 1, "sent "},
		{"paused when it is written", nil, []steps{at(friday), write, pause, nothing, resume}, 1, "sent "},
		{"paused for too long", nil, []steps{at(friday), write, pause, nothing, at(friday.AddDate(0, 0, 1)), resume}, 0, "late_skipped too_late"},
		{"stopped before it is written", nil, []steps{at(friday), func(t *testing.T, c *crier) { turnPages(t, c.agenda, c.business) }, stop}, 0, "suppressed offer_stopped"},
		{"stopped when it is written", nil, []steps{at(friday), write, stop}, 0, "suppressed offer_stopped"},
		{"too late", nil, []steps{at(friday), func(t *testing.T, c *crier) { turnPages(t, c.agenda, c.business) }, at(friday.AddDate(0, 0, 1))}, 0, "late_skipped late"},
		{"silence", nil, []steps{silence, at(friday), nothing, at(later)}, 1, "sent "},
		{"silence when it is written", nil, []steps{at(friday), write, silence, nothing, at(later)}, 1, "sent "},
		{"the night", nil, []steps{at(friday), func(t *testing.T, c *crier) { turnPages(t, c.agenda, c.business) }, at(night)}, 0, "suppressed quiet_hours"},
		{"no such place", place, []steps{at(friday)}, 0, "failed no_offers_channel"},
		{"the platform is away", away, []steps{at(friday), nothing, at(friday.Add(time.Hour)), func(_ *testing.T, c *crier) {
			c.agenda.Posters["discord"] = poster{}
		}}, 1, "sent "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
				people(t, db, 1)
				c := newCrier(t, db, business, weekly, poster{tt.err})
				for _, step := range tt.steps {
					step(t, c)
				}
				c.goOn()
				if got := c.sends(); len(got) != tt.posts || c.post() != tt.state {
					t.Errorf("%d posts, %s; want %d, %s", len(got), c.post(), tt.posts, tt.state)
				}
			})
		})
	}
}

func TestWhatIsMeantForSomeIsNotPosted(t *testing.T) {
	t.Parallel()
	const yaml = `
offers:
  all:   {every: Friday 12:00, to: everyone, text: {en: "All of you."}}
  some:  {every: Friday 12:00, to: not member, text: {en: "Some of you."}}
  party: {on: birthday, kind: greeting, time: 12:00, text: {en: "Happy birthday."}}
`
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		only := onServer(t, db, "ann")
		c := newCrier(t, db, business, yaml, poster{})
		business.at = friday
		c.goOn()
		var said []string
		for _, it := range sendAll(t, db, lease(t, db, server.Account, "a"), business.at) {
			said = append(said, fmt.Sprint(it.To.Chat, ": ", strings.SplitN(it.Body.Text.Plain(), "\n", 2)[0]))
		}
		want := "4711: All of you.; dm-ann: Some of you."
		if got := strings.Join(said, "; "); got != want && got != "dm-ann: Some of you.; 4711: All of you." {
			t.Errorf("said %q, want %q", got, want)
		}
		if list, err := db.Offers().Deliveries(t.Context(), only, 5); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// TestAPostOfUnknownOutcome: a post that was in flight at a crash is counted, and not made again.
func TestAPostOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		c := newCrier(t, db, business, weekly, poster{})
		business.at = friday
		c.goOn()
		l := lease(t, db, server.Account, "a")
		items, err := db.Outbox().Claim(t.Context(), l, waiting(t, db, server.Account), business.at)
		if err != nil || len(items) != 1 {
			t.Fatal(items, err)
		}
		if err := db.Outbox().Settle(t.Context(), l, []outbox.Result{{ID: items[0].ID, Outcome: outbox.Lost}}); err != nil {
			t.Fatal(err)
		}
		c.goOn()
		if p := progress(t, db); len(c.sends()) != 0 || c.post() != "unknown " || p.Unknown != 1 || p.State != "finished" {
			t.Errorf("post %s, %+v", c.post(), p)
		}
	})
}

// TestLanguagesOfAPost: all of the brand's that the offer has, one below another, unless that is too long.
func TestLanguagesOfAPost(t *testing.T) {
	t.Parallel()
	const yaml = `
offers:
  beans: {every: Friday 12:00, text: {ru: "Кофе RU", en: "Beans EN", az: "Kofe AZ"}}
`
	onBothAt(t, func(t *testing.T, db *persistence.DB, business *standing) {
		for i, tt := range []struct {
			padding int // characters more in each language
			want    string
		}{{0, "Kofe AZ Beans EN"}, {1000, "Kofe AZ"}} {
			padded := strings.NewReplacer(" EN", " EN"+strings.Repeat("x", tt.padding), " AZ", " AZ"+strings.Repeat("x", tt.padding)).Replace(yaml)
			c := newCrier(t, db, business, padded, poster{})
			c.agenda.Languages = []language.Code{language.Azerbaijani, language.English} // nobody reads Russian there
			business.at = friday.AddDate(0, 0, 7*i)
			c.goOn()
			posts := c.sends()
			if len(posts) != 1 {
				t.Fatalf("posted %q", posts)
			}
			var got []string
			for _, part := range []string{"Kofe AZ", "Beans EN", "RU"} {
				if strings.Contains(posts[0], part) {
					got = append(got, part)
				}
			}
			if strings.Join(got, " ") != tt.want || !strings.Contains(posts[0], "şəxsi") {
				t.Errorf("%d more characters: posted %.80q", tt.padding, posts[0])
			}
		}
	})
}
