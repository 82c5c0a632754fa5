package config_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
)

// sampleChannel is a section that only its adapter knows.
type sampleChannel struct {
	Token config.Secret `yaml:"token" check:"required" doc:"The bot's token."`
	Mode  sampleManner  `yaml:"mode"`
}

func TestSchemaGolden(t *testing.T) {
	t.Parallel()
	root := sample{
		Brand: sampleBrand{Manner: "formal", Currency: "AZN"},
		Desk:  sampleDesk{Reply: config.Duration(15 * time.Minute), Poll: time.Second, Mark: ">>"},
	}
	got, err := config.JSONSchema(&root, map[string]any{"channels.telegram": sampleChannel{Mode: "formal"}, "channels.discord": &sampleChannel{}})
	if err != nil {
		t.Fatal(err)
	}
	again, err := config.JSONSchema(&root, map[string]any{"channels.discord": &sampleChannel{}, "channels.telegram": sampleChannel{Mode: "formal"}})
	if err != nil || string(again) != string(got) {
		t.Error("the schema changes from call to call")
	}
	compareGolden(t, "testdata/schema.golden", got)
}

// TestSchemaPatternsAcceptWhatDecodeAccepts keeps editors from marking what is
// right: the patterns are looser than the parsers, never stricter.
func TestSchemaPatternsAcceptWhatDecodeAccepts(t *testing.T) {
	t.Parallel()
	type values struct {
		Duration  config.Duration  `yaml:"duration"`
		Period    config.Period    `yaml:"period"`
		Time      config.TimeOfDay `yaml:"time"`
		Range     config.TimeRange `yaml:"range"`
		Days      config.Weekdays  `yaml:"days"`
		Date      config.Date      `yaml:"date"`
		DateRange config.DateRange `yaml:"date_range"`
		DateTime  config.DateTime  `yaml:"date_time"`
		Zone      config.Zone      `yaml:"zone"`
		Currency  config.Currency  `yaml:"currency"`
		Cron      config.CronSpec  `yaml:"cron"`
		Every     config.Every     `yaml:"every"`
		Std       time.Duration    `yaml:"std"`
	}
	schema, err := config.JSONSchema(&values{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Properties map[string]struct {
			Pattern  string
			Examples []string
		}
	}
	if err := json.Unmarshal(schema, &parsed); err != nil {
		t.Fatal(err)
	}
	good := map[string][]string{
		"duration": {"15m", "1h30m", "1 hour 30 minutes", "1.5h", "14d", "2w", "${X}"}, "std": {"90s"},
		"period": {"1y", "3 months", "1y 6 months", "14d"},
		"time":   {"10:00", "9:05", "24:00"}, "range": {"22:00-10:00", "09:00 – 18:00"},
		"days": {"every day", "mon-fri", "Monday–Friday", "mon, wed, fri", "fri.", "mon and thu"},
		"date": {"2027-03-20", "28 May", "May 28", "29 Feb 2028", "1. january", "31 Dec."}, "date_range": {"2027-03-20..2027-03-24", "30 Dec..2 Jan", "28 May"},
		"date_time": {"2026-12-18T10:00", "2026-12-18 10:00", "2026-12-18", "2026-12-18T10:00:00", "18 Dec 2026 10:00"},
		"zone":      {"Asia/Baku", "UTC", "Etc/GMT-4", "America/Argentina/Buenos_Aires"}, "currency": {"AZN"},
		"cron":  {"0 10 * * FRI", "*/30 9-10 * * *", "@monthly", "0 9 1,15 * *"},
		"every": {"Friday 10:00", "mon, thu 18:30", "month last 10:00", "year 28 May 10:00", "3 months", "2 weeks 09:00", "every day 09:00"},
	}
	bad := map[string]string{
		"duration": "soon", "period": "soon", "time": "9", "range": "09:00", "days": "5", "date": "20.03.2027", "date_range": "..",
		"date_time": "10:00", "zone": "Asia Baku", "currency": "manat", "cron": "0 10 * *", "every": "10:00 !", "std": "x",
	}
	for name, property := range parsed.Properties {
		if name == "include" {
			continue
		}
		pattern := regexp.MustCompile(property.Pattern)
		for _, text := range append(good[name], property.Examples...) {
			if !pattern.MatchString(text) {
				t.Errorf("%s: the pattern %s refuses %q", name, property.Pattern, text)
			}
			doc, r := config.Parse("c.yaml", []byte(name+": '"+text+"'\n"), config.Options{Unset: config.Ignore, Env: environment})
			config.Decode(doc.Root, &values{}, r)
			if got := messages(r); len(got) > 0 {
				t.Errorf("%s: decoding refuses %q: %q", name, text, got)
			}
		}
		if len(good[name]) == 0 || bad[name] == "" || pattern.MatchString(bad[name]) {
			t.Errorf("%s: the pattern %s accepts %q", name, property.Pattern, bad[name])
		}
	}
}

func TestSchemaHasAllKeysAndNothingElse(t *testing.T) {
	t.Parallel()
	schema, err := config.JSONSchema(&sample{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := string(schema)
	for _, want := range []string{
		`"$schema": "https://json-schema.org/draft/2020-12/schema"`, `"additionalProperties": false`, `"description": "Name of the business."`,
		`"url_file"`, `"include"`, `"window"`, `"default": "10d"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the schema lacks %s", want)
		}
	}
	if strings.Contains(text, "Untagged") || strings.Contains(text, `"At"`) {
		t.Error("the schema has a field that is not read")
	}
}
