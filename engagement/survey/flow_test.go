package survey_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
)

func TestNPSFromTheQuestionToTheReward(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		got := s.invite("ann", "nps")
		want(t, got, "Two short questions", "+20 points", "(1/2) How likely", "[0]", "[10]", "[Later]", "[No, thanks]")
		want(t, s.Say("ann", "what about delivery"), "We deliver everywhere.", "Back to the survey.", "(1/2) How likely")
		want(t, s.Say("ann", "blue"), "Please choose a number from 0 to 10.")
		want(t, s.Say("ann", "9/10"), "(2/2) What do you like most?", "[Skip]")
		want(t, s.Say("ann", "is there delivery to Ganja?"), "We deliver everywhere.", "What do you like most?")
		want(t, s.Say("ann", "how long does delivery take"), "We deliver everywhere.", "What do you like most?")
		want(t, s.Press("ann", "3"), "Answer changed: 9 → 3.", "What went wrong?")
		want(t, s.Press("ann", "3"), "Your answer is already noted: 3.")
		got = s.Say("ann", "The delivery was late")
		want(t, got, "Noted, thank you. +20 points.", "A colleague will write to you here.", "[All right]", "[No need]", "https://example.com/review")
		if p := s.points("ann"); p != 20 {
			t.Errorf("%d points, want 20", p)
		}
		want(t, s.Press("ann", "10"), "Answer changed: 3 → 10.", "What do you like most?")
		want(t, s.Say("ann", "All good now"), "Noted, thank you.")
		i := s.invitations("ann")[0]
		if p := s.points("ann"); p != 20 || i.State != survey.Answered || *i.Response.Score != 10 || i.Response.Comment != "All good now" {
			t.Errorf("%d points, invitation %+v", p, i)
		}
		want(t, s.Press("ann", "No need"), "we won't write")
	})
}

func TestTypedMarksAreUnderstoodForTheWholeWindow(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		s.advance(5 * time.Hour)
		want(t, s.Say("ann", "nine"), "(2/2)")
		s.advance(5 * time.Hour)
		want(t, s.Say("ann", "4"), "Answer changed: 9 → 4.")
		if got := s.Say("ann", "super"); strings.Contains(got, "changed") {
			t.Errorf("praise after a mark was taken as a mark: %s", got)
		}
		s.advance(10 * 24 * time.Hour)
		want(t, s.Press("ann", "8"), "This answer can no longer be changed.")
		if got := s.Say("ann", "7"); strings.Contains(got, "changed") {
			t.Errorf("a mark after the window was taken: %s", got)
		}
	})
}

func TestACommandEndsTheWaitForAComment(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		s.Say("ann", "8")
		if got := s.Say("ann", "/help"); strings.Contains(got, "Back to the survey") {
			t.Errorf("the comment was asked for again after a command: %s", got)
		}
		s.Say("ann", "my card number is 1234")
		i := s.invitations("ann")[0]
		if i.Response.Comment != "" || i.State != survey.Partial || s.points("ann") != 0 {
			t.Errorf("what followed a command became the comment: %+v", i)
		}
		want(t, s.Press("ann", "Skip"), "Noted, thank you. +20 points.")
		want(t, s.Press("ann", "Skip"), "Noted, thank you.")
		if p := s.points("ann"); p != 20 {
			t.Errorf("%d points, want 20", p)
		}
	})
}

