package persistence_test

import (
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/loyalty"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/texts"
)

// programmeYAML is the example of the operator's file, over a database.
const programmeYAML = `
points:
  expire_after: 1y
  warn_before: 30d
  hold: 2d
  earn:
    purchase: {per: {AZN: 1}, points: 1}
tiers:
  levels:
    green: {from: 0, title: Green}
    silver: {from: 300, title: Silver}
rewards:
  free_latte: {points: 120, title: Free latte}
`

// newProgramme reads a programme from YAML.
func newProgramme(t testing.TB, db *persistence.DB, yaml string) *loyalty.Programme {
	t.Helper()
	var set struct {
		Points  *loyalty.Config            `yaml:"points"`
		Tiers   *loyalty.Tiers             `yaml:"tiers"`
		Rewards config.Map[loyalty.Reward] `yaml:"rewards"`
	}
	doc, report := config.Parse("test.yaml", []byte(yaml), config.Options{})
	config.Decode(doc.Root, &set, report)
	if report.HasErrors() {
		t.Fatal(report.Problems())
	}
	p := loyalty.New(loyalty.Sections{Points: set.Points, Tiers: set.Tiers, Rewards: &set.Rewards})
	catalogue, err := texts.Load()
	if err != nil {
		t.Fatal(err)
	}
	catalogue.OnMissing(func(err error) { t.Error(err) })
	p.Currency, p.Zone, p.Languages, p.Texts, p.Store = "AZN", time.UTC, language.All, catalogue, db.Loyalty()
	return p
}
