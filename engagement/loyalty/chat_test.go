package loyalty_test

import (
	"bytes"
	"image/png"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

const hours = time.Hour

func TestJoiningIsOneTap(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.Meet("ayla")
		wants(t, s.Say("ayla", "balance"), "Would you like to join", "[Join] [No, thanks]")
		wants(t, s.Press("ayla", "No, thanks"), "All right")
		if s.account(who).Joined() {
			t.Fatal("a no made a member")
		}
		s.Say("ayla", "balance")
		yes := s.Button("ayla", "Join")
		wants(t, s.PressToken("ayla", yes), "You have joined", "Your balance: 10 points", "Tier: Green")
		wants(t, s.PressToken("ayla", yes), "You are a member already")
		a := s.account(who)
		if a.Spendable != 10 || a.Member.Terms != "3" || a.Member.Way != "button" || !a.Member.JoinedAt.Equal(s.Clock.Now().Truncate(time.Millisecond)) && a.Member.JoinedAt.IsZero() {
			t.Errorf("the account is %+v, want 10 points, the terms 3 and the time", a)
		}
		wants(t, s.Say("ayla", "join"), "already")
	})
}

func TestBalanceHasALineEach(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.member("ayla")
		s.buy("ayla", "1", 5000)
		got := s.Say("ayla", "how many points do i have")
		wants(t, got, "Your balance: 10 points", "Pending: 50 points (due on 4 December)", "Tier: Green", "▓▓▓▓▓▓░░░░ 40 points to Silver",
			"Expiring on 2 December 2027: 60 points", "20 more points for Mug")
		lacks(t, got, "You can get now")
		s.advance("ayla", 49*hours)
		got = s.Say("ayla", "balance")
		wants(t, got, "Your balance: 60 points", "You can get now: Mug")
		lacks(t, got, "Pending")
	})
}

func TestNothingYet(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", strings.ReplaceAll(file, "    welcome: {on: join, points: 10}\n", ""))
	s.member("ayla")
	wants(t, s.Say("ayla", "balance"), "Your balance: 0 points. It will show here after your first purchase.")
	wants(t, s.Say("ayla", "history"), "There are no entries yet")
	wants(t, s.Say("ayla", "rewards"), "For Mug you need 30 more points", "Free latte: 120 points")
}

func TestRedeemingTakesTwoTapsAndSpendsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.buy("ayla", "1", 30000)
		s.advance("ayla", 49*hours)
		wants(t, s.Say("ayla", "rewards"), "Your balance: 310 points. Choose a reward:", "Free latte: 120 points", "[Free latte (120)]", "Gift card: 400 points")
		wants(t, s.Press("ayla", "Free latte (120)"), "Free latte: 120 points. Balance after that: 190 points", "[Yes, get it] [Cancel]")
		yes := s.Button("ayla", "Yes, get it")
		first := s.PressToken("ayla", yes)
		code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(first)
		if code == "" {
			t.Fatalf("there is no code in %q", first)
		}
		wants(t, first, "valid until 3 January")
		if second := s.PressToken("ayla", yes); second != first {
			t.Errorf("the second press says %q, the first said %q", second, first)
		}
		if a := s.account(who); a.Spendable != 190 {
			t.Errorf("%d points are left, want 190", a.Spendable)
		}
		image := s.Sent["ayla"][len(s.Sent["ayla"])-1].Body.Image
		if image == nil {
			t.Fatal("the code has no picture")
		}
		if _, err := png.Decode(bytes.NewReader(image.Data)); err != nil {
			t.Errorf("the picture cannot be read: %v", err)
		}
		wants(t, s.Say("ayla", "rewards"), "Your codes:", code)
		wants(t, s.Say("ayla", "history"), "−120 points, reward: Free latte", "+300 points, purchase (300", "+10 points, welcome gift")
		s.wantEvents(engagement.EventRedeemed, 1)
	})
}

