package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/calendar"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/engagement/attention"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/engagement/survey"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
)

// settings is the whole of an operator's file. Each feature owns the type, the defaults and the checks of its section.
type settings struct {
	config.At
	document *config.Document
	path     string // of the file
	content  knowledge.Content
	tests    []knowledge.Pair

	Include   []string                   `yaml:"include" doc:"More files that belong to this one."`
	Brand     brandSettings              `yaml:"brand" doc:"Who you are."`
	Channels  channelSettings            `yaml:"channels" doc:"Where customers write; one is enough."`
	Knowledge knowledgeSection           `yaml:"knowledge" doc:"What the bot can answer."`
	Staff     desk.Staff                 `yaml:"staff" doc:"Who helps when the bot cannot."`
	Desk      desk.Config                `yaml:"desk" doc:"How questions that people answer are worked on."`
	Database  databaseSettings           `yaml:"database" doc:"Where everything is kept."`
	HTTP      httpSettings               `yaml:"http" doc:"The service's own web server."`
	Texts     string                     `yaml:"texts" doc:"A folder with az.yaml, tr.yaml, ... that replace built-in texts."`
	Calendar  calendar.Calendar          `yaml:"calendar" doc:"Days with names, and days on which nothing is started."`
	Proactive attention.Config           `yaml:"proactive" doc:"Everything that you start, per person."`
	Audiences audience.Config            `yaml:"audiences" doc:"Groups of customers by condition."`
	Offers    offer.Config               `yaml:"offers" doc:"Offers, greetings and series: what goes to whom and when."`
	Surveys   survey.Section             `yaml:"surveys" doc:"What you ask customers."`
	Points    *loyalty.Config            `yaml:"points" doc:"What customers earn, and how long it lasts."`
	Tiers     *loyalty.Tiers             `yaml:"tiers" doc:"What those who come often are called, and get."`
	Rewards   config.Map[loyalty.Reward] `yaml:"rewards" doc:"What points buy."`
	Sources   config.Map[loyalty.Source] `yaml:"sources" doc:"Who may write facts over HTTP: tills, shops, importers."`
	Privacy   privacySettings            `yaml:"privacy" doc:"What you tell about data, and how long it is kept."`
}

type brandSettings struct {
	config.At
	Name      string          `yaml:"name" check:"required" doc:"As customers know you."`
	Languages []language.Code `yaml:"languages" doc:"The first is the default."`
	Timezone  config.Zone     `yaml:"timezone" doc:"IANA name, such as Asia/Baku."`
	Currency  config.Currency `yaml:"currency" doc:"ISO code, such as AZN."`
	Manner    string          `yaml:"manner" check:"enum=formal" doc:"How customers are addressed."`
}

type channelSettings struct {
	config.At
	Telegram *telegram.Config `yaml:"telegram"`
	Discord  *discord.Config  `yaml:"discord"`
	Slack    *slack.Config    `yaml:"slack"`
}

type knowledgeSection struct {
	config.At
	Files       []string `yaml:"files" doc:"Article files; patterns such as knowledge/*.yaml are allowed."`
	LearnedFile string   `yaml:"learned_file" doc:"Where what staff teach is written, for you to commit; it is read with the others. knowledge/learned.yaml beside the config when left out."`
}

// learnedFile is where what staff teach is written; path is the config's.
func (k knowledgeSection) learnedFile(path string) string {
	if k.LearnedFile != "" {
		return k.Resolve(k.LearnedFile)
	}
	return filepath.Join(filepath.Dir(path), filepath.FromSlash(defaultLearned))
}

// patterns are the files of articles, with the learned one where it is there and not among them.
func (k knowledgeSection) patterns(path string) []string {
	learned := k.learnedFile(path)
	absolute, err := filepath.Abs(learned)
	if err != nil {
		return k.Files
	}
	if _, err := os.Stat(absolute); err != nil {
		return k.Files
	}
	for _, pattern := range k.Files {
		whole, err := filepath.Abs(k.Resolve(filepath.FromSlash(pattern)))
		if match, bad := filepath.Match(whole, absolute); err == nil && bad == nil && match {
			return k.Files
		}
	}
	return append(slices.Clone(k.Files), absolute)
}

type databaseSettings struct {
	config.At
	URL config.Secret `yaml:"url" doc:"sqlite://FILE (one process) or postgres://... (several)."`
}

type httpSettings struct {
	config.At
	Addr string `yaml:"addr" doc:"host:port; health, metrics, webhooks and ingest."`
}

// Check implements config.Checker.
func (d *databaseSettings) Check(r *config.Report) {
	url := d.URL.Reveal()
	if url == "" || strings.Contains(url, "${") { // told already
		return
	}
	if err := persistence.CheckURL(url); err != nil {
		r.Errorf(d.At.Field("url"), "such as sqlite://rapport.db, or postgres://user@host/rapport?sslmode=require", "%s", err)
	}
}

// Check implements config.Checker.
func (h *httpSettings) Check(r *config.Report) {
	if h.Addr == "" {
		return
	}
	_, port, err := net.SplitHostPort(h.Addr)
	if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 0 || n > 65535 {
		r.Errorf(h.At.Field("addr"), "write host:port, such as 127.0.0.1:8080, or :8080 for every network of this machine", "%q is no address to serve at", h.Addr)
	}
}

type privacySettings struct {
	config.At
	Contact      string           `yaml:"contact" doc:"Where people write about their data."`
	Notice       config.LocalText `yaml:"notice" doc:"The address of your privacy notice, by language."`
	TermsVersion int              `yaml:"terms_version"`
	Keep         keepSettings     `yaml:"keep" doc:"How long data is kept."`
}

// readLanguages tells the report the brand's languages before the texts are read, so that a missing one is noticed.
func (s *settings) readLanguages(root config.Node, r *config.Report) {
	langs := language.All
	if brand, ok := root.Field("brand"); ok {
		if list, ok := brand.Field("languages"); ok {
			langs = nil
			for _, item := range list.Items() {
				if code, ok := language.Parse(item.Text()); ok {
					langs = append(langs, code)
				}
			}
		}
	}
	r.SetLanguages(langs)
}

// defaults are what a careful operator would choose.
func defaults() settings {
	return settings{
		Proactive: attention.Defaults(),
		Brand:     brandSettings{Languages: language.All, Timezone: config.NewZone(time.UTC), Manner: "formal"},
		Staff:     desk.Staff{Language: language.English},
		Desk:      desk.Defaults(),
		Database:  databaseSettings{URL: config.NewSecret("sqlite://rapport.db")},
		HTTP:      httpSettings{Addr: "127.0.0.1:8080"},
		Privacy:   privacySettings{Keep: defaultKeep()},
	}
}
