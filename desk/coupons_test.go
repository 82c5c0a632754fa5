package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// rewards of these tests.
const rewards = `rewards:
  ten: {title: {en: Ten off, az: On faiz}, about: {en: On beans., az: Paxlaya.}, kind: coupon, percent: 10, points: 100, valid: 14d}
  five: {title: {en: Five manats}, kind: coupon, value: 5, points: 300, per_person: 1}
  rare: {title: {en: Rare}, kind: coupon, percent: 50, points: 900, stock: 1}
  gold: {title: {en: For gold}, kind: coupon, percent: 20, points: 50, tier: gold}
  few: {title: {en: For few}, kind: coupon, percent: 30, points: 50, to: nobody}
  mug: {title: {en: Mug}, points: 100}
`

// couponRoles of these tests.
const couponRoles = `roles:
  lead: {slack_groups: [leads], may: [coupon]}
  staff: {slack_channel_members: true, may: [reply, resolve], coupons_a_day: 1, coupons_a_week: 2}
`

// couponed gives a bureau coupons to give.
func couponed(b *bureau, roles string) {
	b.t.Helper()
	staffed(b, roles)
	var set struct {
		Rewards config.Map[loyalty.Reward] `yaml:"rewards"`
	}
	doc, r := config.Parse("rapport.yaml", []byte(rewards), config.Options{})
	config.Decode(doc.Root, &set, r)
	if p := r.Problems(); len(p) > 0 {
		b.t.Fatal(p)
	}
	p := loyalty.New(loyalty.Sections{Rewards: &set.Rewards})
	p.Tiers.Levels.Entries = []config.MapEntry[loyalty.Level]{{ID: "green"}, {ID: "gold", Value: loyalty.Level{From: 100}}}
	p.Zone, p.Languages, p.Store, p.Currency = time.UTC, []language.Code{language.English}, b.db.Loyalty(), config.Currency("AZN")
	p.Texts = b.agenda.Texts
	b.agenda.Coupons = persistence.StaffCoupons{Programme: p}
}

// last is the newest message to a chat.
func (b *bureau) last(chat string) outbox.Item {
	b.t.Helper()
	items := b.sent[chat]
	if len(items) == 0 {
		b.t.Fatalf("%s heard nothing", chat)
	}
	return items[len(items)-1]
}

// codes are the vouchers that somebody has.
func (b *bureau) codes(who string) []loyalty.Voucher {
	b.t.Helper()
	id, err := b.db.FindCustomer(b.t.Context(), "telegram", who)
	if err != nil {
		b.t.Fatal(err)
	}
	list, err := b.db.Loyalty().Vouchers(b.t.Context(), id, b.clock.Now(), 100)
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// gives has a member give a coupon from the newest card, and answers what staff were told meanwhile.
func (b *bureau) gives(who, title string) string {
	b.t.Helper()
	before := len(b.sent["#support"])
	b.press(who, "Coupon")
	b.press(who, title)
	b.press(who, "Yes, send it")
	return b.heard("#support", before)
}

// TestACouponFromTheCard: chosen, confirmed, sent once with its code, conditions and end, whoever presses how often.
func TestACouponFromTheCard(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		couponed(b, couponRoles)
		b.say("c1", "/agent")
		before := len(b.sent["c1"])
		b.press("leyla", "Coupon")
		want(t, b.last("#support").Body.Text.Plain(), "Which coupon should", "It costs the customer nothing")
		var offered []string
		for _, row := range b.last("#support").Body.Rows {
			for _, button := range row {
				offered = append(offered, button.Label)
			}
		}
		if got := strings.Join(offered, ", "); got != "Ten off, Five manats, Rare, For gold, For few" {
			t.Errorf("offered are %s", got)
		}
		b.press("leyla", "Ten off")
		ask := b.last("#support")
		want(t, ask.Body.Text.Plain(), "“Ten off”", "by 16 December", "Send it to the customer now?")
		if ask.Body.OnlyFor != "leyla" || len(b.codes("c1")) != 0 || len(b.sent["c1"]) != before {
			t.Fatalf("something happened before the yes: %+v", ask)
		}
		yes := ask.Body.Rows[0][0].Token
		b.token("leyla", "#support", yes, nil)
		got := b.last("c1")
		codes := b.codes("c1")
		if len(codes) != 1 || codes[0].Value != 10 || codes[0].Kind != loyalty.KindPercent {
			t.Fatalf("the vouchers are %+v", codes)
		}
		want(t, got.Body.Text.Plain(), "LEYLA:", "A coupon for you: Ten off", "On beans.", "Discount: 10", "Can be used once", loyalty.ShownCode(codes[0].Code), "16 December")
		if got.Body.Image == nil || got.Lane != conversation.LaneAnswer || got.AfterCrash != conversation.Unknown || got.Proactive.Purpose != "" {
			t.Errorf("it went as %+v", got)
		}
		b.token("leyla", "#support", yes, nil)
		b.token("nigar", "#support", yes, nil)
		want(t, b.gives("nigar", "Five manats"), "given for this question already")
		if n := len(b.codes("c1")); n != 1 || len(b.sent["c1"]) != before+1 {
			t.Errorf("%d vouchers, %d messages", n, len(b.sent["c1"])-before)
		}
		id := b.ticket("c1").Customer
		kept, err := b.db.DeskClerk().Deeds(t.Context(), "customer", int64(id), 10)
		if err != nil || len(kept) != 1 || kept[0].What != "coupon" || kept[0].By.ID != "leyla" {
			t.Errorf("kept: %+v, %v", kept, err)
		}
	})
}

