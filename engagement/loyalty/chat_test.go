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
		who := s.meet("ayla")
		wants(t, s.say("ayla", "balance"), "Would you like to join", "[Join] [No, thanks]")
		wants(t, s.press("ayla", "No, thanks"), "All right")
		if s.account(who).Joined() {
			t.Fatal("a no made a member")
		}
		s.say("ayla", "balance")
		yes := s.button("ayla", "Join")
		wants(t, s.pressToken("ayla", yes), "You have joined", "Your balance: 10 points", "Tier: Green")
		wants(t, s.pressToken("ayla", yes), "You are a member already")
		a := s.account(who)
		if a.Spendable != 10 || a.Member.Terms != "3" || a.Member.Way != "button" || !a.Member.JoinedAt.Equal(s.clock.Now().Truncate(time.Millisecond)) && a.Member.JoinedAt.IsZero() {
			t.Errorf("the account is %+v, want 10 points, the terms 3 and the time", a)
		}
		wants(t, s.say("ayla", "join"), "already")
	})
}

func TestBalanceHasALineEach(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.member("ayla")
		s.buy("ayla", "1", 5000)
		got := s.say("ayla", "how many points do i have")
		wants(t, got, "Your balance: 10 points", "Pending: 50 points (due on 4 December)", "Tier: Green", "▓▓▓▓▓▓░░░░ 40 points to Silver",
			"Expiring on 2 December 2027: 60 points", "20 more points for Mug")
		lacks(t, got, "You can get now")
		s.advance("ayla", 49*hours)
		got = s.say("ayla", "balance")
		wants(t, got, "Your balance: 60 points", "You can get now: Mug")
		lacks(t, got, "Pending")
	})
}

func TestNothingYet(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", strings.ReplaceAll(file, "    welcome: {on: join, points: 10}\n", ""))
	s.member("ayla")
	wants(t, s.say("ayla", "balance"), "Your balance: 0 points. It will show here after your first purchase.")
	wants(t, s.say("ayla", "history"), "There are no entries yet")
	wants(t, s.say("ayla", "rewards"), "For Mug you need 30 more points", "Free latte: 120 points")
}

func TestRedeemingTakesTwoTapsAndSpendsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.buy("ayla", "1", 30000)
		s.advance("ayla", 49*hours)
		wants(t, s.say("ayla", "rewards"), "Your balance: 310 points. Choose a reward:", "[Free latte (120)]", "Gift card: 400 points")
		wants(t, s.press("ayla", "Free latte (120)"), "Free latte: 120 points. Balance after that: 190 points", "[Yes, get it] [Cancel]")
		yes := s.button("ayla", "Yes, get it")
		first := s.pressToken("ayla", yes)
		code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(first)
		if code == "" {
			t.Fatalf("there is no code in %q", first)
		}
		wants(t, first, "valid until 3 January")
		if second := s.pressToken("ayla", yes); second != first {
			t.Errorf("the second press says %q, the first said %q", second, first)
		}
		if a := s.account(who); a.Spendable != 190 {
			t.Errorf("%d points are left, want 190", a.Spendable)
		}
		image := s.sent["ayla"][len(s.sent["ayla"])-1].Body.Image
		if image == nil {
			t.Fatal("the code has no picture")
		}
		if _, err := png.Decode(bytes.NewReader(image.Data)); err != nil {
			t.Errorf("the picture cannot be read: %v", err)
		}
		wants(t, s.say("ayla", "rewards"), "Your codes:", code)
		wants(t, s.say("ayla", "history"), "−120 points, reward: Free latte", "+300 points, purchase (300", "+10 points, welcome gift")
		s.wantEvents(engagement.EventRedeemed, 1)
	})
}

