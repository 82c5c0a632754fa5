package clock_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/clock"
)

// due is an agenda with one due time and possibly a description of it.
type due struct {
	at   time.Time
	what string
	err  error
}

func (due) Name() string                                             { return "agenda" }
func (d due) Next(context.Context) (time.Time, bool, error)          { return d.at, !d.at.IsZero(), nil }
func (due) RunDue(context.Context, time.Time) (more bool, err error) { return false, nil }
func (d due) Describe(context.Context) (string, error)               { return d.what, d.err }

func TestUpcomingName(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	for name, tt := range map[string]struct {
		all  []clock.Agenda
		want string
	}{
		"nothing":           {[]clock.Agenda{due{}}, ""},
		"the earliest":      {[]clock.Agenda{due{at: late, what: "later"}, due{at: early, what: "Friday beans"}}, "Friday beans"},
		"without a name":    {[]clock.Agenda{due{at: early}}, "agenda"},
		"that cannot tell":  {[]clock.Agenda{due{at: early, what: "half", err: errors.New("broken")}}, "agenda"},
		"without the means": {[]clock.Agenda{struct{ clock.Agenda }{due{at: early, what: "hidden"}}}, "agenda"},
	} {
		_, got, ok := clock.NewDriver(clock.NewMovable(0), slog.New(slog.DiscardHandler), tt.all...).UpcomingName(t.Context())
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, tt.want)
		}
	}
}
