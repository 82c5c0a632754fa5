package desk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/texts"
)

// Support is what the desk and the bot did in a period, for whoever runs the business.
type Support struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Answered int       `json:"answered_alone"` // questions that the bot answered, and nobody said it did not help
	Tickets  []Handled `json:"-"`              // opened in the period
	Overdue  int       `json:"overdue_now"`
	Low      int       `json:"low_scores"` // that called a colleague
	Solved   int       `json:"recovered"`  // of them: it is better now
	NPS      Figure    `json:"nps"`
	CSAT     Figure    `json:"csat"`
	Savers   []Saver   `json:"saved"`
	Gaps     []GapLine `json:"gaps"`
	Stale    []Worn    `json:"articles"` // to look over, the worst first
}

// Handled is one ticket of the period.
type Handled struct {
	Topic    string
	Opened   time.Time
	First    time.Time // the first answer; zero for none yet
	Reopened bool
	Missed   bool // a target was missed
}

// Saver is a member of staff whose lessons spared others' replies.
type Saver struct {
	Name    string `json:"name"`
	Answers int    `json:"answers"`
	Replies int    `json:"replies"`
}

// Worn is an article that should be looked over.
type Worn struct {
	ID       string `json:"article"`
	Title    string `json:"title"`
	Uses     int    `json:"uses"`
	Failed   int    `json:"did_not_help"`
	Outdated bool   `json:"review_is_due"`
}

// Response is how fast tickets of one topic got their first answer, in opening time.
type Response struct {
	Topic    string        `json:"topic"`
	Tickets  int           `json:"tickets"`
	Answered int           `json:"answered"`
	Usual    time.Duration `json:"usual"` // half of them were faster
	Slow     time.Duration `json:"slow"`  // nine of ten were faster
}

// Responses is how fast each topic was answered, and at which hour of the day people waited longest. between is the
// opening time between two instants.
func (s Support) Responses(between func(a, b time.Time) time.Duration, zone *time.Location) (by []Response, slowHour int) {
	waits, all := map[string][]time.Duration{}, map[string]int{}
	hours := map[int][]time.Duration{}
	for _, t := range s.Tickets {
		all[t.Topic]++
		if t.First.IsZero() {
			continue
		}
		wait, hour := between(t.Opened, t.First), t.Opened.In(zone).Hour()
		waits[t.Topic], hours[hour] = append(waits[t.Topic], wait), append(hours[hour], wait)
	}
	for topic, n := range all {
		by = append(by, Response{
			Topic: topic, Tickets: n, Answered: len(waits[topic]), Usual: percentile(waits[topic], 50), Slow: percentile(waits[topic], 90),
		})
	}
	slices.SortFunc(by, func(a, b Response) int {
		if a.Tickets != b.Tickets {
			return b.Tickets - a.Tickets
		}
		return strings.Compare(a.Topic, b.Topic)
	})
	slowHour = -1
	for hour := range 24 {
		if len(hours[hour]) >= hourNeeds && (slowHour < 0 || percentile(hours[hour], 50) > percentile(hours[slowHour], 50)) {
			slowHour = hour
		}
	}
	return by, slowHour
}

// Figures of the report.
const (
	hourNeeds    = 3 // tickets of an hour of the day for it to be told
	reportTopics = 5
	reportGaps   = 5
	reportStale  = 5
	doFirst      = 3
)

// percentile is the wait below which that share of waits is, by the nearest rank.
func percentile(waits []time.Duration, share int) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	return sorted[(len(sorted)*share+99)/100-1]
}

// count is how many tickets of the report are so.
func (s Support) count(is func(Handled) bool) (n int) {
	for _, t := range s.Tickets {
		if is(t) {
			n++
		}
	}
	return n
}

