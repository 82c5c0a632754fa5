package offer

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
)

// The kinds of offers.
const (
	KindSale     = "sale"
	KindFlash    = "flash" // prints its end to the minute
	KindNews     = "news"
	KindPartner  = "partner"
	KindGreeting = "greeting"
)

// OnBirthday makes an offer due on each person's birthday.
const OnBirthday = "birthday"

// Config is the section offers.
type Config struct{ config.Map[Definition] }

// Definition is one offer as the operator wrote it.
type Definition struct {
	config.At
	Kind  string           `yaml:"kind" check:"enum=sale|flash|news|partner|greeting" doc:"sale, when left out."`
	Every config.Every     `yaml:"every" doc:"Friday 10:00, month 1 10:00, 2 weeks."`
	Cron  config.CronSpec  `yaml:"cron" doc:"The same in five fields: 0 10 * * FRI."`
	Once  config.DateTime  `yaml:"at" doc:"Once: 2026-12-18T10:00."`
	On    string           `yaml:"on" check:"enum=birthday|order|order.first|tier.changed|reward.redeemed" doc:"What makes it due for one person."`
	After config.Duration  `yaml:"after" doc:"How long after the event."`
	Time  config.TimeOfDay `yaml:"time" doc:"When on the day: birthdays and series; 10:00, when left out."`

	Topic config.Located[string] `yaml:"topic" doc:"What a person mutes."`
	To    config.Located[string] `yaml:"to" doc:"An audience or a condition; everyone, when left out."`
	Text  config.LocalText       `yaml:"text" doc:"The message, one language a line."`
	Image string                 `yaml:"image" doc:"A picture: a file beside this one, or an https address."`
	Valid config.Duration        `yaml:"valid" doc:"How long it holds; printed under the message."`
	// NotAfter is how late the message is still true.
	NotAfter    config.Duration `yaml:"not_after" check:"min=1m,max=90d" doc:"Later than this it is not sent; 12h, when left out."`
	Steps       []Step          `yaml:"steps" doc:"A series for people of the audience, ended by any sign of life."`
	RepeatAfter config.Duration `yaml:"repeat_after" doc:"How long until a series may begin again; 90d, when left out."`
	Stages      []Stage         `yaml:"stages" doc:"Early access: who gets it how long after the others."`
	Paused      bool            `yaml:"paused" doc:"Nothing becomes due while it is true."`
	// StopAt is judged over the last few hundred messages, and not before there were fifty.
	StopAt int `yaml:"stop_at" check:"min=1,max=100" doc:"It pauses by itself when so many percent of its messages fail or find us blocked; 20, when left out; 100: never."`
}

// Step is one message of a series.
type Step struct {
	config.At
	After config.Duration  `yaml:"after" doc:"Since the first step."`
	Text  config.LocalText `yaml:"text" check:"required"`
}

// Stage is one wave of an early access.
type Stage struct {
	config.At
	To    config.Located[string] `yaml:"to" check:"required"`
	After config.Duration        `yaml:"after"`
}

// defaultStopAt is the percentage of failures at which a broadcast pauses by itself.
const defaultStopAt = 20

// SetDefaults implements config.Defaulter.
func (d *Definition) SetDefaults() {
	d.Kind, d.Time, d.StopAt = KindSale, 10*60, defaultStopAt
	d.NotAfter, d.RepeatAfter = config.Duration(12*time.Hour), config.Duration(90*24*time.Hour)
}

// Check reports what cannot be meant, as far as the offer alone shows it.
func (d *Definition) Check(r *config.Report) {
	d.checkSchedule(r)
	if d.Text.IsZero() && len(d.Steps) == 0 {
		r.Errorf(d.At, "add “text: …”", "the offer has no text")
	}
	if d.On == OnBirthday && d.After != 0 {
		r.Errorf(d.Field("after"), "leave it out: birthdays are on the day", "a birthday offer has no after")
	}
	for i, s := range d.Steps {
		if i > 0 && s.After <= d.Steps[i-1].After {
			r.Errorf(s.Field("after"), "write the steps in order, each later than the one before", "step %d does not come after step %d", i+1, i)
		}
	}
	for i, s := range d.Stages {
		if i > 0 && s.After <= d.Stages[i-1].After {
			r.Errorf(s.Field("after"), "write the stages in order, each later than the one before", "stage %d does not come after stage %d", i+1, i)
		}
	}
	if len(d.Stages) > 0 && (len(d.Steps) > 0 || d.On != "") {
		r.Errorf(d.Field("stages"), "stages go with at: or every:", "the offer has stages and is due for single people")
	}
	if d.Image != "" && !isAddress(d.Image) {
		if _, err := os.Stat(d.Resolve(d.Image)); err != nil {
			r.Errorf(d.Field("image"), "check the path: it is seen from the folder of this file", "there is no picture %s", d.Image)
		}
	}
}

func isAddress(image string) bool { return strings.HasPrefix(image, "https://") }

func (d *Definition) checkSchedule(r *config.Report) {
	given := 0
	for _, has := range []bool{!d.Every.IsZero(), !d.Cron.IsZero(), !d.Once.IsZero(), d.On != "", len(d.Steps) > 0} {
		if has {
			given++
		}
	}
	switch {
	case given == 0 && !d.Has("every") && !d.Has("cron") && !d.Has("at") && !d.Has("on"):
		r.Errorf(d.At, "add “every: Friday 10:00”, “at: 2026-12-18T10:00” or “on: birthday”", "the offer is never due")
	case given > 1:
		r.Errorf(d.At, "keep one of every, cron, at, on and steps", "the offer has more than one schedule")
	}
	if p, ok := d.Every.Period(); ok && p.Approx() < time.Hour {
		r.Errorf(d.Field("every"), "offers go once an hour at most", "that is too often")
	}
}

// CheckReferences reports what the offer names and nobody defines. It is called when all sections were read.
func (c *Config) CheckReferences(r *config.Report, audiences *audience.Config, proactive *attention.Config, hasText func(key string) bool) {
	for _, d := range c.All() {
		audiences.CheckReference(r, d.To)
		for _, s := range d.Stages {
			audiences.CheckReference(r, s.To)
		}
		if topic := d.Topic.Value; topic != "" && proactive.Topics.Len() > 0 {
			if _, ok := proactive.Topics.Get(topic); !ok {
				r.UnknownID(d.Topic.At, "topic", topic, proactive.Topics.IDs())
			}
		}
		all := []config.LocalText{d.Text}
		for _, s := range d.Steps {
			all = append(all, s.Text)
		}
		for _, t := range all {
			if key := t.Ref(); key != "" && hasText != nil && !hasText(key) {
				r.Errorf(t.At, fmt.Sprintf("add %s to the files of texts", key), "there is no text texts/%s", key)
			}
		}
	}
}

// schedule says when the offer is due; nil when events make it so.
func (d *Definition) schedule(zone *time.Location) config.Schedule {
	switch {
	case !d.Every.IsZero():
		return d.Every.In(zone)
	case !d.Cron.IsZero():
		return d.Cron.In(zone)
	case !d.Once.IsZero():
		return d.Once.Schedule(zone)
	case d.On == OnBirthday || len(d.Steps) > 0:
		daily, err := config.ParseEvery("day " + d.Time.String())
		if err != nil {
			return nil
		}
		return daily.In(zone)
	}
	return nil
}
