package loyalty_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// TestACreditNoticeNamesWhatThePendingPointsBuy: a balance of nought beside two hundred new points reads like a mistake
// unless what they are good for is said.
func TestACreditNoticeNamesWhatThePendingPointsBuy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.member("ayla")
		got := s.buy("ayla", "1", 11000)
		wants(t, got, "+110 points", "Balance: 10 points", "Pending: 110 points", "You can get then: Free latte, Mug")
		lacks(t, got, "Gift card")
	})
}

func TestCreditNoticeOnceADay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.member("ayla")
		wants(t, s.buy("ayla", "1", 4990), "+49 points: purchase (49.90", "Pending: 49 points", "[Stop these notices]")
		if got := s.buy("ayla", "2", 1000); got != "" {
			t.Errorf("a second notice on the same day: %q", got)
		}
		s.advance("ayla", 24*hours)
		wants(t, s.buy("ayla", "3", 5000), "+50 points", "Your new tier: Silver. Thank you!", "Free syrup")
		wants(t, s.Press("ayla", "Stop these notices"), "we won't write about every credit", "[Undo]")
		s.advance("ayla", 24*hours)
		if got := s.buy("ayla", "4", 1000); got != "" {
			t.Errorf("a notice after they were turned off: %q", got)
		}
		wants(t, s.Say("ayla", "balance"), "[Tell me of credits]")
		s.Press("ayla", "Tell me of credits")
		wants(t, s.buy("ayla", "5", 1000), "+10 points")
		s.advance("ayla", 24*hours)
		s.Say("ayla", "/stop")
		if got := s.buy("ayla", "6", 1000); got != "" {
			t.Errorf("a notice after stop: %q", got)
		}
	})
}

func TestOrdersTellEventsOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.purchase(loyalty.Order{Source: "till", ID: "old", Customer: who, Total: 1000, Currency: "AZN", At: s.Clock.Now().Add(-30 * 24 * hours)})
		s.wantEvents(engagement.EventOrder, 0)
		for range 2 {
			s.buy("ayla", "1", 1000)
		}
		s.wantEvents(engagement.EventOrder, 1)
		s.wantEvents(engagement.EventOrderFirst, 0) // the old one was
		other := s.Meet("vera")
		s.purchase(loyalty.Order{Source: "till", ID: "v", Customer: other, Total: 1000, Currency: "AZN"})
		s.wantEvents(engagement.EventOrderFirst, 1)
	})
}

func TestOrderOfAnUnknownPhoneWaits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		for range 2 {
			rec := s.purchase(loyalty.Order{Source: "till", ID: "1", Phone: "+994 (50) 123-45-67", Total: 2000, Currency: "AZN"})
			if rec.Customer != 0 {
				t.Fatalf("nobody's phone bought: %+v", rec)
			}
		}
		before := len(s.Sent["ayla"])
		s.Event("ayla", conversation.Inbound{Kind: conversation.KindMessage, Attachments: []conversation.Attachment{
			{Kind: "contact", Own: true, Text: "994501234567"},
		}})
		wants(t, s.Heard("ayla", before), "Your number is confirmed: +994501234567", "+20 points")
		if a := s.account(who); a.Pending != 20 {
			t.Errorf("the account is %+v, want the 20 points that waited", a)
		}
		rec := s.purchase(loyalty.Order{Source: "till", ID: "2", Phone: "+994501234567", Total: 1000, Currency: "AZN"})
		if rec.Customer != who || rec.Points != 10 {
			t.Errorf("a later order by phone: %+v, want 10 points for %d", rec, who)
		}
		s.Meet("vera")
		before = len(s.Sent["vera"])
		s.Event("vera", conversation.Inbound{Kind: conversation.KindMessage, Attachments: []conversation.Attachment{
			{Kind: "contact", Own: true, Text: "+994501234567"},
		}})
		wants(t, s.Heard("vera", before), "belongs to another account")
		s.purchase(loyalty.Order{Source: "till", ID: "3", Phone: "+994507654321", Total: 1000, Currency: "AZN"})
		s.advance("ayla", 91*24*hours)
		if o, err := s.Store.FindOrder(t.Context(), "till", "3"); err != nil || o.Phone != "" {
			t.Errorf("after 90 days the order is %+v, %v; want its phone forgotten", o, err)
		}
	})
}

func TestReturnsTakeTheirPointsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.buy("ayla", "1", 15000)
		if tier := s.account(who).Member.Tier; tier != "silver" {
			t.Fatalf("the tier is %q, want silver", tier)
		}
		s.advance("ayla", 49*hours)
		s.Say("ayla", "rewards")
		s.Press("ayla", "Free latte (120)")
		s.Press("ayla", "Yes, get it")
		order := loyalty.Order{Source: "till", ID: "1", Total: 15000, Currency: "AZN", Returned: true}
		if rec := s.purchase(order); rec.Points != -40 || rec.Owed != 110 {
			t.Errorf("the return: %+v, want the 40 that were left and 110 owed", rec)
		}
		if rec := s.purchase(order); rec.Points != 0 || rec.Owed != 110 {
			t.Errorf("the return again: %+v, want nothing more", rec)
		}
		wants(t, s.Say("ayla", "balance"), "Your balance: 0 points", "Owed for a returned purchase: 110 points")
		order.Returned = false
		if rec := s.purchase(order); rec.Fresh || rec.Points != 0 && rec.Balance != 0 {
			t.Errorf("the purchase told again after its return: %+v", rec)
		}
		s.buy("ayla", "2", 12000)
		if a := s.account(who); a.Pending != 10 || a.Owed != 0 || a.Earned != 130 {
			t.Errorf("after the next purchase: %+v, want 10 of 120 left and nothing owed", a)
		}
		wants(t, s.Say("ayla", "history"), "−110 points, deducted for a returned purchase", "−40 points, returned purchase")
	})
}

func TestBadOrders(t *testing.T) {
	t.Parallel()
	s := newShop(t, "sqlite://"+t.TempDir()+"/test.db", file)
	who := s.member("ayla")
	good := loyalty.Order{Source: "till", ID: "1", Customer: who, Total: 1000, Currency: "AZN", Lines: []loyalty.Line{{Category: "beans", Total: 500}}}
	s.purchase(good)
	tests := map[string]struct {
		change func(*loyalty.Order)
		want   error
	}{
		"other total":    {func(o *loyalty.Order) { o.Total = 999 }, loyalty.ErrOrderChanged},
		"other lines":    {func(o *loyalty.Order) { o.Lines = nil }, loyalty.ErrOrderChanged},
		"no id":          {func(o *loyalty.Order) { o.ID = "" }, loyalty.ErrBadOrder},
		"long id":        {func(o *loyalty.Order) { o.ID = strings.Repeat("x", 201) }, loyalty.ErrBadOrder},
		"no currency":    {func(o *loyalty.Order) { o.Currency = "" }, loyalty.ErrBadOrder},
		"negative":       {func(o *loyalty.Order) { o.Total = -1 }, loyalty.ErrBadOrder},
		"negative line":  {func(o *loyalty.Order) { o.Lines = []loyalty.Line{{Total: -1}} }, loyalty.ErrBadOrder},
		"future":         {func(o *loyalty.Order) { o.At = s.Clock.Now().Add(48 * time.Hour) }, loyalty.ErrBadOrder},
		"nobody":         {func(o *loyalty.Order) { o.ID, o.Customer = "2", 0 }, loyalty.ErrNobody},
		"unknown card":   {func(o *loyalty.Order) { o.ID, o.Customer, o.Code = "2", 0, "12345678" }, loyalty.ErrUnknownCode},
		"bad phone":      {func(o *loyalty.Order) { o.ID, o.Customer, o.Phone = "2", 0, "050-123" }, loyalty.ErrBadPhone},
		"no such person": {func(o *loyalty.Order) { o.ID, o.Customer = "2", 12345 }, conversation.ErrNotFound},
	}
	for name, tt := range tests {
		o := good
		tt.change(&o)
		if _, err := s.Purchase(t.Context(), o, s.Clock.Now()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if a := s.account(who); a.Pending != 15 {
		t.Errorf("%d points are pending, want the 15 of the good order", a.Pending)
	}
}

func TestVouchersAtTheTill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.member("ayla")
		s.buy("ayla", "1", 100000)
		s.advance("ayla", 49*hours)
		code := func(reward string) string {
			s.Say("ayla", "rewards")
			s.Press("ayla", reward)
			s.Press("ayla", "Yes, get it")
			id, err := s.DB.FindCustomer(t.Context(), "telegram", "ayla")
			if err != nil {
				t.Fatal(err)
			}
			all, err := s.Store.Vouchers(t.Context(), id, s.Clock.Now(), 10)
			if err != nil || len(all) == 0 {
				t.Fatalf("Vouchers() = %v, %v", all, err)
			}
			return all[len(all)-1].Code
		}
		use := func(code, id string, amount int64) (loyalty.Voucher, bool, error) {
			return s.Use(t.Context(), loyalty.Use{Code: strings.ToLower(loyalty.ShownCode(code)), Source: "till", SourceID: id, Amount: amount, At: s.Clock.Now()})
		}
		latte := code("Free latte (120)")
		for i, want := range []struct {
			id    string
			fresh bool
			err   error
		}{{"r1", true, nil}, {"r1", false, nil}, {"r2", false, loyalty.ErrVoucherUsed}} {
			if v, fresh, err := use(latte, want.id, 0); fresh != want.fresh || !errors.Is(err, want.err) || v.State != loyalty.VoucherUsed {
				t.Errorf("use %d: %+v, %v, %v; want %+v", i, v, fresh, err, want)
			}
		}
		card := code("Gift card (400)")
		for i, want := range []struct {
			id     string
			amount int64
			left   int64
			err    error
		}{{"g1", 1500, 500, nil}, {"g1", 1500, 500, nil}, {"g2", 600, 500, loyalty.ErrVoucherTooSmall}, {"g3", 500, 0, nil}, {"g4", 1, 0, loyalty.ErrVoucherUsed}} {
			if v, _, err := use(card, want.id, want.amount); v.Remaining != want.left || !errors.Is(err, want.err) {
				t.Errorf("gift card %d: %+v, %v; want %+v", i, v, err, want)
			}
		}
		late := code("Free latte (120)")
		s.advance("ayla", 32*24*hours)
		if _, _, err := use(late, "r9", 0); !errors.Is(err, loyalty.ErrVoucherExpired) {
			t.Errorf("a late code: %v, want ErrVoucherExpired", err)
		}
		if v, err := s.Store.VoucherByCode(t.Context(), late); err != nil || v.State != loyalty.VoucherExpired {
			t.Errorf("the late code is %+v, %v; want it ended", v, err)
		}
		if _, _, err := use("22222222", "r9", 0); !errors.Is(err, conversation.ErrNotFound) {
			t.Errorf("an unknown code: %v", err)
		}
	})
}

