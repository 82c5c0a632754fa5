package desk

import (
	"context"
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
)

// Directory knows who is who on the platform where staff work. Its answers may be some minutes old.
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
}

// Staff says whether somebody is one of the staff at all.
func (r Rights) Staff() bool { return len(r.May) > 0 }

// everyday is what every member of the staff channels may do as long as no role of the config names it. Points and
// coupons need a role, since somebody has to say how many.
var everyday = []Right{MayReply, MayResolve, MayPause, MaySilence, MayReports}

// RightsOf is what a user may do: the sum of the user's roles.
func (d *Desk) RightsOf(ctx context.Context, user string) (Rights, error) {
	r := Rights{May: map[Right]bool{}}
	if user == "" {
		return r, nil
	}
	named := map[Right]bool{}
	for id, role := range d.Config.Roles.All() {
		for _, right := range role.May {
			named[Right(right)] = true
		}
		has, err := d.hasRole(ctx, role, user)
		if err != nil {
			return r, fmt.Errorf("look who has the role %s: %w", id, err)
		}
		if has {
			r.add(role)
		}
	}
	inside, err := d.inChannels(ctx, user)
	if err != nil {
		return r, err
	}
	for _, right := range everyday {
		if inside && !named[right] {
			r.May[right] = true
		}
	}
	return r, nil
}

// add adds what a role allows. Who may give points has no limit unless the role has one.
func (r *Rights) add(role *Role) {
	for _, right := range role.May {
		r.May[Right(right)] = true
	}
	if role.givesCoupons() {
		r.May[MayCoupon] = true
		r.Coupons, r.CouponsWeek = wider(r.Coupons, role.Coupons), wider(r.CouponsWeek, role.CouponsWeek)
	}
	switch {
	case role.Points > 0:
		r.May[MayPoints] = true
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

// hasRole says whether a user has a role. What needs no question to the platform is looked at first.
func (d *Desk) hasRole(ctx context.Context, role *Role, user string) (bool, error) {
	for _, id := range role.Users {
		if id == user {
			return true, nil
		}
	}
	if d.Directory == nil {
		return false, nil
	}
	for _, handle := range role.Groups {
		in, err := d.Directory.InGroup(ctx, strings.TrimPrefix(handle, "@"), user)
		if err != nil || in {
			return in, err
		}
	}
	if !role.Everybody {
		return false, nil
	}
	return d.inChannels(ctx, user)
}

// inChannels says whether a user is a member of any channel where staff work.
func (d *Desk) inChannels(ctx context.Context, user string) (bool, error) {
	if d.Directory == nil {
		return false, nil
	}
	for _, channel := range Channels(d.Staff, d.Config) {
		in, err := d.Directory.InChannel(ctx, channel, user)
		if err != nil || in {
			return in, err
		}
	}
	return false, nil
}

// wants is the right that a button of the desk needs.
func wants(verb string) Right {
	switch verb {
	case verbResolve:
		return MayResolve
	case verbCoupon, verbCouponPick, verbCouponGive, verbCouponNot:
		return MayCoupon
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
	has, err := s.RightsOf(ctx, t.In.From.UserID)
	if err != nil {
		return s.unsure(t, err), nil
	}
	if has.May[right] {
		return nil, nil
	}
	return s.refuse(t, right), nil
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
