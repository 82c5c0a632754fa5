package loyalty

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// Rewards lists what points buy, and gives a code for it in two taps.
type Rewards struct{ *Programme }

var _ conversation.Presser = Rewards{}

// Name implements conversation.Skill.
func (Rewards) Name() string { return rewardsName }

// rewardData is what its buttons carry.
type rewardData struct {
	Reward string `json:"r"`
	Key    string `json:"k,omitempty"` // of the redemption: the event that asked for the confirmation
}

// maxCodesShown is how many unused codes are listed.
const maxCodesShown = 10

// Decide implements conversation.Skill.
func (s Rewards) Decide(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if f, ok := t.Dialogue.Open(rewardsName); ok && f.Step == stepAddress && t.In.Kind == conversation.KindMessage && t.In.Command == "" {
		return s.address(t, f)
	}
	if !asked(t, texts.IntentRewards) {
		return nil, nil
	}
	if c := s.private(t); c != nil {
		return c, nil
	}
	return s.list(ctx, t)
}

// list shows the rewards, those that can be had now also as buttons, and the codes that are not used yet.
func (s Rewards) list(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	codes, err := s.Store.Vouchers(ctx, t.Person.ID, t.Now, maxCodesShown)
	if err != nil {
		return nil, err
	}
	var rows [][]conversation.Button
	var lines []texts.Rich
	for _, e := range s.choices(t.Now) {
		may, err := s.includes(ctx, t.Person.ID, &e.Value)
		if err != nil {
			return nil, err
		}
		if !may || !s.tierAllows(a, &e.Value) {
			continue
		}
		title := s.local(t.Lang, e.Value.Title)
		if e.Value.Points <= a.Spendable {
			rows = append(rows, []conversation.Button{conversation.Act(
				s.Texts.Label(t.Lang, "reward.button", texts.Vars{"reward": title, "n": e.Value.Points}), rewardsName, verbChoose, rewardData{Reward: e.ID})})
		}
		lines = append(lines, s.Texts.Say(t.Lang, "reward.line", texts.Vars{"reward": title, "n": e.Value.Points}))
	}
	var head texts.Rich
	switch {
	case len(rows) > 0:
		head = s.Texts.Say(t.Lang, "reward.header", texts.Vars{"n": a.Spendable})
	case len(lines) > 0:
		head = s.noneYet(t, a)
	default:
		head = s.Texts.Say(t.Lang, "reward.empty", nil)
	}
	return s.say(t, conversation.Say(texts.Paragraphs(head, texts.List(lines...), s.codes(t, codes)), rows...)), nil
}

// noneYet says how far the nearest reward is.
func (s Rewards) noneYet(t conversation.Turn, a Account) texts.Rich {
	reward, rest, _ := s.nearest(a.Spendable, t.Now)
	return s.Texts.Say(t.Lang, "reward.none_yet", texts.Vars{"n": a.Spendable, "reward": s.rewardTitle(t.Lang, reward), "rest": rest})
}

// codes lists unused vouchers; nothing when there are none.
func (s Rewards) codes(t conversation.Turn, all []Voucher) texts.Rich {
	if len(all) == 0 {
		return nil
	}
	lines := make([]texts.Rich, 0, len(all))
	for _, v := range all {
		lines = append(lines, s.Texts.Say(t.Lang, "reward.my_code", texts.Vars{
			"reward": s.rewardTitle(t.Lang, v.Reward), "code": shown(v.Code), "date": s.date(lastDay(v.ExpiresAt, s.Zone), t.Now),
		}))
	}
	return texts.Lines(s.Texts.Say(t.Lang, "reward.my_codes", nil), texts.List(lines...))
}

// shown is a code that a long press copies.
func shown(code string) texts.Rich { return texts.Literal(ShownCode(code)).In(texts.Code) }

// includes asks the audience of a reward, if it has one.
func (s Rewards) includes(ctx context.Context, who conversation.CustomerID, w *Reward) (bool, error) {
	if w.To.Value == "" {
		return true, nil
	}
	if s.Match == nil {
		return false, nil // who may have it cannot be told, so nobody gets it
	}
	may, err := s.Match(ctx, who, w.To.Value)
	if err != nil {
		return false, fmt.Errorf("see who may have a reward: %w", err)
	}
	return may, nil
}

// Press implements conversation.Presser.
func (s Rewards) Press(ctx context.Context, t conversation.Turn, a conversation.Action) (conversation.Commit, error) {
	d, err := data[rewardData](a)
	if err != nil {
		return nil, err
	}
	switch a.Verb {
	case verbShow:
		return s.list(ctx, t)
	case verbChoose:
		return s.choose(ctx, t, d)
	case verbNo:
		return s.say(t, unpress(t), conversation.Say(s.Texts.Say(t.Lang, "reward.cancelled", nil))), nil
	case verbYes:
		return s.redeem(ctx, t, d)
	case verbPickup, verbAddress:
		return s.handOver(t, d, a.Verb)
	}
	return nil, unknownVerb(a)
}