func TestPointsLapseAfterAWarning(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.buy("ayla", "1", 15000)
		s.advance("ayla", 5*24*hours)
		s.buy("ayla", "2", 1000)
		warned := s.advance("ayla", 360*24*hours)
		wants(t, warned, "Expiring on 2 December: 160 points", "Expiring on 7 December: 10 points. Write “rewards”", "[Rewards] [Balance]")
		if n := strings.Count(warned, "Write “rewards”"); n != 1 {
			t.Errorf("%d warnings, want 1 for what lapses within two weeks: %q", n, warned)
		}
		if a := s.account(who); a.Spendable != 170 || a.Member.Tier != "silver" {
			t.Errorf("before the lapse: %+v, want 170 points and still silver", a)
		}
		s.advance("ayla", 10*24*hours)
		if a := s.account(who); a.Spendable != 0 || a.Member.Tier != "silver" || a.Member.Until.IsZero() {
			t.Errorf("after the lapse: %+v, want nothing, and silver by grace", a)
		}
		s.advance("ayla", 31*24*hours)
		if a := s.account(who); a.Member.Tier != "green" {
			t.Errorf("after the grace: %+v, want green", a.Member)
		}
		s.wantEvents(engagement.EventTierChanged, 2)
		wants(t, s.Say("ayla", "history"), "−150 points, expired", "−10 points, expired")
	})
}

func TestCancellingARewardGivesItsPointsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.member("ayla")
		s.buy("ayla", "1", 5000)
		s.advance("ayla", 49*hours)
		take := func() loyalty.Voucher {
			s.Say("ayla", "rewards")
			s.Press("ayla", "Mug (30)")
			s.Press("ayla", "Yes, get it")
			all, err := s.Store.Vouchers(t.Context(), who, s.Clock.Now(), 10)
			if err != nil || len(all) != 1 {
				t.Fatalf("Vouchers() = %v, %v", all, err)
			}
			return all[0]
		}
		v := take()
		for round := range 2 {
			err := s.Store.ForCustomer(t.Context(), who, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
				fresh, err := s.Cancel(ctx, tx, v, s.Clock.Now())
				if fresh != (round == 0) {
					t.Errorf("cancelling, round %d: fresh is %v", round, fresh)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if a := s.account(who); a.Spendable != 60 || len(a.Expiring) != 1 {
			t.Errorf("the account is %+v, want the 60 points in their own lots", a)
		}
		if _, _, err := s.Use(t.Context(), loyalty.Use{Code: v.Code, Source: "till", SourceID: "x", At: s.Clock.Now()}); !errors.Is(err, loyalty.ErrVoucherCancelled) {
			t.Errorf("using a cancelled code: %v", err)
		}
		take() // there is one in stock again
		wants(t, s.Say("ayla", "history"), "+30 points, reward given back: Mug")
	})
}
