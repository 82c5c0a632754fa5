package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// features are the parts that more than one command needs to reach.
type features struct {
	help     commands.Help
	voice    commands.Voice
	articles *knowledge.Base
	loyalty  *loyalty.Programme // nil: the config has none
	surveys  *survey.Agenda
	offers   *offers
}

// wiring is what differs between run, sandbox and chat.
type wiring struct {
	set      settings
	path     string // the config's file
	log      *slog.Logger
	business *clock.Movable
	channels []conversation.Channel
	wait     time.Duration      // see conversation.Config.Wait
	store    conversation.Store // the database's own, when nil
}

// wire builds the service on an open database. It starts nothing.
func wire(ctx context.Context, db *persistence.DB, w wiring) (*service, error) {
	s := &service{
		set: w.set, path: w.path, log: w.log, db: db, business: w.business, channels: w.channels,
		workers: map[string]*outbox.Worker{}, dead: map[string]error{}, typers: map[string]conversation.Typer{},
	}
	catalogue, err := loadTexts(w)
	if err != nil {
		return nil, err
	}
	articles := knowledge.NewBase(w.set.content.Articles, db, w.log)
	if len(w.set.content.Synonyms) > 0 {
		articles.Update(func(c *knowledge.Content) { c.Synonyms = w.set.content.Synonyms })
	}
	s.learner = newLearner(s)
	voice := commands.Voice{
		Texts: catalogue, Languages: w.set.Brand.Languages,
		Notice: func(lang language.Code) string {
			text, _ := w.set.Privacy.Notice.In(lang, w.set.Brand.Languages...)
			return text
		},
		Desk: commands.Handover{Texts: catalogue, FirstResponse: defaultFirstResponse},
	}
	programme, err := openLoyalty(w, db, catalogue)
	if err != nil {
		return nil, err
	}
	promoted, err := openOffers(ctx, w, db, catalogue, s.wakeAgenda)
	if err != nil {
		return nil, err
	}
	surveys := openSurveys(w, db, catalogue, articles, programme)
	surveys.Audience = promoted.audiences
	if programme != nil {
		programme.Match = promoted.audiences.Match
	}
	help := commands.Help{Voice: voice, Commands: slices.Concat([]string{"start", "help"}, programme.Commands(), promoted.commands(), []string{"language", "stop", "agent"})}
	start, agent := commands.Start{Voice: voice}, commands.Agent{Voice: voice}
	s.parts = features{help: help, voice: voice, articles: articles, loyalty: programme, surveys: surveys, offers: promoted}
	if w.store == nil {
		w.store = db.Conversations()
	}
	s.engine, err = conversation.NewEngine(conversation.Config{
		Store: w.store,
		// The order in which skills are asked.
		Skills: slices.Concat([]conversation.Skill{
			commands.Stop{Voice: voice, Surveys: surveys.Skill.Name(), OnStop: surveys.Skill.OnStop, OnLeave: surveys.Skill.OnLeave},
		}, loyaltySkills(programme, catalogue), []conversation.Skill{
			start, help,
			commands.Language{Voice: voice},
			agent,
			promoted.skill,
			conversation.OpenStep{},
			surveys.Skill,
			commands.SmallTalk{Voice: voice},
			commands.Media{Voice: voice},
			&knowledge.Skill{Articles: articles, Texts: catalogue, Desk: voice.Desk, Stores: db, Voted: s.learner.vote},
		}),
		Fallback: commands.Fallback{Voice: voice},
		Rescue:   agent.Rescue,
		Welcome:  start.Welcome,
		After:    promoted.skill.AfterAnswer,
		Business: w.business, Languages: w.set.Brand.Languages, Log: w.log, Typing: s.typing, Wait: w.wait,
	})
	if err != nil {
		return nil, err
	}
	s.driver = clock.NewDriver(w.business, w.log, append(programme.Agendas(), surveys, promoted.agenda, persistence.NewHeld(db, w.business.Now))...)
	s.handler = s.routes()
	return s, nil
}

// defaultFirstResponse is promised while the config says nothing.
const defaultFirstResponse = 15 * time.Minute

// loadTexts reads the built-in catalogue and the operator's own texts over it.
func loadTexts(w wiring) (*texts.Catalogue, error) {
	catalogue, err := texts.Load()
	if err != nil {
		return nil, fmt.Errorf("read the built-in texts: %w", err)
	}
	catalogue.SetDefault(w.set.Brand.Languages[0])
	catalogue.SetCommon(texts.Vars{"brand": w.set.Brand.Name})
	catalogue.OnMissing(func(err error) { w.log.Error("a text is not complete", "error", err.Error()) })
	return catalogue, nil
}
