package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
)

// Right is something that a role may do; see Role.May.
type Right string

// The rights.
const (
	MayReply   Right = "reply"
	MayResolve Right = "resolve"
	MayPoints  Right = "points"
	MayCoupon  Right = "coupon"
	MayPause   Right = "pause"
	MaySilence Right = "silence"
	MayReports Right = "reports"
	MayForget  Right = "forget"
)

// Directory knows who is who on the platform where staff work. A yes may be some minutes old, a no is not.
type Directory interface {
	// InGroup says whether a user is in the user group with that handle.
	InGroup(ctx context.Context, handle, user string) (bool, error)
	// InChannel says whether a user is a member of a channel, given by id or #name.
	InChannel(ctx context.Context, channel, user string) (bool, error)
}

// NoLimit is a number of points without a limit.
const NoLimit int64 = -1

// Rights are what one member of staff may do.
type Rights struct {
	May map[Right]bool
	// Points is the most that they may give and take in a day, together; NoLimit, or 0 for none.
	Points int64
	// Coupons and CouponsWeek are the most that they may give in a day and in a week; NoLimit, or 0 for none.
	Coupons, CouponsWeek int64
	// Unsure is set when the platform did not say who has some of the roles: what May does not have may be allowed.
	Unsure error
}

// Staff says whether somebody is one of the staff at all.
func (r Rights) Staff() bool { return len(r.May) > 0 }

// everyday is what every member of the staff channels may do as long as no role of the config names it. Points and
// coupons need a role, since somebody has to say how many; erasing a customer needs one, since it cannot be undone.
var everyday = []Right{MayReply, MayResolve, MayPause, MaySilence, MayReports}

// RightsOf is what who has sent an event may do: the sum of the member's roles. With only given, roles that have nothing
// to do with those rights are not looked up.
func (d *Desk) RightsOf(ctx context.Context, in conversation.Inbound, only ...Right) Rights {
	r, who := Rights{May: map[Right]bool{}}, actor{desk: d, in: in}
	if in.From.UserID == "" {
		return r
	}
	named := map[Right]bool{}
	for id, role := range d.Config.Roles.All() {
		gives := role.gives()
		for _, right := range gives {
			named[right] = true
		}
		if len(only) > 0 && !slices.ContainsFunc(only, func(right Right) bool { return slices.Contains(gives, right) }) {
			continue
		}
		has, err := who.has(ctx, role)
		if err != nil {
			r.Unsure = fmt.Errorf("look who has the role %s: %w", id, err)
		} else if has {
			r.add(role)
		}
	}
	free := slices.DeleteFunc(slices.Clone(everyday), func(right Right) bool {
		return named[right] || len(only) > 0 && !slices.Contains(only, right)
	})
	if len(free) == 0 {
		return r
	}
	inside, err := who.inChannels(ctx)
	if err != nil {
		r.Unsure = fmt.Errorf("look who is in the staff channels: %w", err)
	}
	for _, right := range free {
		if inside {
			r.May[right] = true
		}
	}
	return r
}

// gives lists the rights that a role gives. One that allows so many points or coupons gives the right to them.
func (r *Role) gives() []Right {
	var all []Right
	for _, right := range r.May {
		all = append(all, Right(right))
	}
	if r.Points > 0 && !slices.Contains(all, MayPoints) {
		all = append(all, MayPoints)
	}
	if r.givesCoupons() && !slices.Contains(all, MayCoupon) {
		all = append(all, MayCoupon)
	}
	return all
}

// add adds what a role allows. Who may give points has no limit unless the role has one.
func (r *Rights) add(role *Role) {
	for _, right := range role.gives() {
		r.May[right] = true
	}
	if role.givesCoupons() {
		r.Coupons, r.CouponsWeek = wider(r.Coupons, role.Coupons), wider(r.CouponsWeek, role.CouponsWeek)
	}
	switch {
	case role.Points > 0:
		if r.Points != NoLimit {
			r.Points = max(r.Points, role.Points)
		}
	case slices.Contains(role.May, string(MayPoints)):
		r.Points = NoLimit
	}
}

// wider is a limit together with that of another role that gives the same right; a role that names none has none.
func wider(limit, role int64) int64 {
	if limit == NoLimit || role == 0 {
		return NoLimit
	}
	return max(limit, role)
}

