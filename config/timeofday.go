package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TimeOfDay is a local time in minutes since midnight, 0 to 1440. 1440 is the
// end of the day, written 24:00, or 00:00 where a range ends.
type TimeOfDay int

const minutesPerDay = 24 * 60

// Clock returns hour and minute; the end of the day is 24, 0.
func (t TimeOfDay) Clock() (hour, minute int) { return int(t) / 60, int(t) % 60 }

// On returns the instant of the time on the day that t falls on in the zone.
func (t TimeOfDay) On(when time.Time, zone *time.Location) time.Time {
	local := when.In(zone)
	return localMinute(zone, local.Year(), local.Month(), local.Day(), int(t))
}

// String writes the time as 09:05.
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", int(t)/60, int(t)%60) }

// MarshalText writes the time.
func (t TimeOfDay) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// ParseTimeOfDay reads a time such as 10:00.
func ParseTimeOfDay(text string) (TimeOfDay, error) {
	const hint = "write it as 09:00 or 18:30, 00:00 to 23:59"
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	if strings.HasSuffix(lower, "am") || strings.HasSuffix(lower, "pm") {
		return 0, invalid(text, "write 18:00 for 6 pm", "is not a time of the 24-hour clock")
	}
	hours, minutes, ok := strings.Cut(text, ":")
	if !ok {
		return 0, invalid(text, hint, "is not a time of day")
	}
	h, err1 := strconv.Atoi(hours)
	m, err2 := strconv.Atoi(minutes)
	if err1 != nil || err2 != nil || len(minutes) != 2 || len(hours) < 1 || len(hours) > 2 || h < 0 || m < 0 || strings.ContainsAny(text, "+-") {
		return 0, invalid(text, hint, "is not a time of day")
	}
	if m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, invalid(text, hint, "does not exist on the clock")
	}
	return TimeOfDay(h*60 + m), nil
}

// UnmarshalText reads a time.
func (t *TimeOfDay) UnmarshalText(text []byte) error {
	parsed, err := ParseTimeOfDay(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}

func (TimeOfDay) describe() string { return "a time of day" }

func (t TimeOfDay) measure() float64 { return float64(t) }

func (TimeOfDay) measureText(bound string) float64 { return mustMeasure(bound, ParseTimeOfDay) }

// TimeRange is a part of the day, To excluded. When To is not after From it
// ends on the next day: 22:00-10:00. 09:00-00:00 ends with the day.
type TimeRange struct{ From, To TimeOfDay }

// Length returns the range's minutes, at most a day.
func (r TimeRange) Length() int {
	if r.To > r.From {
		return int(r.To - r.From)
	}
	return int(r.To-r.From) + minutesPerDay
}

// Overnight reports whether the range goes on into the next day.
func (r TimeRange) Overnight() bool { return r.From+TimeOfDay(r.Length()) > minutesPerDay }

// String writes the range as 09:00-18:00.
func (r TimeRange) String() string {
	to := r.To
	if to == minutesPerDay {
		to = 0
	}
	return r.From.String() + "-" + to.String()
}

// MarshalText writes the range.
func (r TimeRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// ParseTimeRange reads a range such as 22:00-10:00.
func ParseTimeRange(text string) (TimeRange, error) {
	const hint = "write it as 09:00-18:00"
	text = strings.TrimSpace(text)
	from, to, ok := strings.Cut(strings.NewReplacer("–", "-", "—", "-", " ", "").Replace(text), "-")
	if !ok {
		return TimeRange{}, invalid(text, hint, "is not a range of times")
	}
	var r TimeRange
	var err error
	if r.From, err = ParseTimeOfDay(from); err != nil {
		return TimeRange{}, within(text, from, err)
	}
	if r.To, err = ParseTimeOfDay(to); err != nil {
		return TimeRange{}, within(text, to, err)
	}
	if r.From == minutesPerDay {
		return TimeRange{}, invalid(text, "write 00:00 for the beginning of a day", "begins at the end of the day")
	}
	if r.To == 0 {
		r.To = minutesPerDay
	}
	if r.From == r.To {
		return TimeRange{}, invalid(text, "write 00:00-00:00 for the whole day", "begins and ends at the same time")
	}
	return r, nil
}

// within turns the error about a part of a text into one about the whole.
func within(text, part string, err error) error {
	var bad *ValueError
	if !errors.As(err, &bad) {
		return err
	}
	offset := 0
	if i := strings.LastIndex(text, part); i > 0 {
		offset = len([]rune(text[:i]))
	}
	message := bad.Message
	if part != text {
		message = fmt.Sprintf("cannot be read: %s %s", quoted(part), bad.Message)
	}
	return &ValueError{Value: text, Offset: offset + bad.Offset, Hint: bad.Hint, Message: message}
}

// UnmarshalText reads a range.
func (r *TimeRange) UnmarshalText(text []byte) error {
	parsed, err := ParseTimeRange(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

func (TimeRange) describe() string { return "a range of times" }