func TestLaterLeaveReminderAndExpiry(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		want(t, s.Press("ann", "Later"), "we'll ask later")
		want(t, s.Press("ann", "Later"), "we'll ask later")
		again := s.since("ann", 25*time.Hour)
		want(t, again, "(1/2) How likely")
		if strings.Contains(again, "[Later]") {
			t.Errorf("later is offered twice: %s", again)
		}
		want(t, s.Press("ann", "No, thanks"), "closed this survey")
		if i := s.invitations("ann")[0]; i.State != survey.Declined || i.Asks != 2 {
			t.Errorf("after leaving: %+v", i)
		}
		if got := s.since("ann", 5*24*time.Hour); got != "" {
			t.Errorf("who left was written to: %s", got)
		}

		s.invite("bob", "nps")
		if got := s.since("bob", 6*24*time.Hour); strings.Count(got, "Our question is still open") != 1 {
			t.Errorf("not one reminder: %s", got)
		}
		s.advance(5 * 24 * time.Hour)
		if i := s.invitations("bob")[0]; i.State != survey.Expired {
			t.Errorf("after its window: %+v", i)
		}
		want(t, s.Press("bob", "9"), "This survey is closed by now.")
		if i := s.invitations("bob")[0]; i.Response.ID != 0 {
			t.Errorf("a closed survey was answered: %+v", i)
		}
	})
}

func TestLowScoreCallsAPerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.Meet("ann")
		s.happen(who, "ticket.resolved", "7")
		got := s.since("ann", 11*time.Minute)
		want(t, got, "How satisfied are you with how we handled your question?", "[5]")
		last := s.Sent["ann"][len(s.Sent["ann"])-1]
		if last.Proactive.Purpose != survey.PurposeTicket {
			t.Errorf("a CSAT after a ticket has the purpose %q", last.Proactive.Purpose)
		}
		s.Say("ann", "1")
		want(t, s.since("ann", 31*time.Minute), "A colleague will write to you here.")
		if got := s.since("ann", 24*time.Hour); got != "" {
			t.Errorf("told twice: %s", got)
		}
		if n := s.tickets(); n != 1 {
			t.Errorf("%d tickets, want 1", n)
		}
		s.happen(who, "ticket.resolved", "8") // the recontact clock of two weeks
		if got := s.since("ann", time.Hour); got != "" {
			t.Errorf("asked again too soon: %s", got)
		}
	})
}

func TestTheQuestionWaitsInSilenceDuringATicket(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		want(t, s.Say("ann", "/help"), "Back to the survey") // nobody is asked for yet
		for _, words := range []string{"operator", "/help", "is anybody there?"} {
			if got := s.Say("ann", words); strings.Contains(got, "Back to the survey") {
				t.Errorf("asked again after %q: %s", words, got)
			}
		}
		s.Say("ann", "9") // whoever answers it all the same is heard
		if i := s.invitations("ann")[0]; i.State != survey.Partial {
			t.Errorf("the mark was not taken: %+v", i)
		}

		s.invite("bob", "nps")
		s.Say("bob", "operator")
		s.resolveTickets()
		want(t, s.Say("bob", "/help"), "Back to the survey")
	})
}

func TestNotAskedDuringATicketNorTwiceForOneEvent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		who := s.Meet("ann")
		s.happen(who, "order", "a1")
		s.happen(who, "order.first", "a1")
		if got := s.since("ann", 2*time.Hour); strings.Count(got, "[Later]") != 1 {
			t.Errorf("one order asks for more than one answer: %s", got)
		}
		s.Press("ann", "4")

		who = s.Meet("bob")
		s.openTicket("bob")
		s.happen(who, "order", "b1")
		if got := s.since("bob", 12*time.Hour); got != "" {
			t.Errorf("asked during a ticket: %s", got)
		}
		s.resolveTickets()
		want(t, s.since("bob", 2*time.Hour), "How satisfied are you with your last purchase?")
	})
}

func TestCustomQuestions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		want(t, s.invite("ann", "first"), "+5 points", "(1/3) How easy", "[5]")
		want(t, s.Say("ann", "4"), "(2/3) Did you find the information", "[Partly]", "[Skip]")
		want(t, s.Press("ann", "Partly"), "(3/3) What should we improve?")
		want(t, s.Press("ann", "No"), "Answer changed: Partly → No.")
		want(t, s.Say("ann", "Longer hours please"), "Noted, thank you. +5 points.")
		i := s.invitations("ann")[0]
		if i.State != survey.Answered || len(i.Response.Answers) != 3 || s.points("ann") != 5 {
			t.Errorf("afterwards: %+v, %d points", i, s.points("ann"))
		}
	})
}

func TestStopEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		if got := s.Say("ann", "cancel"); !strings.Contains(got, "What shall we cancel?") || !strings.Contains(got, "[This survey]") || strings.Contains(got, "Back to the survey") {
			t.Errorf("a lone cancel does not ask which: %s", got)
		}
		want(t, s.Say("ann", "stop"), "[")
		s.Press("ann", "This survey")
		if i := s.invitations("ann")[0]; i.State != survey.Declined {
			t.Errorf("after leaving this survey: %+v", i)
		}
		s.invite("bob", "nps")
		s.Say("bob", "/stop")
		if i := s.invitations("bob")[0]; i.State != survey.Declined || i.Reason != survey.ReasonStopped {
			t.Errorf("after stop: %+v", i)
		}
		if got := s.since("bob", 40*24*time.Hour); got != "" {
			t.Errorf("who said stop was written to: %s", got)
		}
	})
}

// TestStopWithoutAChoiceHoldsEverything: the question what to stop is a stop until it is answered.
func TestStopWithoutAChoiceHoldsEverything(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		for _, who := range []string{"ann", "bob", "cem"} {
			s.invite(who, "nps")
			want(t, s.Say(who, "stop"), "What shall we stop?", "[This survey]", "[All messages]", "[Nothing]")
		}
		want(t, s.Press("bob", "Nothing"), "nothing has changed")
		want(t, s.Say("cem", "stop"), "We won't write first any more", "[Undo]") // twice is an answer
		if got := s.since("ann", 40*24*time.Hour); got != "" {
			t.Errorf("who said stop and chose nothing was written to: %s", got)
		}
		for who, stopped := range map[string]bool{"ann": true, "bob": false, "cem": true} {
			st, err := s.DB.Conversations().Load(t.Context(), conversation.Inbound{Customer: s.Customer(who)})
			if err != nil || st.Person.Stopped != stopped {
				t.Errorf("%s: stopped %v, want %v; %v", who, st.Person.Stopped, stopped, err)
			}
		}
	})
}

// TestABareNumberIsMeantAsAMark: while a mark is awaited, a number beside the scale is told so and not looked up.
func TestABareNumberIsMeantAsAMark(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "nps")
		for _, number := range []string{"11", "100", " 7.5 ", "-1", "7,5"} {
			if got := s.Say("ann", number); !strings.Contains(got, "0") || !strings.Contains(got, "10") || strings.Contains(got, "answer") {
				t.Errorf("%q is answered with %q", number, got)
			}
		}
		if i := s.invitations("ann")[0]; i.State != survey.Open {
			t.Errorf("afterwards: %+v", i)
		}
	})
}

func TestRoundsAskEverybodyOnceAndHaveNoPast(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		people := []string{"ann", "bob", "cem", "dan"}
		for _, p := range people {
			s.Meet(p)
		}
		s.advance(time.Hour)
		for _, p := range people {
			if len(s.invitations(p)) != 0 {
				t.Errorf("%s was asked about the past", p)
			}
		}
		s.advance(31 * 24 * time.Hour) // the first of January
		for _, p := range people {
			if list := s.invitations(p); len(list) != 1 || list[0].Asked.IsZero() {
				t.Errorf("%s: %+v", p, list)
			}
		}
		var roots []conversation.CustomerID
		for _, p := range people {
			roots = append(roots, s.invitations(p)[0].Root)
		}
		if len(roots) != len(people) {
			t.Fatal(roots)
		}
		r, err := survey.MakeReport(t.Context(), s.DB.Surveys(), survey.NPS, survey.Period{})
		if err != nil || r.Total.Delivered != len(people) || r.Total.Answers != 0 || r.Total.Score != nil {
			t.Errorf("report %+v, %v", r, err)
		}
		want(t, r.Words(), "no data", "of 4 delivered")
	})
}
