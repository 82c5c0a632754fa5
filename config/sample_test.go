package config_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// sample is a configuration like the service's own, with sections that other
// packages would own.
type sample struct {
	config.At
	Brand    sampleBrand                 `yaml:"brand" check:"required" doc:"Who speaks."`
	Channels config.Map[config.Node]     `yaml:"channels"`
	Sources  config.Map[sampleSource]    `yaml:"sources"`
	Database sampleDatabase              `yaml:"database"`
	Shops    config.Map[sampleShop]      `yaml:"shops"`
	Calendar sampleCalendar              `yaml:"calendar"`
	Desk     sampleDesk                  `yaml:"desk"`
	Quiet    config.Hours                `yaml:"quiet"`
	Surveys  config.Map[sampleSurvey]    `yaml:"surveys"`
	Points   samplePoints                `yaml:"points"`
	Rewards  config.Map[sampleReward]    `yaml:"rewards"`
	Offers   config.Map[sampleOffer]     `yaml:"offers"`
	Keep     map[string]config.Period    `yaml:"keep" check:"keys=messages|raw_events|responses"`
	Extra    *sampleExtra                `yaml:"extra"`
	Weights  map[language.Code]float64   `yaml:"weights"`
	Untagged string                      // not read from the file
	Loose    config.Map[config.Duration] `yaml:"loose"`
}

type sampleBrand struct {
	config.At
	Name      string          `yaml:"name" check:"required,max=40" doc:"Name of the business."`
	Languages []language.Code `yaml:"languages" check:"min=1"`
	Zone      config.Zone     `yaml:"timezone"`
	Currency  config.Currency `yaml:"currency"`
	Manner    sampleManner    `yaml:"manner"`
	Founded   config.Date     `yaml:"founded"`
}

type sampleManner string

func (sampleManner) Values() []string { return []string{"formal", "informal"} }

type sampleSource struct {
	config.At
	Secret config.Secret `yaml:"secret" check:"required"`
	Facts  []string      `yaml:"facts" check:"min=1,enum=orders|phone|birthday"`
}

type sampleDatabase struct {
	URL      config.Secret `yaml:"url"`
	PoolSize uint8         `yaml:"pool" check:"min=1,max=16"`
}

type sampleShop struct {
	config.At
	Address config.LocalText `yaml:"address"`
	Hours   config.Hours     `yaml:"hours"`
	Phone   string           `yaml:"phone"`
	Open    config.TimeRange `yaml:"lunch"`
	Cleaned config.Weekdays  `yaml:"cleaned"`
}

type sampleCalendar struct {
	Days map[string][]config.DateRange `yaml:"days"`
}

type sampleDesk struct {
	config.At
	Reply  config.Duration         `yaml:"first_response" check:"min=1m,max=7d"`
	Poll   time.Duration           `yaml:"poll"`
	Shift  config.TimeOfDay        `yaml:"shift"`
	Topics config.Map[sampleTopic] `yaml:"topics"`
	Mark   string                  `yaml:"reply_mark"`
	Tries  *int                    `yaml:"tries"`
}

type sampleTopic struct {
	Channel string `yaml:"channel"`
}

type sampleSurvey struct {
	config.At
	Kind     string          `yaml:"kind" check:"required,enum=nps|csat|ces|custom"`
	Every    config.Every    `yaml:"every"`
	Window   config.Duration `yaml:"window"`
	Reward   sampleGift      `yaml:"reward"`
	Sampling float64         `yaml:"sampling" check:"min=0,max=1"`
	Paused   bool            `yaml:"paused"`
}

// SetDefaults makes ten days the window of a survey that gives none.
func (s *sampleSurvey) SetDefaults() {
	s.Window = config.Duration(240 * time.Hour)
	s.Sampling = 1
}

type sampleGift struct {
	Points int `yaml:"points" check:"min=0"`
}

type samplePoints struct {
	config.At
	ExpireAfter config.Period                    `yaml:"expire_after" check:"min=30d"`
	Per         map[config.Currency]config.Money `yaml:"per"`
	From        config.Date                      `yaml:"from"`
	Until       config.Date                      `yaml:"until"`
	Floor       config.Money                     `yaml:"floor" check:"min=0.50"`
}

func (p *samplePoints) Check(r *config.Report) {
	if !p.Until.IsZero() && p.Until.Before(p.From) {
		r.Errorf(p.Field("until"), fmt.Sprintf("write a day after %s", p.From), "the points end before they begin")
	}
}

type sampleReward struct {
	Points int              `yaml:"points"`
	Title  config.LocalText `yaml:"title"`
}

type sampleOffer struct {
	config.At
	Every config.Every           `yaml:"every"`
	Cron  config.CronSpec        `yaml:"cron"`
	Due   config.DateTime        `yaml:"at"`
	To    config.Located[string] `yaml:"to"`
	Text  config.LocalText       `yaml:"text" check:"required"`
	Gift  string                 `yaml:"gift"`
	Stage []sampleStage          `yaml:"stages"`
}

type sampleStage struct {
	To    string          `yaml:"to" check:"required"`
	After config.Duration `yaml:"after"`
}

type sampleExtra struct {
	On bool `yaml:"on"`
}

// Check stands for the checks that need several sections: a reward that an
// offer names, and the type of an expression.
func (s *sample) Check(r *config.Report) {
	for _, o := range s.Offers.All() {
		if o.Gift != "" {
			if _, ok := s.Rewards.Get(o.Gift); !ok {
				r.UnknownID(o.Field("gift"), "reward", o.Gift, s.Rewards.IDs())
			}
		}
		if i := strings.Index(o.To.Value, "=> "); i >= 0 {
			r.ErrorIn(o.To.At, len([]rune(o.To.Value[:i])), "write >= for “at least”", "the expression cannot be read here")
		}
		o.Text.Resolve(r, map[string]map[language.Code]string{"birthday": {"en": "Happy birthday!"}})
	}
}

// environment is what the fixtures find in ${NAME}.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"SAMPLE_TOKEN": "123456:not-to-be-printed", "SAMPLE_PORT": "8080", "SAMPLE_EMPTY": "",
		"SAMPLE_WORD": "not-to-be-printed", "SAMPLE_LINES": "not-to-be\nprinted",
	}[name]
	return value, ok
}

// read loads and decodes a file as the service does: the brand first, since
// its languages matter to every text.
func read(path string, opts config.Options) (sample, *config.Report) {
	if opts.Env == nil {
		opts.Env = environment
	}
	doc, r := config.Load(path, opts)
	return decoded(doc, r), r
}

func decoded(doc *config.Document, r *config.Report) sample {
	var s sample
	if brand, ok := doc.Root.Field("brand"); ok {
		config.Decode(brand, &s.Brand, config.NewReport(config.Options{Env: environment}))
	}
	r.SetLanguages(s.Brand.Languages)
	s = sample{Database: sampleDatabase{PoolSize: 4}}
	config.Decode(doc.Root, &s, r)
	return s
}
