package offer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/language"
)

// offer is one definition, ready to run.
type offer struct {
	Definition
	id       string
	schedule config.Schedule // nil: events make it due
	digest   string          // of what makes it due
}

func newOffer(id string, d Definition, zone *time.Location) *offer {
	o := &offer{Definition: d, id: id, schedule: d.schedule(zone)}
	var stages string
	for _, s := range d.Stages {
		stages += s.After.String() + " "
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s|%s|%s|%s|%s|%s|%d|%s|%s",
		d.Every, d.Cron, d.Once, d.On, d.After, d.Time, len(d.Steps), stages, zone)))
	o.digest = hex.EncodeToString(sum[:8])
	return o
}

// name is the offer's among schedules.
func (o *offer) name() string { return "offer/" + o.id }

// waves are how long after a due time which people get the offer.
func (o *offer) waves() []wave {
	if len(o.Stages) == 0 {
		return []wave{{to: o.To.Value}}
	}
	out := make([]wave, len(o.Stages))
	for i, s := range o.Stages {
		out[i] = wave{after: s.After.Std(), to: s.To.Value}
	}
	return out
}

type wave struct {
	after time.Duration
	to    string
}

// Content is an offer as it was when an occurrence of it was claimed: what began with one text does not end with
// another.
type Content struct {
	Kind        string        `json:"kind"`
	Topic       string        `json:"topic,omitempty"`
	To          string        `json:"to,omitempty"`
	Birthday    bool          `json:"birthday,omitempty"`
	Text        Text          `json:"text,omitzero"`
	Steps       []StepContent `json:"steps,omitempty"`
	RepeatAfter time.Duration `json:"repeat_after,omitempty"`
	Image       string        `json:"image,omitempty"`
	Valid       time.Duration `json:"valid,omitempty"`
	NotAfter    time.Duration `json:"not_after"`
	StopAt      int           `json:"stop_at,omitempty"` // percent of failures at which it pauses by itself; 0: the default
	// Posted are the channels on which it is shown once for everybody, and not written to people.
	Posted []string `json:"posted,omitempty"`
	// Base is the due time of the first stage: who got an earlier stage gets no other.
	Base time.Time `json:"base,omitzero"`
}

// StepContent is one message of a series.
type StepContent struct {
	After time.Duration `json:"after"`
	Text  Text          `json:"text"`
}

// Text is a customer's text: a key of the catalogue, or words by language.
type Text struct {
	Ref   string                   `json:"ref,omitempty"`
	Plain string                   `json:"plain,omitempty"`
	By    map[language.Code]string `json:"by,omitempty"`
}

func textOf(t config.LocalText) Text {
	out := Text{Ref: t.Ref(), Plain: t.Plain()}
	for _, lang := range t.Languages() {
		if out.By == nil {
			out.By = map[language.Code]string{}
		}
		out.By[lang], _ = t.In(lang)
	}
	return out
}

// content is the offer as it is now, for one wave that belongs to a due time.
func (o *offer) content(w wave, base time.Time) Content {
	c := Content{
		Kind: o.Kind, Topic: o.Topic.Value, To: w.to, Birthday: o.On == OnBirthday, Text: textOf(o.Text),
		RepeatAfter: o.RepeatAfter.Std(), Image: o.Image, Valid: o.Valid.Std(), NotAfter: o.NotAfter.Std(),
		StopAt: o.StopAt,
	}
	if o.Image != "" && !isAddress(o.Image) {
		c.Image = o.Resolve(o.Image)
	}
	if len(o.Stages) > 0 {
		c.Base = base
	}
	for _, s := range o.Steps {
		c.Steps = append(c.Steps, StepContent{After: s.After.Std(), Text: textOf(s.Text)})
	}
	return c
}

// purpose is what the message counts as in a person's attention.
func (c *Content) purpose() string {
	if c.Birthday || c.Kind == KindGreeting {
		return attention.PurposeBirthday
	}
	return attention.PurposeOffer
}
