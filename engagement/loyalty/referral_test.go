package loyalty_test

import (
	"fmt"
	"testing"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/persistence/dbtest/migrated"
)

const referralFile = `
points:
  hold: 2d
  earn:
    purchase: {per: {AZN: 1}, points: 1}
    birthday: {on: birthday, points: 30}
  referral: {inviter: 50, friend: 20, after: order.first, per_month: 2}
`

// invite has a friend write the inviter's code and answers what the friend heard.
func (s *shop) invite(inviter conversation.CustomerID, friend string) string {
	s.T.Helper()
	return s.Say(friend, loyalty.ShownCode(s.account(inviter).Member.Invite))
}

func TestReferralPaysBothSidesOnce(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		s := newShop(t, url, referralFile)
		ayla := s.Meet("ayla")
		wants(t, s.Say("ayla", "invite a friend"), "you need to join")
		s.Press("ayla", "Join")
		wants(t, s.Say("ayla", "invite a friend"), "+50 points for you, +20 points for your friend", loyalty.ShownCode(s.account(ayla).Member.Invite))
		wants(t, s.invite(ayla, "ayla"), "You cannot use your own code.")
		friend := s.Meet("vera")
		wants(t, s.invite(ayla, "vera"), "After your first purchase you get: +20 points", "[Join]")
		wants(t, s.invite(ayla, "vera"), "An invitation code is accepted once only.")
		s.buy("vera", "v1", 1000)
		s.buy("vera", "v2", 1000)
		if a := s.account(ayla); a.Spendable != 0 {
			t.Errorf("the inviter has %+v before the order is final", a)
		}
		wants(t, s.advance("ayla", 50*hours), "+50 points: inviting a friend")
		s.advance("ayla", 50*hours)
		if a, f := s.account(ayla), s.account(friend); a.Spendable != 50 || f.Spendable != 40 {
			t.Errorf("the inviter has %d and the friend %d, want 50, and 20 beside 20 for purchases", a.Spendable, f.Spendable)
		}
		s.Meet("james")
		s.buy("james", "j1", 1000)
		wants(t, s.invite(ayla, "james"), "before the first purchase")
		lacks(t, s.Say("nobody", "ABCD-EFGH"), "invitation") // looks like a code and is none: others answer
	})
}

func TestReferralThatIsNotPaid(t *testing.T) {
	t.Parallel()
	s := newShop(t, migrated.SQLite(t), referralFile)
	ayla := s.Meet("ayla")
	s.Say("ayla", "/join")
	s.Press("ayla", "Join")
	for _, friend := range []string{"a", "b", "c", "d", "e"} {
		s.Meet(friend)
		s.invite(ayla, friend)
		s.buy(friend, friend, 1000)
	}
	s.purchase(loyalty.Order{Source: "till", ID: "a", Total: 1000, Currency: "AZN", Returned: true})
	b, err := s.DB.FindCustomer(t.Context(), "telegram", "b")
	if err != nil {
		t.Fatal(err)
	}
	s.link(b, ayla)
	s.advance("ayla", 72*hours)
	if a := s.account(ayla); a.Spendable != 100+10+20 {
		t.Errorf("the inviter has %+v; want 2 paid of c, d and e, none for a return or for oneself, and what b has", a)
	}
}

// link makes one person of two records, behind the program's back.
func (s *shop) link(record, root conversation.CustomerID) {
	s.T.Helper()
	s.exec(fmt.Sprintf(`UPDATE customers SET root_id = %d WHERE id = %d`, root, record))
}