// wantEvents counts the events of a kind.
func (s *shop) wantEvents(kind string, want int) {
	s.t.Helper()
	events, err := s.db.Events(s.t.Context(), 0, 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	if n != want {
		s.t.Errorf("%d events %s, want %d", n, kind, want)
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
		s.say("ayla", "rewards")
		latte, mug, tasting := s.button("ayla", "Free latte (120)"), s.button("ayla", "Mug (30)"), s.button("ayla", "Tasting (0)")

		wants(t, s.pressToken("ayla", tasting), "Tasting. Shall we go ahead?")
		wants(t, s.press("ayla", "Yes, get it"), "Your place is kept: Tasting, 16 January, 18:00")
		s.pressToken("ayla", tasting)
		wants(t, s.press("ayla", "Yes, get it"), "You have had this reward already: Tasting")

		s.say("mehmet", "rewards")
		s.press("mehmet", "Tasting (0)")
		wants(t, s.press("mehmet", "Yes, get it"), "sold out: Tasting")

		wants(t, s.pressToken("ayla", latte), "Balance after that: 190")
		late := s.button("ayla", "Yes, get it")
		s.pressToken("ayla", latte)
		s.press("ayla", "Yes, get it")
		s.pressToken("ayla", latte)
		s.press("ayla", "Yes, get it")
		wants(t, s.pressToken("ayla", late), "You need 50 more points for Free latte.")
		wants(t, s.pressToken("ayla", latte), "You need 50 more points for Free latte.")

		s.pressToken("ayla", mug)
		wants(t, s.press("ayla", "Yes, get it"), "Your order number: ", "[I'll pick it up]", "[Send it to me]")
		wants(t, s.press("ayla", "Send it to me"), "Please write the address.")
		wants(t, s.say("ayla", "12 Nizami street, flat 4"), "We've noted the address: 12 Nizami street, flat 4.")
		if n := len(s.tickets); n != 1 || s.tickets[0].Topic != "delivery" || !strings.Contains(s.tickets[0].Words, "12 Nizami street") {
			t.Errorf("the desk got %+v, want the address in the topic delivery", s.tickets)
		}
	})
}

func TestSpendingNeedsMembership(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.meet("ayla")
		if got := s.buy("ayla", "1", 30000); got != "" {
			t.Errorf("a stranger to the programme was told %q", got)
		}
		s.advance("ayla", 49*hours)
		wants(t, s.say("ayla", "balance"), "Your balance: 300 points", "Would you like to join")
		s.say("ayla", "rewards")
		wants(t, s.press("ayla", "Free latte (120)"), "you need to join", "[Join]")
		wants(t, s.press("ayla", "Join"), "You have joined", "Your balance: 310 points", "Tier: Silver", "Free latte: 120 points. Balance after that: 190")
		wants(t, s.press("ayla", "Yes, get it"), "Done. Your code: ")
		if a := s.account(who); a.Spendable != 190 {
			t.Errorf("%d points are left, want 190", a.Spendable)
		}
	})
}

func TestCardIsACodeAndAPicture(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	who := s.member("ayla")
	got := s.say("ayla", "my card")
	card := s.account(who).Member.Card
	wants(t, got, loyalty.ShownCode(card), "Tier: Green")
	if !loyalty.IsCard(card) {
		t.Errorf("%s is no card code", card)
	}
	if found, err := s.Store.FindByCard(t.Context(), loyalty.NormalCode(" "+loyalty.ShownCode(card))); err != nil || found != who {
		t.Errorf("FindByCard() = %d, %v; want %d", found, err, who)
	}
	image := s.sent["ayla"][len(s.sent["ayla"])-1].Body.Image
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
		before := len(s.sent["group"])
		s.event("ayla", conversation.Inbound{Kind: conversation.KindMessage, Text: ask, Mentioned: true})
		if got := s.heard("group", before); !strings.HasPrefix(got, "We don't write personal things in a group") {
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
	first := s.say("ayla", "history")
	wants(t, first, "+14 points", "+5 points", "[Earlier ones]")
	lacks(t, first, "+4 points")
	second := s.press("ayla", "Earlier ones")
	wants(t, second, "+4 points", "+1 point,", "+10 points, welcome gift")
	lacks(t, second, "+5 points", "[Earlier ones]")
}

func TestHowToEarnIsMadeOfTheRules(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	s.meet("ayla")
	wants(t, s.say("ayla", "how to earn points"), "every 1\u00a0AZN: +1 point", "Coffee beans: ×2", "cups: ×1.5", "joining the programme: +10 points",
		"Happy week (20 December – 27 December): ×2", "Confirmed after: 2 days", "Valid for: 365 days")
	s.advance("ayla", 30*24*hours)
	lacks(t, s.say("ayla", "how to earn points"), "Happy week")
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