// TestCouponsHaveLimits: for a day and a week, for each member; what is refused costs nothing and is kept.
func TestCouponsHaveLimits(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		couponed(b, couponRoles)
		fresh := func(who string) { b.say(who, "/agent") }
		fresh("c1")
		want(t, b.gives("nigar", "For gold"), "meant for other customers")
		b.press("nigar", "Coupon")
		b.press("nigar", "For few")
		want(t, b.last("#support").Body.Text.Plain(), "meant for other customers")
		want(t, b.gives("nigar", "Rare"), "gives the coupon “Rare”")
		fresh("c2")
		want(t, b.gives("nigar", "Ten off"), "you may give 1 a day")
		want(t, b.gives("leyla", "Rare"), "none of “Rare” are left")
		want(t, b.gives("leyla", "Five manats"), "gives the coupon")
		b.press("leyla", "Resolve")
		b.say("c2", "/agent") // another question of the same person
		want(t, b.gives("leyla", "Five manats"), "as often as one person may")
		want(t, b.gives("leyla", "Ten off"), "gives the coupon")
		b.to("2026-12-03 11:00")
		fresh("c3")
		want(t, b.gives("nigar", "Ten off"), "gives the coupon")
		b.to("2026-12-04 11:00")
		fresh("c4")
		want(t, b.gives("nigar", "Ten off"), "you may give 2 a week")
		b.to("2026-12-07 11:00")
		fresh("c5")
		want(t, b.gives("nigar", "Ten off"), "gives the coupon")
		for who, n := range map[string]int{"c1": 1, "c2": 2, "c3": 1, "c4": 0, "c5": 1} {
			if got := len(b.codes(who)); got != n {
				t.Errorf("%s has %d vouchers, want %d", who, got, n)
			}
		}
	})
}

// TestCouponsNeedARole: without one there is no button, and a press of an older card is refused kindly.
func TestCouponsNeedARole(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		couponed(b, `roles: {lead: {slack_groups: [leads], may: [coupon]}}`)
		b.say("c1", "/agent")
		before := len(b.sent["#support"])
		b.press("nigar", "Coupon")
		want(t, b.heard("#support", before), "does not allow giving coupons")
		b.agenda.Config.Roles = config.Map[desk.Role]{}
		b.say("c2", "/agent")
		for _, row := range b.last("#support").Body.Rows {
			for _, button := range row {
				if button.Label == "Coupon" {
					t.Error("there is a button that nobody may press")
				}
			}
		}
	})
}

// TestACouponIsInTheCustomersLanguage.
func TestACouponIsInTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	inBureaus(t, "2026-12-02 11:00", func(t *testing.T, b *bureau) {
		couponed(b, couponRoles)
		p := b.agenda.Coupons.(persistence.StaffCoupons).Programme
		text, picture := p.CouponText(language.Azerbaijani, loyalty.Voucher{Reward: "ten", Kind: loyalty.KindPercent, Value: 10, Code: "ABCD2345", ExpiresAt: b.clock.Now()}, b.clock.Now())
		want(t, text.Plain(), "Sizin üçün kupon: On faiz", "Paxlaya.", "10%", "ABCD-2345", "Kassada")
		if picture == nil {
			t.Error("no picture")
		}
	})
}