// choose asks for the confirmation.
func (s Rewards) choose(ctx context.Context, t conversation.Turn, d rewardData) (conversation.Commit, error) {
	w, ok := s.Rewards.Get(d.Reward)
	if !ok || !w.Open(t.Now, s.Zone) {
		return s.refuse(t, d.Reward, &RefusedError{Text: "reward.gone"}), nil
	}
	a, err := s.ReadAccount(ctx, t.Person.ID, t.Now)
	if err != nil {
		return nil, err
	}
	if missing := w.Points - a.Spendable; missing > 0 {
		return s.refuse(t, d.Reward, &ShortError{missing}), nil
	}
	if !a.Joined() {
		ask := Joining(s).question(t, d.Reward)
		ask.Body.Text = texts.Paragraphs(s.Texts.Say(t.Lang, "join.needed", nil), ask.Body.Text)
		return s.say(t, ask), nil
	}
	return s.say(t, s.confirm(t, d.Reward, w, a)), nil
}

// confirm is the question before points are spent. Its buttons carry the key under which they are, so that pressing
// twice spends once.
func (s Rewards) confirm(t conversation.Turn, id string, w *Reward, a Account) conversation.Outgoing {
	vars := texts.Vars{"reward": s.local(t.Lang, w.Title), "n": w.Points, "rest": a.Spendable - w.Points}
	key := "reward.confirm"
	if w.Points == 0 {
		key = "reward.confirm_free"
	}
	d := rewardData{Reward: id, Key: strconv.FormatInt(t.In.ID, 10)}
	return conversation.Say(texts.Paragraphs(texts.Literal(s.local(t.Lang, w.About)), s.Texts.Say(t.Lang, key, vars)), []conversation.Button{
		conversation.Act(s.label(t.Lang, "reward.confirm_yes"), rewardsName, verbYes, d),
		conversation.Act(s.label(t.Lang, "reward.confirm_no"), rewardsName, verbNo, nil),
	})
}

// redeem spends the points and shows the code.
func (s Rewards) redeem(ctx context.Context, t conversation.Turn, d rewardData) (conversation.Commit, error) {
	if w, ok := s.Rewards.Get(d.Reward); ok {
		may, err := s.includes(ctx, t.Person.ID, w)
		if err != nil {
			return nil, err
		}
		if !may {
			return s.refuse(t, d.Reward, &RefusedError{Text: "reward.gone"}), nil
		}
	}
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		got, err := s.Redeem(ctx, tx, t.Person.ID, d.Reward, d.Key, t.Now)
		var short *ShortError
		switch {
		case errors.As(err, &short), errors.Is(err, errRefused), errors.Is(err, ErrNotMember), errors.Is(err, conversation.ErrNotFound):
			return s.refuse(t, d.Reward, err)(ctx, tx)
		case err != nil:
			return t.Dialogue, err
		}
		return t.Dialogue, send(ctx, tx, unpress(t), s.done(t, got.Voucher))
	}, nil
}

// refuse says why a reward is not given.
func (s Rewards) refuse(t conversation.Turn, reward string, why error) conversation.Commit {
	vars := texts.Vars{"reward": s.rewardTitle(t.Lang, reward)}
	key := "reward.gone"
	var short *ShortError
	var refused *RefusedError
	switch {
	case errors.As(why, &short):
		key, vars["n"] = "reward.not_enough", short.Missing
	case errors.Is(why, ErrNotMember):
		key = "join.needed"
	case errors.As(why, &refused):
		key, vars["tier"] = refused.Text, s.tierTitle(t.Lang, refused.Tier)
	}
	return s.say(t, conversation.Say(s.Texts.Say(t.Lang, key, vars)))
}

// done shows the code, as text and as a picture for the till.
func (s Rewards) done(t conversation.Turn, v Voucher) conversation.Outgoing {
	vars := texts.Vars{"code": shown(v.Code), "date": s.date(lastDay(v.ExpiresAt, s.Zone), t.Now)}
	key := "reward.done"
	var rows [][]conversation.Button
	switch v.Kind {
	case KindGiftCard:
		key, vars["money"] = "reward.done_gift_card", texts.Money{Minor: v.Value, Currency: v.Currency}
	case KindPlace:
		key, vars["title"] = "event.done", s.rewardTitle(t.Lang, v.Reward)
		if w, ok := s.Rewards.Get(v.Reward); ok {
			at := w.Starts.In(s.Zone)
			vars["date"], vars["time"] = s.date(at, t.Now), texts.ClockOf(at)
		}
	case KindGift:
		key = "reward.done_physical"
		d := rewardData{Reward: v.Reward, Key: v.Code}
		rows = [][]conversation.Button{
			{conversation.Act(s.label(t.Lang, "reward.pickup"), rewardsName, verbPickup, d)},
			{conversation.Act(s.label(t.Lang, "reward.address"), rewardsName, verbAddress, d)},
		}
	}
	o := conversation.Say(s.Texts.Say(t.Lang, key, vars), rows...)
	if v.Kind != KindGift {
		o.Body.Image = picture(v.Code)
	}
	return o
}
