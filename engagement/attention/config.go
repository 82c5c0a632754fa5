package attention

import (
	"slices"
	"time"

	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
)

// Config is the section proactive: everything that we start, per person.
type Config struct {
	config.At
	PerDay  int          `yaml:"per_day" check:"min=1,max=20" doc:"Messages a day at most, in the person's zone."`
	PerWeek int          `yaml:"per_week" check:"min=1,max=100" doc:"Messages in seven days at most."`
	Quiet   config.Hours `yaml:"quiet" doc:"When nothing is sent, in the person's zone."`
	First   []string     `yaml:"first" check:"enum=birthday|survey|points_expiring|offer|onboarding" doc:"What goes first when not all fits."`
	NotOn   []string     `yaml:"not_on" doc:"Days without any message of ours: dates, or names from the calendar."`
	// Topics are what people can mute, each with its name as they read it.
	Topics config.Map[config.LocalText] `yaml:"topics" doc:"What people can mute, each with its name."`
}

// Defaults are what a careful operator would choose.
func Defaults() Config {
	return Config{
		PerDay: 1, PerWeek: 2, First: []string{PurposeBirthday, PurposeSurvey, PurposeExpiring, PurposeOffer},
		Quiet: config.NewHours(config.EveryDay, config.TimeRange{From: 21 * 60, To: 10 * 60}),
	}
}

// Check reports what cannot be meant.
func (c *Config) Check(r *config.Report) {
	if c.PerWeek < c.PerDay {
		r.Warnf(c.Field("per_day"), "lower per_day or raise per_week", "%d messages a day never happen: %d a week are allowed", c.PerDay, c.PerWeek)
	}
	for i, purpose := range c.First {
		if slices.Contains(c.First[:i], purpose) {
			r.Errorf(c.Field("first").Item(i), "leave it in once", "%s stands twice", purpose)
		}
	}
	if !c.Quiet.Empty() && c.Quiet.NextEnd(time.Unix(0, 0), time.UTC).IsZero() {
		r.Errorf(c.Field("quiet"), "leave some hours open", "nothing could ever be sent")
	}
}

// CheckDays reports days that the calendar does not know.
func (c *Config) CheckDays(r *config.Report, cal *calendar.Calendar) {
	cal.Resolve(r, c.Field("not_on"), c.NotOn)
}

// Policy is what the gate decides by.
func (c *Config) Policy(cal *calendar.Calendar, zone *time.Location) Policy {
	rest := slices.Clone(cal.Mourning)
	for _, day := range cal.Resolve(nil, config.At{}, c.NotOn) {
		rest = append(rest, day.Range)
	}
	return Policy{PerDay: c.PerDay, PerWeek: c.PerWeek, Quiet: c.Quiet, Zone: zone, First: c.First, Rest: rest}
}
