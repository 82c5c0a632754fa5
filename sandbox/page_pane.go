package sandbox

import (
	"cmp"
	"hash/fnv"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// A look-alike may show more of itself than lookalike.Platform asks. Each of these is optional.
type (
	keyboarder interface{ Menu(as string) [][]string }
	commander  interface {
		Commands(as string) []lookalike.Command
	}
	blockable interface{ Blocked(as string) bool }
	shuttable interface{ Down() bool }
	spacious  interface{ Places() []lookalike.Place }
)

const (
	// tabsShown bounds the tabs of customers: an import may make thousands known.
	tabsShown = 8
	// messagesShown bounds a pane to its newest messages.
	messagesShown = 250
	// together is how long after another a message of the same sender stands in one group with it.
	together = 10 * time.Minute
)

// paneView is one platform's app.
type paneView struct {
	Platform, Title string
	Bot, BotInitial string
	BotColour       int
	Focused         bool
	As, Display     string
	In, Locale      string
	First           string // the place in which the pane opens
	Fresh           bool   // nobody of that name has been here
	Tabs            []tabView
	Places          []option
	Reading         bool // nothing can be written here
	Days            []dayView
	Earlier         int // messages that are not shown
	Empty           bool
	Blocked, Down   bool
	CanBlock        bool
	Menu            [][]string
	Commands        []lookalike.Command
	Attach          []option
	Form            *lookalike.Form
	Hints           []phrase // what somebody who has not written yet could try
	Limit           int      // characters of a message
}

// tabView is one customer to be.
type tabView struct {
	Name, Display, Language, Initial string
	Href                             string
	Current, Staff                   bool
	Colour                           int
}

// dayView is the messages of one day.
type dayView struct {
	Label    string
	Date     string
	Messages []messageView
}

// messageView is one message in a chat.
type messageView struct {
	lookalike.Message
	Key          string // the element's id on the page
	Platform     string
	Display      string
	Initial      string
	Colour       int
	Own, Bot     bool
	First, Last  bool // of a group
	Body         template.HTML
	Picture      string
	Time         string
	Read         bool
	ThreadPlace  string // where the thread under it is, for Slack
	ThreadActive bool
}

// maxPaste is how many characters one can paste at once. The apps split what is longer than a message, or make a file of
// it; this only keeps a paste within a request of the API, at four bytes a character.
const maxPaste = 200_000

// attachable is what people can attach, in the apps' order.
var attachable = []option{
	{Value: lookalike.Photo, Label: "Photo"},
	{Value: lookalike.File, Label: "File"},
	{Value: lookalike.Voice, Label: "Voice message"},
	{Value: lookalike.Location, Label: "Location"},
	{Value: lookalike.Contact, Label: "Contact"},
	{Value: lookalike.Sticker, Label: "Sticker"},
}

// places are where somebody can write besides the private chat.
func places(platform lookalike.Platform, in string) []option {
	list := []option{{Label: "Direct"}}
	switch platform.Name() {
	case "telegram":
		list = []option{{Label: "Private"}, {Value: "group", Label: "Group"}}
	case "discord":
		list = append(list, option{Value: "channel", Label: "Channel"})
	}
	if s, ok := platform.(spacious); ok {
		for _, p := range s.Places() {
			list = append(list, option{Value: p.In, Label: p.Label})
		}
	}
	if strings.HasPrefix(in, threadPrefix) {
		list = append(list, option{Value: in, Label: "Thread"})
	}
	return chosen(list, in)
}

// firstPlace is where the pane opens: the private chat, and where staff work on the platform that has such places.
func firstPlace(platform lookalike.Platform) string {
	s, ok := platform.(spacious)
	if !ok {
		return ""
	}
	if list := s.Places(); len(list) > 1 {
		return list[0].In
	}
	return ""
}

// threadPrefix begins the place of the thread under a message; homePlace is a page that is only read and pressed.
const (
	threadPrefix = "thread:"
	homePlace    = "home"
)

// pane reads a platform's chat as the person in the seat sees it.
func (p *page) pane(platform lookalike.Platform, s seat) paneView {
	people := platform.People()
	if s.Name == "" && len(people) > 0 { // nobody has sat down here yet
		s.Name = people[0].Name
		s.In = cmp.Or(s.In, firstPlace(platform))
	}
	s.Name = lookalike.NameKey(s.Name)
	person, seen := known(platform, s.Name)
	v := paneView{
		Platform: platform.Name(), Title: title(platform.Name()), Bot: p.brand(), As: s.Name, Display: display(s.Name), In: s.In,
		Locale: cmp.Or(person.Locale, s.Locale), Reading: s.In == homePlace, Fresh: !seen && s.In != homePlace, Attach: attachable, Down: isDown(platform), Limit: maxPaste,
	}
	v.BotInitial, v.BotColour = initial(v.Bot), colour(v.Bot)
	v.Tabs = tabs(platform.Name(), people, v)
	v.Places, v.First = places(platform, s.In), firstPlace(platform)
	log := platform.Chat(s.Name, s.In)
	if len(log) > messagesShown {
		v.Earlier = len(log) - messagesShown
		log = log[v.Earlier:]
	}
	if v.Empty = len(log) == 0; v.Empty && s.In == "" {
		v.Hints = hints(v.Locale)
	}
	v.Days = days(log, v, p.box.Service().Now(), len(platform.Busy()) == 0)
	if k, ok := platform.(keyboarder); ok && s.In == "" {
		v.Menu = k.Menu(s.Name)
	}
	if c, ok := platform.(commander); ok {
		v.Commands = c.Commands(s.Name)
	}
	if b, ok := platform.(blockable); ok {
		v.CanBlock, v.Blocked = true, b.Blocked(s.Name)
	}
	if form, open := platform.OpenForm(s.Name); open {
		v.Form = &form
	}
	return v
}

func isDown(platform lookalike.Platform) bool {
	s, ok := platform.(shuttable)
	return ok && s.Down()
}

// chosen marks the option of that value.
func chosen(list []option, value string) []option {
	list = slices.Clone(list)
	for i := range list {
		list[i].Chosen = list[i].Value == value
	}
	return list
}

// tabs are the customers that the page offers: the first ones, and whoever is shown.
func tabs(platform string, people []lookalike.Person, v paneView) []tabView {
	if len(people) > tabsShown {
		i := slices.IndexFunc(people, func(one lookalike.Person) bool { return one.Name == v.As })
		shown := slices.Clone(people[:tabsShown])
		if i >= tabsShown {
			shown = append(shown, people[i])
		}
		people = shown
	}
	if v.Fresh && v.As != "" {
		people = append(slices.Clone(people), lookalike.Person{Name: v.As, Locale: v.Locale})
	}
	var out []tabView
	for _, one := range people {
		out = append(out, tabView{
			Name: one.Name, Display: display(one.Name), Language: one.Locale, Initial: initial(one.Name), Colour: colour(one.Name),
			Href:    "/?" + url.Values{platform: {one.Name}, "focus": {platform}}.Encode(),
			Current: one.Name == v.As, Staff: one.Staff,
		})
	}
	return out
}

// days groups a transcript by the day in the brand's zone, and messages of one sender that follow each other.
func days(log []lookalike.Message, v paneView, now time.Time, atRest bool) []dayView {
	var out []dayView
	lastBot := -1
	for i, m := range log {
		if m.From == "bot" {
			lastBot = i
		}
	}
	for i, m := range log {
		at := m.At.In(now.Location())
		date := at.Format(time.DateOnly)
		if len(out) == 0 || out[len(out)-1].Date != date {
			out = append(out, dayView{Label: dayLabel(at, now), Date: date})
		}
		mv := message(m, v, at)
		mv.First = i == 0 || !joined(log[i-1], m, now.Location())
		mv.Last = i == len(log)-1 || !joined(m, log[i+1], now.Location())
		mv.Read = atRest || i < lastBot
		day := &out[len(out)-1]
		day.Messages = append(day.Messages, mv)
	}
	return out
}

// message is a message as the pane draws it.
func message(m lookalike.Message, v paneView, at time.Time) messageView {
	mv := messageView{
		Message: m, Platform: v.Platform, Key: v.Platform + "-" + m.ID, Bot: m.From == "bot", Own: m.From == v.As,
		Display: display(m.From), Colour: colour(m.From), Time: at.Format("15:04"),
	}
	if mv.Bot {
		mv.Display, mv.Colour = v.Bot, v.BotColour
	}
	mv.Initial = initial(mv.Display)
	// The look-alikes build this from escaped text, see lookalike.Message.
	mv.Body = template.HTML(m.HTML)       //nolint:gosec // see above
	if m.HTML == "" && m.FileName == "" { // of a file alone the text is its name, which the pane shows already
		mv.Body = template.HTML(strings.ReplaceAll(template.HTMLEscapeString(m.Text), "\n", "<br>")) //nolint:gosec // escaped here
	}
	if m.Image != "" {
		mv.Picture = "/media/" + v.Platform + "/" + url.PathEscape(m.Image)
	}
	if v.First != "" && !m.Private && (v.In == v.First || strings.HasPrefix(v.In, "#")) {
		mv.ThreadPlace = threadPrefix + m.ID
	}
	return mv
}

// joined says whether b stands in one group with a.
func joined(a, b lookalike.Message, zone *time.Location) bool {
	return a.From == b.From && a.Private == b.Private && b.At.Sub(a.At) < together && sameDay(a.At.In(zone), b.At.In(zone))
}

// dayLabel is a day as a chat heads it.
func dayLabel(at, now time.Time) string {
	switch {
	case sameDay(at, now):
		return "Today"
	case sameDay(at, now.AddDate(0, 0, -1)):
		return "Yesterday"
	case at.Year() != now.Year():
		return at.Format("2 January 2006")
	}
	return at.Format("Monday, 2 January")
}

// initial is what stands in a round picture.
func initial(name string) string {
	for _, r := range name {
		return string(unicode.ToTitle(r))
	}
	return "?"
}

// colour is one of seven, always the same for a name.
func colour(name string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return int(h.Sum32() % 7)
}
