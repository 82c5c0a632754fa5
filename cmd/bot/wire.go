package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/conversation/commands"
	"github.com/rapport-chat/rapport/desk"
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
	help      commands.Help
	voice     commands.Voice
	articles  *knowledge.Base
	questions *knowledge.Skill // answers from the articles
	tutor     *desk.Tutor
	desk      *bureau            // nil: there is no place in which staff work
	loyalty   *loyalty.Programme // nil: the config has none
	surveys   *survey.Agenda
	offers    *offers
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
		workers: map[string]*outbox.Worker{}, accounts: map[string]string{}, dead: map[string]error{}, typers: map[string]conversation.Typer{},
		owner: processName(), tenures: newTenures(),
	}
	s.due = outbox.NewKeeper(db.Outbox(), agendaLease, s.owner, w.log)
	catalogue, err := loadTexts(w)
	if err != nil {
		return nil, err
	}
	articles := openArticles(w, db)
	s.learner = newLearner(s)
	people := openDesk(s, w, db, catalogue)
	voice := openVoice(w, catalogue, people)
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
	help := commands.Help{Voice: voice, Commands: slices.Concat([]string{"start", "help"}, programme.Commands(), promoted.commands(), []string{"language", "privacy", "mydata", "forget", "stop", "agent"})}
	s.parts = features{help: help, voice: voice, articles: articles, loyalty: programme, surveys: surveys, offers: promoted, desk: people}
	s.parts.questions = &knowledge.Skill{
		Articles: articles, Texts: voice.Texts, Desk: voice.Desk, Stores: db, Lessons: db, Voted: s.learner.vote, Solved: s.solved,
	}
	s.parts.tutor = s.openTutor(catalogue)
	if people != nil {
		people.desk.Suggester, people.desk.Teacher = nearest{articles}, s.parts.tutor
	}
	s.openClerk(people, programme)
	s.alarm = newAlarm(s, people)
	if _, err := s.learner.load(ctx); err != nil {
		return nil, err
	}
	s.engine, err = s.newEngine(w, db)
	if err != nil {
		return nil, err
	}
	s.driver = clock.NewDriver(w.business, w.log, slices.Concat(programme.Agendas(), people.agendas(), s.digest(),
		[]clock.Agenda{surveys, promoted.agenda, promoted.board, persistence.NewHeld(db, w.business.Now)})...)
	s.driver.PassOn(func() { db.TellOthers(persistence.BoxAgenda, "") })
	s.handler = s.routes()
	return s, nil
}

// newEngine makes the engine over the features.
func (s *service) newEngine(w wiring, db *persistence.DB) (*conversation.Engine, error) {
	store := w.store
	if store == nil {
		store = heldInbox{db.Conversations(), s}
	}
	start, agent := commands.Start{Voice: s.parts.voice}, commands.Agent{Voice: s.parts.voice}
	db.OnUnanswered(s.answerFor(agent))
	return conversation.NewEngine(conversation.Config{
		Store: store, Skills: s.skills(start, agent), Fallback: commands.Fallback{Voice: s.parts.voice}, Staff: s.parts.desk.staff(),
		Rescue: agent.Rescue, Welcome: start.Welcome, After: s.parts.offers.skill.AfterAnswer,
		Business: w.business, Languages: w.set.Brand.Languages, Log: w.log, Typing: s.typing, Wait: w.wait,
	})
}

// skills is the order in which skills are asked.
func (s *service) skills(start commands.Start, agent commands.Agent) []conversation.Skill {
	p, voice := s.parts, s.parts.voice
	usual := []conversation.Skill{p.surveys.Skill, commands.SmallTalk{Voice: voice}, commands.Media{Voice: voice}, p.questions}
	return slices.Concat([]conversation.Skill{
		commands.Stop{Voice: voice, Surveys: p.surveys.Skill.Name(), OnStop: p.surveys.Skill.OnStop, OnLeave: p.surveys.Skill.OnLeave, Order: s.cancelOrder},
		s.openPrivacy(),
	}, loyaltySkills(p.loyalty, voice.Texts), []conversation.Skill{
		start, p.help,
		commands.Language{Voice: voice},
	}, p.desk.skills(p.questions, slices.Concat([]conversation.Skill{agent}, usual)...), []conversation.Skill{
		agent,
		p.offers.skill,
		conversation.OpenStep{},
	}, usual)
}

// cancelOrder answers who wants to cancel an order as if they had asked how that is done.
func (s *service) cancelOrder(ctx context.Context, t conversation.Turn) (conversation.Commit, error) {
	t.In.Kind, t.In.Text, t.Intent, t.Final = conversation.KindMessage, s.parts.voice.Texts.Label(t.Lang, "stop.cancel_order_asked", nil), "", true
	c, err := s.parts.questions.Decide(ctx, t)
	if c != nil || err != nil {
		return c, err
	}
	return s.parts.voice.Desk.HandOver(t, conversation.Handoff{Reason: "asked", Words: t.In.Text, Lang: t.Lang}), nil
}

// openArticles puts the operator's articles and synonyms in force.
func openArticles(w wiring, db *persistence.DB) *knowledge.Base {
	articles := knowledge.NewBase(w.set.content.Articles, db, w.log)
	if len(w.set.content.Synonyms) > 0 {
		articles.Update(func(c *knowledge.Content) { c.Synonyms = w.set.content.Synonyms })
	}
	return articles
}

// openVoice is what the built-in skills speak with.
func openVoice(w wiring, catalogue *texts.Catalogue, people *bureau) commands.Voice {
	return commands.Voice{
		Texts: catalogue, Languages: w.set.Brand.Languages,
		Notice: func(lang language.Code) string {
			text, _ := w.set.Privacy.Notice.In(lang, w.set.Brand.Languages...)
			return text
		},
		Desk: people.hand(catalogue),
	}
}

// loadTexts is the catalogue that the service speaks with. Problems of the operator's own texts were reported with the
// config; what is left of them is told in the log.
func loadTexts(w wiring) (*texts.Catalogue, error) {
	catalogue, _, err := w.set.catalogue()
	if err != nil {
		return nil, err
	}
	catalogue.OnMissing(func(err error) { w.log.Error("a text is not complete", "error", err.Error()) })
	return catalogue, nil
}
