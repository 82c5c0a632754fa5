package main

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// checkSurveys checks what the surveys name of other sections.
func (s *settings) checkSurveys(r *config.Report) {
	survey.CheckAll(&s.Surveys, r, survey.Known{Points: s.Points != nil})
}

// openSurveys makes the skill that asks and the agenda behind it.
func openSurveys(w wiring, db *persistence.DB, catalogue *texts.Catalogue, articles *knowledge.Base, programme *loyalty.Programme) *survey.Agenda {
	skill := &survey.Skill{
		Surveys: &w.set.Surveys, Texts: catalogue, Languages: w.set.Brand.Languages, Stores: db.Surveys(),
		Question: certainQuestion(articles),
	}
	if programme != nil {
		skill.Reward = func(ctx context.Context, tx conversation.Tx, who conversation.CustomerID, invitation, points int64, at time.Time) error {
			_, err := programme.Give(ctx, tx, loyalty.SurveyReward(who, invitation, points, at))
			return err
		}
	}
	db.OnReport(survey.ReportKind, persistence.SettleInvitations)
	return &survey.Agenda{Skill: skill, Zone: w.set.Brand.Timezone.Location(), Clock: w.business, Log: w.log}
}

// certainQuestion says whether an article answers a text for certain.
func certainQuestion(articles *knowledge.Base) func(context.Context, conversation.Turn) (bool, error) {
	return func(ctx context.Context, t conversation.Turn) (bool, error) {
		r, err := articles.Rank(ctx, knowledge.Query{Text: t.In.Text, Language: t.Lang})
		return err == nil && r.Outcome == knowledge.Answer, err
	}
}

// stateInvitations is how many invitations the sandbox shows.
const stateInvitations = 50

// surveyState is what a person was asked and answered, for the sandbox.
func (s *service) surveyState(ctx context.Context, who conversation.CustomerID, state map[string]any) error {
	list, err := s.db.Surveys().Invitations(ctx, who, stateInvitations)
	if err != nil {
		return err
	}
	invitations, responses := []map[string]any{}, []map[string]any{}
	for _, i := range list {
		invitations = append(invitations, map[string]any{
			"id": i.ID, "survey": i.Survey, "about": i.Trigger, "state": i.State, "reason": i.Reason, "due": i.Due, "rewarded": i.Rewarded,
		})
		if r := i.Response; r.ID != 0 {
			responses = append(responses, map[string]any{
				"survey": i.Survey, "score": r.Score, "comment": r.Comment, "answers": r.Answers, "complete": !r.Completed.IsZero(),
			})
		}
	}
	state["invitations"], state["responses"] = invitations, responses
	return nil
}
