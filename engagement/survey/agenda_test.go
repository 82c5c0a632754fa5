package survey_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/survey"
)

func TestTwoProcessesAskOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		var ids []conversation.CustomerID
		for n := range 6 {
			ids = append(ids, s.Meet(fmt.Sprint("p", n)))
		}
		for _, id := range ids {
			s.happen(id, "order", fmt.Sprint("o", id))
		}
		s.Clock.MoveTo(s.Clock.Now().Add(2 * time.Hour))
		var g errgroup.Group
		for range 4 {
			g.Go(func() error {
				for range 3 {
					if _, err := s.agenda.RunDue(t.Context(), s.Clock.Now()); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := s.count(`SELECT count(*) FROM outbox WHERE report_kind = 'invitation'`); n != len(ids) {
			t.Errorf("%d invitations went out to %d people", n, len(ids))
		}
	})
}

// TestEventsAreLookedAtAgain: an event that is committed after a later one is not missed, and nothing follows twice.
func TestEventsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		ann, bob := s.Meet("ann"), s.Meet("bob")
		s.happen(ann, "order", "a")
		s.happen(bob, "order", "b")
		s.exec(`DELETE FROM events WHERE key = 'a'`) // not committed yet
		s.advance(time.Minute)
		s.exec(fmt.Sprintf(`INSERT INTO events (id, kind, key, customer_id, happened_at) VALUES (1, 'order', 'a', %d, %d)`, ann, s.Clock.Now().UnixMilli()))
		s.happen(bob, "order", "c")
		s.advance(2 * time.Hour)
		for who, n := range map[string]int{"ann": 1, "bob": 2} {
			if list := s.invitations(who); len(list) != n {
				t.Errorf("%s has %d invitations, want %d", who, len(list), n)
			}
		}
	})
}

// chosen is an audience of some people, in pages of two.
type chosen []conversation.CustomerID

func (c chosen) Page(_ context.Context, expression string, after conversation.CustomerID, _ int) (page []conversation.CustomerID, last conversation.CustomerID, more bool, err error) {
	if expression != "regulars" {
		return nil, 0, false, fmt.Errorf("there is no audience %s", expression)
	}
	for _, id := range c {
		if id > after && len(page) < 2 {
			page, last = append(page, id), id
		}
	}
	return page, last, len(page) == 2, nil
}

func TestARoundAsksItsAudienceOverDays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		*s.skill.Surveys = *section(t, `surveys:
  nps: {kind: nps, every: month 1 10:00, spread: 6d, to: regulars}
`)
		var regulars chosen
		for n := range 12 {
			if id := s.Meet(fmt.Sprint("p", n)); n%2 == 0 {
				regulars = append(regulars, id)
			}
		}
		s.agenda.Audience = regulars
		s.advance(38 * 24 * time.Hour)
		days := map[string]bool{}
		for n := range 12 {
			list := s.invitations(fmt.Sprint("p", n))
			if len(list) != (n+1)%2 {
				t.Errorf("p%d has %d invitations", n, len(list))
			}
			for _, i := range list {
				days[i.Asked.Format(time.DateOnly)] = true
				if i.Asked.Hour() < 10 || i.Asked.Hour() >= 12 {
					t.Errorf("asked at %v", i.Asked)
				}
			}
		}
		if len(days) < 2 {
			t.Errorf("asked on %v alone", days)
		}
	})
}

func TestAnEditedMarkIsAChange(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) {
		s.invite("ann", "easy")
		s.Say("ann", "6")
		before := len(s.Sent["ann"])
		s.Event("ann", conversation.Inbound{Kind: conversation.KindEdit, Text: "2"})
		want(t, s.Heard("ann", before), "Answer changed: 6 → 2.", "What was difficult?")
		if i := s.invitations("ann")[0]; *i.Response.Score != 2 || i.State != survey.Answered {
			t.Errorf("afterwards %+v", i)
		}
	})
}

func TestBankQuestionsHaveTheirTexts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *shop) { // a missing text fails the test: see newShop
		ids := survey.BankIDs()
		for n, part := range slices.Collect(slices.Chunk(ids, 10)) {
			list := ""
			for _, id := range part {
				list += id + ", "
			}
			*s.skill.Surveys = *section(t, "surveys:\n  all: {product: Coffee, questions: ["+list+"]}\n")
			who := fmt.Sprint("p", n)
			s.invite(who, "all")
			for range part {
				s.Press(who, "Skip")
			}
		}
	})
}
