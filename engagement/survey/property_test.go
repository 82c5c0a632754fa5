package survey_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
)

// TestWhateverPeopleDo: any sequence of presses, typed marks, words, changes, "later", "skip", "leave", "stop", commands,
// time and repeated events leaves one response per invitation, at most one reward, and all that was ever answered.
func TestWhateverPeopleDo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		nps, _ := s.skill.Surveys.Get("nps")
		nps.Every = config.Every{} // by hand only: the people of earlier runs are left in peace
		people := 0
		rapid.Check(t, func(rt *rapid.T) {
			people++
			a := &anybody{shop: s, rt: rt, name: fmt.Sprintf("p%d", people)}
			a.id = s.Meet(a.name)
			a.invite("nps")
			rt.Repeat(map[string]func(*rapid.T){
				"press":  a.press,
				"mark":   func(rt *rapid.T) { a.do(s.Say(a.name, strconv.Itoa(rapid.IntRange(-1, 11).Draw(rt, "mark")))) },
				"words":  func(rt *rapid.T) { a.do(s.Say(a.name, rapid.SampledFrom(typed).Draw(rt, "words"))) },
				"time":   a.wait,
				"event":  a.event,
				"invite": func(*rapid.T) { a.invite("nps") },
				"stop":   func(rt *rapid.T) { a.do(s.Say(a.name, "/stop")) },
				"":       a.check,
			})
		})
	})
}

var typed = []string{"the beans were stale", "skip", "later", "no", "cancel", "/help", "is there delivery?", "great", "hello", "nothing", "stop"}

// anybody is a person who does anything, with what was told about the marks.
type anybody struct {
	*shop
	rt      *rapid.T
	name    string
	id      conversation.CustomerID
	changes []string // "9 → 3", in order, of all invitations
}

var changed = regexp.MustCompile(`Answer changed: (\d+ → \d+)`)

// do notes what a reply told.
func (a *anybody) do(reply string) {
	for _, m := range changed.FindAllStringSubmatch(reply, -1) {
		a.changes = append(a.changes, m[1])
	}
}

// press presses any button of any message, however old.
func (a *anybody) press(rt *rapid.T) {
	var tokens []string
	for _, m := range a.Sent[a.name] {
		for _, row := range m.Body.Rows {
			for _, b := range row {
				if b.Token != "" {
					tokens = append(tokens, b.Token)
				}
			}
		}
	}
	if len(tokens) == 0 {
		return
	}
	token := tokens[rapid.IntRange(0, len(tokens)-1).Draw(rt, "button")]
	for range rapid.IntRange(1, 2).Draw(rt, "times") {
		before := len(a.Sent[a.name])
		a.Event(a.name, conversation.Inbound{Kind: conversation.KindPress, Token: token})
		a.do(a.Heard(a.name, before))
	}
}

func (a *anybody) wait(rt *rapid.T) {
	a.do(a.since(a.name, time.Duration(rapid.SampledFrom([]int{1, 31, 61, 24 * 60, 4 * 24 * 60}).Draw(rt, "minutes"))*time.Minute))
}

// event has the same few events told again and again.
func (a *anybody) event(rt *rapid.T) {
	kind := rapid.SampledFrom([]string{"order", "order.first", "ticket.resolved"}).Draw(rt, "kind")
	a.happen(a.id, kind, a.name+rapid.SampledFrom([]string{"-1", "-2"}).Draw(rt, "key"))
}

func (a *anybody) invite(surveyID string) {
	if _, err := a.agenda.Invite(a.T.Context(), a.id, surveyID, a.name); err != nil {
		a.rt.Fatal(err)
	}
	a.do(a.since(a.name, 0))
}

// check holds at any time.
func (a *anybody) check(rt *rapid.T) {
	var rewards int64
	var told []string
	keys := map[string]bool{}
	for _, i := range slices.Backward(a.invitations(a.name)) {
		if key := i.Survey + "/" + i.Trigger; keys[key] {
			rt.Fatalf("invited twice: %s", key)
		} else {
			keys[key] = true
		}
		rewards += i.Rewarded
		a.checkOne(rt, i)
		told = append(told, a.chain(rt, i)...)
	}
	if got := a.points(a.name); got != rewards {
		rt.Fatalf("%d points, and rewards of %d", got, rewards)
	}
	want := slices.Sorted(slices.Values(a.changes))
	if slices.Sort(told); !slices.Equal(told, want) {
		rt.Fatalf("the history has %v, told was %v", told, want)
	}
}

func (a *anybody) checkOne(rt *rapid.T, i survey.Invitation) {
	r := i.Response
	switch {
	case i.Rewarded > 0 && (r.Completed.IsZero() || i.Rewarded != i.Promised):
		rt.Fatalf("a reward for what was not completed, or not what was promised: %+v", i)
	case i.State == survey.Answered && (r.Completed.IsZero() || i.Promised != i.Rewarded):
		rt.Fatalf("completed without its reward: %+v", i)
	case (i.State == survey.Partial || i.State == survey.Answered) != (r.ID != 0 && hasAnswer(r)):
		rt.Fatalf("state %s with the answers %v", i.State, r.Answers)
	case r.ID != 0 && i.Asked.IsZero():
		rt.Fatalf("answered before it was asked: %+v", i)
	case i.Asks > 2:
		rt.Fatalf("asked %d times", i.Asks)
	}
	if n := a.count(`SELECT count(*) FROM survey_responses WHERE invitation_id = ` + fmt.Sprint(i.ID)); n > 1 {
		rt.Fatalf("%d responses to one invitation", n)
	}
}

func hasAnswer(r survey.Response) bool {
	for _, v := range r.Answers {
		if string(v) != "null" {
			return true
		}
	}
	return false
}

// chain is the changes of an invitation's marks as its history has them.
func (a *anybody) chain(rt *rapid.T, i survey.Invitation) (out []string) {
	for question, now := range i.Response.Answers {
		if _, err := strconv.Atoi(string(now)); err != nil {
			continue // words, or skipped
		}
		marks := a.strings(fmt.Sprintf(`SELECT answer FROM survey_response_history WHERE response_id = %d AND question = '%s'
			AND answer <> 'null' ORDER BY id`, i.Response.ID, question))
		marks = append(marks, string(now))
		for n := 1; n < len(marks); n++ {
			if marks[n] == marks[n-1] {
				rt.Fatalf("the history has the same mark twice: %s", strings.Join(marks, " "))
			}
			out = append(out, marks[n-1]+" → "+marks[n])
		}
	}
	return out
}