// wantEvents counts the events of a kind.
func (s *shop) wantEvents(kind string, want int) {
	s.T.Helper()
	events, err := s.DB.Events(s.T.Context(), 0, 1000)
	if err != nil {
		s.T.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	if n != want {
		s.T.Errorf("%d events %s, want %d", n, kind, want)
	}
}

func TestARewardThatCannotBeHad(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		for _, who := range []string{"ayla", "mehmet"} {
			s.member(who)
			s.buy(who, "1-"+who, 30000)
		}
		s.advance("ayla", 49*hours)
		s.Say("ayla", "rewards")
		latte, mug, tasting := s.Button("ayla", "Free latte (120)"), s.Button("ayla", "Mug (30)"), s.Button("ayla", "Tasting (0)")

		wants(t, s.PressToken("ayla", tasting), "Tasting. Shall we go ahead?")
		wants(t, s.Press("ayla", "Yes, get it"), "Your place is kept: Tasting, 16 January, 18:00")
		s.PressToken("ayla", tasting)
		wants(t, s.Press("ayla", "Yes, get it"), "You have had this reward already: Tasting")

		s.Say("mehmet", "rewards")
		s.Press("mehmet", "Tasting (0)")
		wants(t, s.Press("mehmet", "Yes, get it"), "sold out: Tasting")

		wants(t, s.PressToken("ayla", latte), "Balance after that: 190")
		late := s.Button("ayla", "Yes, get it")
		s.PressToken("ayla", latte)
		s.Press("ayla", "Yes, get it")
		s.PressToken("ayla", latte)
		s.Press("ayla", "Yes, get it")
		wants(t, s.PressToken("ayla", late), "You need 50 more points for Free latte.")
		wants(t, s.PressToken("ayla", latte), "You need 50 more points for Free latte.")

		s.PressToken("ayla", mug)
		wants(t, s.Press("ayla", "Yes, get it"), "Your order number: ", "[I'll pick it up]", "[Send it to me]")
		wants(t, s.Press("ayla", "Send it to me"), "Please write the address.")
		wants(t, s.Say("ayla", "12 Nizami street, flat 4"), "We've noted the address: 12 Nizami street, flat 4.")
		if n := len(s.tickets); n != 1 || s.tickets[0].Topic != "delivery" || !strings.Contains(s.tickets[0].Words, "12 Nizami street") {
			t.Errorf("the desk got %+v, want the address in the topic delivery", s.tickets)
		}
	})
}

func TestSpendingNeedsMembership(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.Meet("ayla")
		if got := s.buy("ayla", "1", 30000); got != "" {
			t.Errorf("a stranger to the programme was told %q", got)
		}
		s.advance("ayla", 49*hours)
		wants(t, s.Say("ayla", "balance"), "Your balance: 300 points", "Would you like to join")
		s.Say("ayla", "rewards")
		wants(t, s.Press("ayla", "Free latte (120)"), "you need to join", "[Join]")
		wants(t, s.Press("ayla", "Join"), "You have joined", "Your balance: 310 points", "Tier: Silver", "Free latte: 120 points. Balance after that: 190")
		wants(t, s.Press("ayla", "Yes, get it"), "Done. Your code: ")
		if a := s.account(who); a.Spendable != 190 {
			t.Errorf("%d points are left, want 190", a.Spendable)
		}
	})
}

func TestCardIsACodeAndAPicture(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	who := s.member("ayla")
	got := s.Say("ayla", "my card")
	card := s.account(who).Member.Card
	wants(t, got, loyalty.ShownCode(card), "Tier: Green")
	if !loyalty.IsCard(card) {
		t.Errorf("%s is no card code", card)
	}
	if found, err := s.Store.FindByCard(t.Context(), loyalty.NormalCode(" "+loyalty.ShownCode(card))); err != nil || found != who {
		t.Errorf("FindByCard() = %d, %v; want %d", found, err, who)
	}
	image := s.Sent["ayla"][len(s.Sent["ayla"])-1].Body.Image
	if image == nil {
		t.Fatal("the card has no picture")
	}
	if _, err := png.Decode(bytes.NewReader(image.Data)); err != nil {
		t.Errorf("the picture cannot be read: %v", err)
	}
}

func TestGroupsSeeNothingPersonal(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	s.member("ayla")
	for _, ask := range []string{"balance", "history", "rewards", "my card", "join"} {
		before := len(s.Sent["group"])
		s.Event("ayla", conversation.Inbound{Kind: conversation.KindMessage, Text: ask, Mentioned: true})
		if got := s.Heard("group", before); !strings.HasPrefix(got, "We don't write personal things in a group") {
			t.Errorf("%q in a group: %q", ask, got)
		}
	}
}

func TestHistoryGoesOnByPages(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	s.member("ayla")
	for i := range 14 {
		s.buy("ayla", string(rune('a'+i)), int64(i+1)*100)
	}
	first := s.Say("ayla", "history")
	wants(t, first, "+14 points", "+5 points", "[Earlier ones]")
	lacks(t, first, "+4 points")
	second := s.Press("ayla", "Earlier ones")
	wants(t, second, "+4 points", "+1 point,", "+10 points, welcome gift")
	lacks(t, second, "+5 points", "[Earlier ones]")
}

func TestHowToEarnIsMadeOfTheRules(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	s.Meet("ayla")
	wants(t, s.Say("ayla", "how to earn points"), "every 1\u00a0AZN: +1 point", "Coffee beans: ×2", "cups: ×1.5", "joining the programme: +10 points",
		"Happy week (20 December – 27 December): ×2", "Confirmed after: 2 days", "Valid for: 365 days")
	s.advance("ayla", 30*24*hours)
	lacks(t, s.Say("ayla", "how to earn points"), "Happy week")
}

func TestWithoutAProgramme(t *testing.T) {
	t.Parallel()
	if p := loyalty.New(loyalty.Sections{Rewards: mustSections(t, "brand: {}").Rewards}); p != nil || p.Commands() != nil || p.Agendas() != nil {
		t.Errorf("a file without points, tiers and rewards has the programme %+v", p)
	}
}

func mustSections(t testing.TB, content string) loyalty.Sections {
	t.Helper()
	set, _ := sections(t, content)
	return set
}