func TestBirthdayPoints(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		s := newShop(t, url, referralFile)
		born := map[string]string{"ayla": "12-05", "mehmet": "1990-12-05", "vera": "12-06", "leap": "2000-02-29"}
		ids := map[string]conversation.CustomerID{}
		for _, name := range []string{"ayla", "mehmet", "vera", "leap"} {
			ids[name] = s.Meet(name)
			s.Say(name, "/join")
			s.Press(name, "Join")
			s.exec(fmt.Sprintf(`INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (%d, 'birthday', '%s', 'customer', 1)`, ids[name], born[name]))
		}
		stranger := s.Meet("stranger") // no member
		s.exec(fmt.Sprintf(`INSERT INTO facts (customer_id, field, value, source, set_at) VALUES (%d, 'birthday', '12-05', 'customer', 1)`, stranger))
		want := func(points map[string]int64) {
			t.Helper()
			for name, n := range points {
				if a := s.account(ids[name]); a.Spendable != n {
					t.Errorf("at %v %s has %d points, want %d", s.Clock.Now(), name, a.Spendable, n)
				}
			}
		}
		s.advance("ayla", 3*24*hours-2*hours) // 08:00 on the 5th in Baku
		want(map[string]int64{"ayla": 0})
		s.advance("ayla", 2*hours)
		want(map[string]int64{"ayla": 30, "mehmet": 30, "vera": 0})
		s.Clock.MoveTo(s.Clock.Now().Add(30 * hours)) // nothing ran meanwhile
		s.advance("ayla", hours)
		want(map[string]int64{"ayla": 30, "vera": 30, "leap": 0})
		s.advance("ayla", 90*24*hours)
		want(map[string]int64{"ayla": 30, "leap": 30}) // on 28 February 2027
		s.advance("ayla", 300*24*hours)
		want(map[string]int64{"ayla": 60, "mehmet": 60})
		if a := s.account(stranger); a.Entries {
			t.Errorf("somebody who never joined got %+v", a)
		}
		wants(t, s.Say("ayla", "history"), "+30 points, birthday gift")
	})
}

func TestChangedTermsAreAsked(t *testing.T) {
	t.Parallel()
	s := newShop(t, migrated.SQLite(t), referralFile)
	who := s.Meet("ayla")
	s.Say("ayla", "/join")
	s.Press("ayla", "Join")
	lacks(t, s.Say("ayla", "balance"), "have changed")
	s.Terms = "4"
	wants(t, s.Say("ayla", "balance"), "The terms of our loyalty programme have changed.", "[I accept]")
	wants(t, s.Press("ayla", "I accept"), "Noted")
	if terms := s.account(who).Member.Terms; terms != "4" {
		t.Errorf("the terms are %q, want 4", terms)
	}
	lacks(t, s.Say("ayla", "my card"), "have changed")
}

func TestLinkedRecordsShareAndPartAgain(t *testing.T) {
	t.Parallel()
	migrated.OnBoth(t, func(t *testing.T, url string) {
		s := newShop(t, url, file)
		phone, desk := s.member("phone"), s.Meet("desk")
		s.buy("phone", "1", 6000)
		s.buy("desk", "2", 9000)
		s.advance("phone", 49*hours)
		s.link(desk, phone)
		wants(t, s.Say("desk", "balance"), "Your balance: 160 points", "Tier: Green")
		s.buy("desk", "3", 100)
		if tier := s.account(desk).Member.Tier; tier != "silver" {
			t.Errorf("the tier is %q after both sides' purchases, want silver", tier)
		}
		s.Say("desk", "rewards")
		s.Press("desk", "Free latte (120)")
		wants(t, s.Press("desk", "Yes, get it"), "Done. Your code")
		if a := s.account(phone); a.Spendable != 40 {
			t.Errorf("%d points are left together, want 40", a.Spendable)
		}
		s.link(desk, desk)
		if a, b := s.account(phone), s.account(desk); a.Spendable+b.Spendable != 40 {
			t.Errorf("apart they have %d and %d, want 40 in all", a.Spendable, b.Spendable)
		}
		if rec := s.purchase(loyalty.Order{Source: "till", ID: "3", Total: 100, Currency: "AZN"}); rec.Fresh {
			t.Error("an order of linked times is fresh after parting")
		}
	})
}
