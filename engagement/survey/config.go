package survey

import (
	"fmt"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement"
)

// Section is the part of an operator's file that says what is asked, by id.
type Section = config.Map[Settings]

// Settings is one survey.
type Settings struct {
	config.At
	Kind          Kind                   `yaml:"kind" check:"enum=nps|csat|ces|custom" doc:"nps (0-10), csat (1-5), ces (1-7), or custom: questions from the bank."`
	Touchpoint    string                 `yaml:"touchpoint" check:"enum=shop|delivery|purchase|checkout|support|programme" doc:"What it is about."`
	Every         config.Every           `yaml:"every" doc:"When a round begins, such as: 3 months."`
	Cron          config.CronSpec        `yaml:"cron" doc:"When a round begins, as a cron expression."`
	Spread        config.Duration        `yaml:"spread" check:"max=90d" doc:"A round's people are asked over this time."`
	To            config.Located[string] `yaml:"to" doc:"Of a round: an audience; everyone, when left out."`
	On            string                 `yaml:"on" check:"enum=order|order.first|ticket.resolved|tier.changed" doc:"What it follows."`
	After         config.Duration        `yaml:"after" check:"max=90d" doc:"How long after the event."`
	Sample        int                    `yaml:"sample" check:"min=1,max=100" doc:"How many of a hundred are asked."`
	Recontact     config.Duration        `yaml:"recontact" doc:"Nobody is asked this again earlier."`
	Window        config.Duration        `yaml:"window" check:"min=1h,max=90d" doc:"How long an answer is taken, and may be changed."`
	ReminderAfter config.Duration        `yaml:"reminder_after" doc:"One reminder after this time; none, when left out."`
	Reward        Reward                 `yaml:"reward" doc:"For completing it, the same for every score."`
	Alert         *Alert                 `yaml:"alert" doc:"When a person is called."`
	Questions     []string               `yaml:"questions" check:"max=10" doc:"Of a custom survey: ids of the bank, such as bank.experience.ease."`
	Product       config.LocalText       `yaml:"product" doc:"The product that questions name."`
	Review        string                 `yaml:"review" doc:"A link offered to everybody who has answered, whatever the score, once in 180 days."`
}

// Reward is what completing a survey brings.
type Reward struct {
	config.At
	Points int64 `yaml:"points" check:"min=0,max=100000" doc:"Points."`
}

// Alert says which scores call a person.
type Alert struct {
	config.At
	AtMost        int             `yaml:"at_most" check:"required,min=0,max=10" doc:"The highest score that calls somebody."`
	Topic         string          `yaml:"topic" doc:"The desk's topic for the ticket."`
	AskAgainAfter config.Duration `yaml:"ask_again_after" check:"max=90d" doc:"Whether it is better now is asked then, once."`
}

// Defaults that a careful operator would choose.
const (
	day = 24 * time.Hour

	defaultRelationWindow = 10 * day
	defaultEventWindow    = 3 * day
	defaultRelationPause  = 90 * day
	defaultEventPause     = 14 * day
)

// Check implements the checks and fills in what was left out.
func (s *Settings) Check(r *config.Report) {
	if s.Kind == "" && len(s.Questions) > 0 {
		s.Kind = Custom
	}
	if s.Sample == 0 {
		s.Sample = 100
	}
	s.fillTimes()
	s.checkKind(r)
	s.checkTrigger(r)
	s.checkAlert(r)
	for i, id := range s.Questions {
		if _, ok := bank[id]; !ok {
			r.UnknownID(s.At.Field("questions").Item(i), "question", id, BankIDs())
			continue
		}
		if namesProduct(id) && s.Product.IsZero() {
			r.Errorf(s.At.Field("questions").Item(i), "add product: with its name", "the question %q names a product", id)
		}
	}
}

// fillTimes sets the window and the recontact clock where the file says nothing.
func (s *Settings) fillTimes() {
	window, pause := defaultEventWindow, defaultEventPause
	if s.On == "" {
		window, pause = defaultRelationWindow, defaultRelationPause
	}
	if s.Window == 0 {
		s.Window = config.Duration(window)
	}
	if s.Recontact == 0 {
		s.Recontact = config.Duration(pause)
	}
}