// actor looks up what who has sent an event belongs to.
type actor struct {
	desk *Desk
	in   conversation.Inbound
}

// has says whether the sender has a role. What needs no question to the platform is looked at first, and a list that
// cannot be had does not keep the others from being looked at.
func (q actor) has(ctx context.Context, role *Role) (bool, error) {
	user := q.in.From.UserID
	if slices.Contains(role.Users, user) || role.Everybody && q.present() {
		return true, nil
	}
	if q.desk.Directory == nil {
		return false, nil
	}
	var failed error
	for _, handle := range role.Groups {
		in, err := q.desk.Directory.InGroup(ctx, strings.TrimPrefix(handle, "@"), user)
		if in {
			return true, nil
		}
		failed = errors.Join(failed, err)
	}
	if !role.Everybody {
		return false, failed
	}
	in, err := q.inChannels(ctx)
	if in {
		return true, nil
	}
	return false, errors.Join(failed, err)
}

// present says whether the event itself proves that its sender is a member of a channel where staff work: only members
// write, press and fill in forms there. A command and the app's page prove nothing, they come from anywhere.
func (q actor) present() bool {
	in := q.in
	return in.Staff && !in.Private && in.Command == "" && in.Kind != conversation.KindHome && in.Chat != "" && in.Chat != in.From.UserID
}

// inChannels says whether the sender is a member of any channel where staff work.
func (q actor) inChannels(ctx context.Context) (bool, error) {
	if q.present() {
		return true, nil
	}
	if q.desk.Directory == nil {
		return false, nil
	}
	var failed error
	for _, channel := range Channels(q.desk.Staff, q.desk.Config) {
		in, err := q.desk.Directory.InChannel(ctx, channel, q.in.From.UserID)
		if in {
			return true, nil
		}
		failed = errors.Join(failed, err)
	}
	return false, failed
}

// wants is the right that a button of the desk needs.
func wants(verb string) Right {
	switch verb {
	case verbResolve:
		return MayResolve
	case verbCoupon, verbCouponPick, verbCouponGive, verbCouponNot:
		return MayCoupon
	case verbErase:
		return MayForget
	}
	return MayReply
}

// guard refuses what the roles do not allow of what happens in staff channels: presses, forms, and messages with the
// reply mark. Without roles everybody there may everything that cards offer.
func (s StaffSkill) guard(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	if s.Config.Roles.Len() == 0 {
		return nil, nil
	}
	var right Right
	switch t.In.Kind {
	case conversation.KindPress, conversation.KindForm:
		if t.Pressed == nil || t.Pressed.Action.Skill != skillName || strings.HasPrefix(t.Pressed.Action.Verb, verbStaff) {
			return nil, nil // the commands look themselves
		}
		right = wants(t.Pressed.Action.Verb)
	case conversation.KindMessage, conversation.KindEdit:
		if _, marked := Marked(s.Config.ReplyMark, t.In.Text); !marked || t.In.Command != "" || t.In.Thread == "" {
			return nil, nil
		}
		right = MayReply
	default:
		return nil, nil
	}
	has := s.RightsOf(ctx, t.In, right)
	if has.May[right] {
		return nil, nil
	}
	return s.deny(t, has, right), nil
}

// deny refuses what a member may not do, unless nobody can say so now.
func (d *Desk) deny(t conversation.Turn, has Rights, right Right) conversation.Commit {
	if has.Unsure != nil {
		return d.unsure(t, has.Unsure)
	}
	return d.refuse(t, right)
}

// unsure tells that nobody can say now who may what.
func (d *Desk) unsure(t conversation.Turn, why error) conversation.Commit {
	d.log().Warn("who may do what could not be looked up", "error", why.Error())
	return d.whisper(t, d.say("staff.unsure", nil))
}

// refuse tells kindly that a role does not allow something, and keeps that it was tried.
func (d *Desk) refuse(t conversation.Turn, right Right) conversation.Commit {
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		err := d.Stores.In(tx).Audit(ctx, Act{
			Key: keyOfEvent(t.In.ID) + ":refused", By: member(t.In), What: "refused", Detail: map[string]any{"right": right},
		})
		if err != nil {
			return t.Dialogue, err
		}
		return t.Dialogue, d.whisperIn(ctx, tx, t, d.say("staff.refused."+string(right), nil))
	}
}
