package offer

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// ReportPost is the kind of the records that posts settle.
const ReportPost = "post"

// ReasonNoPlace is why a post failed whose channel has no place to show offers.
const ReasonNoPlace = "no_offers_channel"

// Poster is a channel that may have a place where offers are shown once for everybody.
type Poster interface {
	// PostsOffers tells whether offers are shown there, and not written to people. It makes no calls.
	PostsOffers() bool
	// OffersAddress is that place; ok is false when there is none. An error of the kind conversation.OurPayload stays.
	OffersAddress(ctx context.Context) (to conversation.Address, ok bool, err error)
}

// Post is an occurrence that is to be shown once for everybody on a channel.
type Post struct {
	ID         int64
	Channel    string
	Next       time.Time // not gone on with before
	Occurrence Occurrence
}

// BoardStore keeps posts. They are written with the claim of their occurrence.
type BoardStore interface {
	// Unposted lists posts without a message whose offer is neither paused nor stopped, the earliest first.
	Unposted(ctx context.Context, limit int) ([]Post, error)
	// Publish writes the message of a post in one transaction; nothing when somebody else has done so.
	Publish(ctx context.Context, post int64, message conversation.Outgoing) error
	// Withhold records why a post gets no message.
	Withhold(ctx context.Context, post int64, state, reason string) error
	// PostponePost has a post rest until a time.
	PostponePost(ctx context.Context, post int64, until time.Time) error
}

// Figures of posts.
const (
	// longPost is up to how many characters a post has all of the brand's languages. Discord takes 2,000.
	longPost = 1500
	// retryPost is how long a post rests whose place could not be asked for, business time.
	retryPost = 5 * time.Minute
)

// posted lists the channels on which an occurrence is shown for everybody. What is meant for some people, or for one,
// is never shown to all.
func (a *Agenda) posted(c *Content) []string {
	if c.To != "" && c.To != audience.Everyone || c.Birthday || len(c.Steps) > 0 {
		return nil
	}
	var out []string
	for name, p := range a.Posters {
		if p.PostsOffers() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Board shows offers for everybody in the places that channels have for that. It implements clock.Agenda, apart from
// Agenda: a platform that does not answer holds up no other.
type Board struct {
	Agenda *Agenda
	Posts  BoardStore
}

// Name implements clock.Agenda.
func (*Board) Name() string { return "posts" }

// Next implements clock.Agenda.
func (b *Board) Next(ctx context.Context) (first time.Time, ok bool, err error) {
	open, err := b.Posts.Unposted(ctx, 1)
	if err != nil || len(open) == 0 {
		return first, false, err
	}
	return open[0].when(), true, nil
}

func (p *Post) when() time.Time {
	if p.Next.After(p.Occurrence.Due) {
		return p.Next
	}
	return p.Occurrence.Due
}

// RunDue implements clock.Agenda.
func (b *Board) RunDue(ctx context.Context, now time.Time) (more bool, err error) {
	open, err := b.Posts.Unposted(ctx, maxOpen)
	if err != nil {
		return false, err
	}
	for i := range open {
		p := &open[i]
		if p.when().After(now) {
			return false, nil
		}
		if err := b.publish(ctx, p, now); err != nil {
			return false, fmt.Errorf("post offer %s of %s on %s: %w", p.Occurrence.Offer, p.Occurrence.Due.Format(time.RFC3339), p.Channel, err)
		}
	}
	return len(open) == maxOpen, nil
}

// publish decides about one post.
func (b *Board) publish(ctx context.Context, p *Post, now time.Time) error {
	a, o := b.Agenda, &p.Occurrence
	deadline := o.Due.Add(o.Content.NotAfter)
	if now.After(deadline) {
		return b.Posts.Withhold(ctx, p.ID, StateLate, "late")
	}
	silent, err := a.Store.SilentUntil(ctx, now)
	if err != nil {
		return err
	}
	if until, held := a.Policy.Held(now, silent); held != "" {
		if until.After(deadline) {
			return b.Posts.Withhold(ctx, p.ID, StateSuppressed, held)
		}
		return b.Posts.PostponePost(ctx, p.ID, until)
	}
	var to conversation.Address
	ok := false
	if poster := a.Posters[p.Channel]; poster != nil {
		to, ok, err = poster.OffersAddress(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && conversation.KindOf(err) != conversation.OurPayload, err == nil && ok && to.Account == "":
		a.Log.Warn("the place for an offer cannot be asked for; trying again", "offer", o.Offer, "channel", p.Channel, "error", err)
		return b.Posts.PostponePost(ctx, p.ID, now.Add(retryPost))
	case err != nil || !ok:
		a.Log.Error("an offer is not shown: the channel has no place for it; “bot doctor” says why", "offer", o.Offer, "channel", p.Channel, "error", err)
		return b.Posts.Withhold(ctx, p.ID, StateFailed, ReasonNoPlace)
	}
	return b.Posts.Publish(ctx, p.ID, a.post(p, to, now))
}

// post is the message: no name, no reason and no button of anybody's own.
func (a *Agenda) post(p *Post, to conversation.Address, now time.Time) conversation.Outgoing {
	o := &p.Occurrence
	out := conversation.Outgoing{
		Key: fmt.Sprintf("offer:%d:on:%s", o.ID, p.Channel), To: to, Customer: -1, Lane: conversation.LaneBulk,
		AfterCrash: conversation.Unknown, NotAfter: o.Due.Add(o.Content.NotAfter), Report: conversation.Ref{Kind: ReportPost, ID: p.ID},
		Proactive: conversation.Proactive{Purpose: o.Content.purpose(), Topic: o.Content.Topic},
	}
	out.Body.Image = imageOf(o.Content.Image)
	langs := o.Content.Text.languages(a.Languages)
	body := a.everybody(o, langs, now)
	if utf8.RuneCountInString(body.Plain()) > longPost {
		body = a.everybody(o, langs[:1], now)
	}
	out.Body.Text = body
	return out
}

// everybody is the offer in some languages, one below another, and how to go on in private.
func (a *Agenda) everybody(o *Occurrence, langs []language.Code, now time.Time) texts.Rich {
	var body texts.Rich
	for _, lang := range langs {
		if !body.Empty() {
			body = body.Append(texts.Literal("\n\n"))
		}
		body = body.Append(a.render(o.Content.Text, lang, &audience.Customer{}))
		if footer := a.footer(o, lang, now); !footer.Empty() {
			body = body.Append(texts.Literal("\n"), footer)
		}
	}
	return body.Append(texts.Literal("\n\n"), a.Texts.Say(langs[0], "offer.in_private", nil))
}

// languages are those of the brand's in which the text is there, in the brand's order; at least one.
func (t Text) languages(brand []language.Code) []language.Code {
	if t.Ref != "" && len(brand) > 0 {
		return brand
	}
	var out []language.Code
	for _, lang := range brand {
		if _, ok := t.By[lang]; ok {
			out = append(out, lang)
		}
	}
	switch {
	case len(out) > 0:
		return out
	case len(brand) > 0:
		return brand[:1]
	}
	return []language.Code{language.English}
}