func (s *Settings) checkKind(r *config.Report) {
	switch {
	case s.Kind == "":
		r.Errorf(s.At, "add kind: nps, csat or ces, or questions: from the bank", "the survey does not say what it asks")
	case s.Kind == Custom && len(s.Questions) == 0:
		r.Errorf(s.At.Field("kind"), "add questions: [bank.experience.ease, bank.product.improve]", "a custom survey needs questions")
	case s.Kind != Custom && len(s.Questions) > 0:
		r.Errorf(s.At.Field("questions"), "leave kind out, or make a second survey with the questions", "a survey of kind %s asks its own questions", s.Kind)
	}
}

func (s *Settings) checkTrigger(r *config.Report) {
	timed := !s.Every.IsZero() || !s.Cron.IsZero()
	switch {
	case !s.Every.IsZero() && !s.Cron.IsZero():
		r.Errorf(s.At.Field("cron"), "keep one of every: and cron:", "the survey has two schedules")
	case timed && s.On != "":
		r.Errorf(s.At.Field("on"), "make two surveys of it", "the survey has a schedule and an event")
	}
	if s.On == "" {
		if s.After != 0 {
			r.Errorf(s.At.Field("after"), "add on: with the event, such as ticket.resolved", "after: needs an event")
		}
	} else {
		for _, key := range []string{"spread", "to"} {
			if s.At.Has(key) {
				r.Errorf(s.At.Field(key), "leave it out, or use every: instead of on:", "%s: belongs to a schedule", key)
			}
		}
	}
	if s.ReminderAfter != 0 && s.ReminderAfter >= s.Window {
		r.Errorf(s.At.Field("reminder_after"), fmt.Sprintf("write less than the window, %s", s.Window), "the reminder would come after the window has closed")
	}
	if timed && s.Spread > s.Recontact {
		r.Warnf(s.At.Field("spread"), "write less than recontact", "a round takes longer than the pause between two of them")
	}
}

func (s *Settings) checkAlert(r *config.Report) {
	if s.Alert == nil {
		return
	}
	lo, hi, ok := s.Kind.Scale()
	switch {
	case s.Kind == Custom:
		r.Errorf(s.At.Field("alert"), "leave it out", "a survey of the bank's questions has no score to look at")
	case ok && (s.Alert.AtMost < lo || s.Alert.AtMost >= hi):
		r.Errorf(s.Alert.Field("at_most"), fmt.Sprintf("write %d to %d", lo, hi-1), "%d is outside the scale of %s, or all of it", s.Alert.AtMost, s.Kind)
	}
}

// Known is what a survey may name of other sections.
type Known struct {
	// Audience reports what is wrong with a named audience or expression.
	Audience func(r *config.Report, at config.At, expression string)
	Topics   []string // the desk's; nil: not checked
	Points   bool     // there is a points section
}

// CheckAll checks what the surveys name of other sections.
func CheckAll(section *Section, r *config.Report, k Known) {
	for _, s := range section.All() {
		if s.To.Value != "" && k.Audience != nil {
			k.Audience(r, s.To.At, s.To.Value)
		}
		if s.Alert != nil && s.Alert.Topic != "" && k.Topics != nil && !slices.Contains(k.Topics, s.Alert.Topic) {
			r.UnknownID(s.Alert.Field("topic"), "topic", s.Alert.Topic, k.Topics)
		}
		if s.Reward.Points > 0 && !k.Points {
			r.Errorf(s.Reward.Field("points"), "add the section points:, or leave the reward out", "there are no points to give")
		}
	}
}

// schedule is when rounds begin; nil without a schedule.
func (s *Settings) schedule(zone *time.Location) config.Schedule {
	switch {
	case !s.Every.IsZero():
		return s.Every.In(zone)
	case !s.Cron.IsZero():
		return s.Cron.In(zone)
	}
	return nil
}

// low says whether a score calls a person.
func (s *Settings) low(score int) bool { return s.Alert != nil && score <= s.Alert.AtMost }

// subject is what an event is about, so that two surveys do not ask about one purchase.
func subject(kind, key string) string {
	switch kind {
	case engagement.EventOrder, engagement.EventOrderFirst:
		return "order:" + key
	}
	return kind + ":" + key
}
