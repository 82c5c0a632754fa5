package sandbox

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// seat is where the person at the browser sits in a pane: as whom, in which place, and for somebody new the language
// of the app.
type seat struct {
	Name, In, Locale string
}

// view is everything on the page.
type view struct {
	Brand  string
	Panes  []paneView
	Focus  string // the platform whose customer the side describes
	Side   sideView
	Clock  clockView
	Guide  guideView
	Labels []option // languages of new customers
}

// option is one choice of a select.
type option struct {
	Value, Label string
	Chosen       bool
}

// languages are those in which a new customer's app can be; the last is one that the service does not speak.
var languages = []option{
	{Value: "az", Label: "Azərbaycanca"},
	{Value: "tr", Label: "Türkçe"},
	{Value: "ru", Label: "Русский"},
	{Value: "en", Label: "English"},
	{Value: "de", Label: "Deutsch"},
}

// languageName is a language in its own words, the code where we have none.
func languageName(code string) string {
	for _, l := range languages {
		if l.Value == code {
			return l.Label
		}
	}
	return code
}

// view reads the page's address: telegram=ayla, telegram.in=group, telegram.locale=az, focus=telegram.
func (p *page) view(ctx context.Context, q url.Values) view {
	v := view{Brand: p.brand(), Focus: q.Get("focus"), Clock: p.clockView(ctx), Labels: languages}
	for _, platform := range p.box.Platforms() {
		name := platform.Name()
		v.Panes = append(v.Panes, p.pane(platform, seat{Name: q.Get(name), In: q.Get(name + ".in"), Locale: q.Get(name + ".locale")}))
	}
	i := max(0, slices.IndexFunc(v.Panes, func(one paneView) bool { return one.Platform == v.Focus }))
	if i >= len(v.Panes) {
		return v
	}
	v.Focus = v.Panes[i].Platform
	v.Panes[i].Focused = true
	platform, _ := p.box.Platform(v.Focus)
	v.Side = p.side(ctx, platform, v.Panes[i].As)
	v.Guide = guide(v.Panes[i].Locale)
	return v
}

// clockView is the business clock and what is due next.
type clockView struct {
	Now    time.Time
	Offset int // minutes east of UTC
	Zone   string
	Local  string // for the field of date and time
	Due    bool
	At     time.Time
	In     string // how far away
	Name   string
}

// Text is the time as people write it.
func (c clockView) Text() string { return c.Now.Format("Mon 2 Jan 2006, 15:04") }

// DueText is when the next thing is due; the date only when it is not today.
func (c clockView) DueText() string {
	if sameDay(c.Now, c.At) {
		return c.At.Format("15:04")
	}
	return c.At.Format("Mon 2 Jan, 15:04")
}

func (p *page) clockView(ctx context.Context) clockView {
	now := p.box.Service().Now()
	zone, offset := now.Zone()
	if name := now.Location().String(); strings.Contains(name, "/") {
		zone = name
	}
	c := clockView{Now: now, Offset: offset / 60, Zone: zone, Local: now.Add(time.Minute).Format(localTime)}
	if at, name, ok := p.upcoming(ctx); ok {
		c.Due, c.At, c.Name, c.In = true, at.In(now.Location()), words(name), distance(at.Sub(now))
	}
	return c
}

// distance says a length of time roughly.
func distance(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "now"
	case d < 2*time.Hour:
		return "in " + count(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return "in " + count(int(d.Hours()), "hour")
	}
	return "in " + count(int(d.Hours()/24), "day")
}

func sameDay(a, b time.Time) bool {
	return a.Format(time.DateOnly) == b.Format(time.DateOnly)
}

// sideView is what the service knows of a customer, and the last calls of the platform.
type sideView struct {
	Platform, Title string
	As, Display     string
	Known           bool
	Problem         string
	Facts           []node
	Nothing         []node // facts that are empty
	Calls           []callView
	Busy            []string
	Down            bool
}

// callView is one call that the platform received.
type callView struct {
	ID     int64
	What   string
	Status int
	Tone   string
	At     string
}

// callsShown is how many calls the side lists.
const callsShown = 12

func (p *page) side(ctx context.Context, platform lookalike.Platform, name string) sideView {
	v := sideView{
		Platform: platform.Name(), Title: title(platform.Name()), As: name, Display: display(name),
		Busy: p.box.Busy(), Down: isDown(platform),
	}
	zone := p.box.Service().Now().Location()
	state, err := p.state(ctx, platform, name)
	if err == nil && state != nil {
		v.Known = true
		var all []node
		all, err = facts(state, p.box.Service().Now())
		for _, n := range all {
			if n.Kind == "none" {
				v.Nothing = append(v.Nothing, n)
			} else {
				v.Facts = append(v.Facts, n)
			}
		}
	}
	if err != nil {
		v.Problem = err.Error()
	}
	for _, c := range slices.Backward(platform.Calls(0)) {
		if waits(c) {
			continue
		}
		v.Calls = append(v.Calls, callView{
			ID: c.ID, What: c.Method + callPath(c), Status: c.Status, Tone: callTone(c.Status), At: c.At.In(zone).Format("15:04:05"),
		})
		if len(v.Calls) == callsShown {
			break
		}
	}
	return v
}

// waits says whether a call only asks for news, which would crowd out all others.
func waits(c lookalike.Call) bool {
	return c.Method == "getUpdates" || c.Method == "apps.connections.open"
}

// callPath is the path where the method is no more than a verb.
func callPath(c lookalike.Call) string {
	if c.Method == strings.ToUpper(c.Method) {
		return " " + c.Path
	}
	return ""
}

func callTone(status int) string {
	switch {
	case status == 0 || status >= 500:
		return "bad"
	case status >= 400:
		return "warn"
	}
	return "good"
}

// title is a platform's name as it is written.
func title(platform string) string { return capital(platform) }

// display is a person's name as people write their own.
func display(name string) string { return capital(name) }

// capital has the first letter large.
func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToTitle(r)) + s[i+len(string(r)):]
	}
	return s
}