// SupportText is the report in plain words, what is to be done first on top.
func (d *Desk) SupportText(s Support, between func(a, b time.Time) time.Duration) texts.Rich {
	by, slowHour := s.Responses(between, d.zone())
	head := d.say("staff_report.head", texts.Vars{
		"from": texts.DateOf(s.From.In(d.zone()), s.To.In(d.zone())), "to": texts.DateOf(s.To.Add(-time.Second).In(d.zone()), s.To.In(d.zone())),
	}).In(texts.Bold)
	handed := len(s.Tickets)
	numbers := []texts.Rich{
		d.say("staff_report.nps", texts.Vars{"figure": "NPS"}).Append(texts.Literal(" ")).Append(d.figure("nps", s.NPS)),
		d.say("staff_report.csat", texts.Vars{"figure": "CSAT"}).Append(texts.Literal(" ")).Append(d.figure("csat", s.CSAT)),
		d.say("staff_report.answered", texts.Vars{
			"alone": s.Answered, "handed": handed, "again": s.count(func(h Handled) bool { return h.Reopened }),
		}),
	}
	if s.Low > 0 {
		numbers = append(numbers, d.say("staff_report.recovered", texts.Vars{"low": s.Low, "better": s.Solved}))
	}
	var waits []texts.Rich
	for _, r := range by[:min(len(by), reportTopics)] {
		waits = append(waits, d.response(r))
	}
	if slowHour >= 0 {
		waits = append(waits, d.say("staff_report.slow_hour", texts.Vars{"time": texts.Clock{Hour: slowHour}}))
	}
	saved := make([]texts.Rich, len(s.Savers))
	for i, one := range s.Savers {
		saved[i] = SavedLine(d.Texts, d.lang(), one.Name, one.Answers, one.Replies)
	}
	worn := make([]texts.Rich, 0, reportStale)
	for _, w := range s.Stale[:min(len(s.Stale), reportStale)] {
		worn = append(worn, d.worn(w))
	}
	return texts.Paragraphs(head, d.section("first", d.first(s)), d.section("numbers", numbers), d.section("waits", waits), texts.Lines(saved...),
		d.section("gaps", d.gapList(s.Gaps)), d.section("articles", worn))
}

// section is a list under its heading; nothing when the list is empty.
func (d *Desk) section(key string, lines []texts.Rich) texts.Rich {
	if len(lines) == 0 {
		return nil
	}
	return texts.Lines(d.say("staff_report.heading."+key, nil).In(texts.Bold), texts.List(lines...))
}

func (d *Desk) gapList(list []GapLine) (out []texts.Rich) {
	for _, g := range list[:min(len(list), reportGaps)] {
		out = append(out, d.say("staff.gaps.line", texts.Vars{"n": g.Asked, "lang": strings.ToUpper(string(g.Lang)), "question": shortened(tidy(g.Question), lineRunes)}))
	}
	return out
}

// response tells how fast a topic was answered.
func (d *Desk) response(r Response) texts.Rich {
	topic := r.Topic
	if topic == "" {
		topic = d.label("staff_report.all_else", nil)
	}
	vars := texts.Vars{"topic": topic, "n": r.Tickets, "usual": length(r.Usual), "slow": length(r.Slow)}
	if r.Answered == 0 {
		return d.say("staff_report.wait_none", vars)
	}
	return d.say("staff_report.wait", vars)
}

// length is a time as figures show it: hours and minutes, such as 0:07. What took seconds took a minute: "within" is
// said of it.
func length(t time.Duration) string {
	minutes := max(1, int(t.Round(time.Minute)/time.Minute))
	return fmt.Sprintf("%d:%02d", minutes/60, minutes%60)
}

func (d *Desk) worn(w Worn) texts.Rich {
	key := "staff_report.article"
	if w.Outdated {
		key = "staff_report.article_outdated"
	}
	return d.say(key, texts.Vars{"title": w.Title, "uses": w.Uses, "failed": w.Failed})
}

// first is what is to be done first, at most three things: what hurts customers now before what would help later.
func (d *Desk) first(s Support) []texts.Rich {
	var out []texts.Rich
	add := func(is bool, key string, vars texts.Vars) {
		if is && len(out) < doFirst {
			out = append(out, d.say("staff_report.do."+key, vars))
		}
	}
	late := s.count(func(h Handled) bool { return h.Missed })
	add(s.Overdue > 0, "overdue", texts.Vars{"n": s.Overdue, "command": "/rapport tickets overdue"})
	add(s.Low > s.Solved, "low", texts.Vars{"n": s.Low - s.Solved})
	if len(s.Gaps) > 0 && s.Gaps[0].Asked > 1 {
		add(true, "gap", texts.Vars{"n": s.Gaps[0].Asked, "question": shortened(tidy(s.Gaps[0].Question), lineRunes)})
	}
	if len(s.Stale) > 0 {
		add(s.Stale[0].Failed > 0, "article", texts.Vars{"title": s.Stale[0].Title, "n": s.Stale[0].Failed})
		add(s.Stale[0].Failed == 0, "review", texts.Vars{"title": s.Stale[0].Title})
	}
	add(late > 0, "late", texts.Vars{"n": late})
	add(len(out) == 0, "nothing", nil)
	return out
}
