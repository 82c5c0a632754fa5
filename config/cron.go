package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// CronSpec is a schedule in five fields: minute, hour, day of the month, month,
// weekday. Everything is local time; a spec cannot name its own zone.
type CronSpec struct {
	text string
	spec *cron.SpecSchedule
}

// IsZero reports whether no spec was given.
func (c CronSpec) IsZero() bool { return c.spec == nil }

// String returns the spec as it was written.
func (c CronSpec) String() string { return c.text }

// MarshalText writes the spec.
func (c CronSpec) MarshalText() ([]byte, error) { return []byte(c.text), nil }

// starBit marks a field that was written as a star.
// Source: github.com/robfig/cron/v3 v3.0.1, spec.go.
const starBit = 1 << 63

// In returns the schedule in a zone.
func (c CronSpec) In(zone *time.Location) Schedule {
	if c.spec == nil {
		return once{}
	}
	if c.spec.Hour&starBit != 0 {
		// Every so many minutes: real time passes also while hours repeat.
		spec := *c.spec
		spec.Location = zone
		return &spec
	}
	return localSchedule{walls: c, zone: zone}
}

func (c CronSpec) nextWall(after time.Time) time.Time {
	spec := *c.spec
	spec.Location = time.UTC
	return spec.Next(after)
}

var cronFields = []string{"minute (0-59)", "hour (0-23)", "day of the month (1-31)", "month (1-12)", "weekday (0-6 or SUN-SAT)"}

const cronHint = `write five fields: minute hour day month weekday, such as "0 10 * * FRI"`

// ParseCron reads a spec.
func ParseCron(text string) (CronSpec, error) {
	text = strings.TrimSpace(text)
	fields := strings.Fields(text)
	switch {
	case strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="):
		return CronSpec{}, invalid(text, "leave it out: schedules follow brand.timezone", "names a time zone")
	case strings.HasPrefix(text, "@every"):
		return CronSpec{}, invalid(text, "write every: 3 months, or every: Friday 10:00", "has no place in the calendar")
	case !strings.HasPrefix(text, "@") && len(fields) != 5:
		return CronSpec{}, invalid(text, cronHint, "has %d fields, not 5", len(fields))
	}
	spec, err := parseStandard(text)
	if err != nil {
		return CronSpec{}, explainCron(text, fields, err)
	}
	c := CronSpec{text: text, spec: spec}
	if c.nextWall(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return CronSpec{}, invalid(text, "check day and month: February has at most 29 days, April, June, September and November have 30", "never comes")
	}
	return c, nil
}

// parseStandard shields from a panic of the parser: ParseStandard("TZ=0") ends
// the program in v3.0.1.
func parseStandard(text string) (spec *cron.SpecSchedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			spec, err = nil, fmt.Errorf("the cron parser cannot read it")
		}
	}()
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, err
	}
	spec, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("it is not a schedule by the calendar")
	}
	return spec, nil
}

// explainCron finds the field that is wrong by trying each alone.
func explainCron(text string, fields []string, err error) error {
	if len(fields) != 5 {
		return invalid(text, cronHint+", or @daily, @weekly, @monthly", "is not a cron expression")
	}
	offset := 0
	for i, f := range fields {
		offset += strings.Index(text[offset:], f)
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = f
		if _, bad := parseStandard(strings.Join(alone, " ")); bad != nil {
			return &ValueError{
				Value: text, Offset: len([]rune(text[:offset])), Hint: "this field is the " + cronFields[i] + "; " + cronHint,
				Message: fmt.Sprintf("is not a cron expression: field %d, %s, is wrong", i+1, quoted(f)),
			}
		}
		offset += len(f)
	}
	return invalid(text, cronHint, "is not a cron expression: %s", err)
}

// Describe says the schedule in plain words where they are short, and otherwise
// repeats the spec.
func (c CronSpec) Describe() string {
	fields := strings.Fields(c.text)
	if len(fields) != 5 || fields[3] != "*" {
		return "by cron " + quoted(c.text)
	}
	minute, err1 := strconv.Atoi(fields[0])
	hour, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil {
		return "by cron " + quoted(c.text)
	}
	at := TimeOfDay(hour*60 + minute)
	switch dom, err := strconv.Atoi(fields[2]); {
	case fields[2] == "*":
		return describeDays(c.weekdays()) + " at " + at.String()
	case err == nil && fields[4] == "*":
		return fmt.Sprintf("on day %d of every month at %s", dom, at)
	}
	return "by cron " + quoted(c.text)
}

func (c CronSpec) weekdays() Weekdays { return Weekdays(c.spec.Dow & uint64(EveryDay)) }

// UnmarshalText reads a spec.
func (c *CronSpec) UnmarshalText(text []byte) error {
	parsed, err := ParseCron(string(text))
	if err == nil {
		*c = parsed
	}
	return err
}

// decode reads a spec and warns when day and weekday are both given.
func (c *CronSpec) decode(d *decoder, n *node, _ rules, _ spot) {
	if !d.scalar(n, "a cron expression") {
		return
	}
	parsed, err := ParseCron(n.text)
	if err != nil {
		d.invalid(n, err)
		return
	}
	*c = parsed
	if parsed.spec.Dom&starBit == 0 && parsed.spec.Dow&starBit == 0 {
		d.r.Warnf(n.at(), "cron joins the two by “or”; write * in one of them if you mean the other alone",
			"%s is due on the day of the month and also on the weekday", n.quote())
	}
}

func (CronSpec) describe() string { return "a cron expression" }
