package config_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// decode reads a text into a value and fails on problems.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	doc, r := config.Parse("c.yaml", []byte(text), config.Options{Env: environment})
	config.Decode(doc.Root, into, r)
	if got := messages(r); len(got) > 0 {
		t.Fatalf("problems in\n%s\n%q", text, got)
	}
}

func TestDecodeKeepsDefaults(t *testing.T) {
	t.Parallel()
	tries := 3
	s := sample{Desk: sampleDesk{Reply: config.Duration(15 * time.Minute), Mark: ">>", Poll: time.Second, Tries: &tries}}
	decode(t, "brand: {name: Nar}\ndesk: {first_response: 5m}\n", &s)
	if s.Desk.Reply.Std() != 5*time.Minute || s.Desk.Mark != ">>" || s.Desk.Poll != time.Second || *s.Desk.Tries != 3 {
		t.Errorf("desk is %+v", s.Desk)
	}
	// A value that is wrong leaves the default.
	doc, r := config.Parse("c.yaml", []byte("brand: {name: Nar}\ndesk: {first_response: soon, tries: many}\n"), config.Options{})
	config.Decode(doc.Root, &s, r)
	if s.Desk.Reply.Std() != 5*time.Minute || *s.Desk.Tries != 3 || len(r.Problems()) != 2 {
		t.Errorf("after problems desk is %+v, %q", s.Desk, messages(r))
	}
}

func TestDecodeFillsEverything(t *testing.T) {
	t.Parallel()
	var s sample
	decode(t, `
brand: {name: 42, languages: [az, ru], timezone: Asia/Baku, currency: AZN, manner: informal, founded: 28 May}
channels: {telegram: {x: 1}, discord: {y: 2}}
database: {url: sqlite://x.db, pool: 16}
shops:
  nizami: {phone: 0501234567, cleaned: weekend, lunch: 13:00-14:00}
desk: {poll: 2s, shift: 09:30, tries: 0, topics: }
surveys:
  a: {kind: nps}
  b: {kind: csat, window: 3d, sampling: .5, paused: on, every: 3 months, reward: {points: 20}}
points: {per: {AZN: 1, TRY: 25.5}, expire_after: 1y, from: 2026-12-20, until: 2026-12-27}
offers:
  o: {text: hello, stages: [{to: a}, {to: b, after: 1d}], to: "x > 1"}
keep: {messages: 180d, responses: 3y}
extra: {on: true}
weights: {az: 1, ru: 0.25}
calendar: {days: {novruz: 2027-03-20..2027-03-24}}
`, &s)
	got := []any{
		s.Brand.Name, s.Brand.Languages, s.Brand.Manner, s.Brand.Founded, s.Channels.IDs(), s.Database.PoolSize, s.Database.URL.Reveal(),
		s.Shops.Entries[0].Value.Phone, s.Desk.Poll, s.Desk.Shift, *s.Desk.Tries,
		s.Surveys.Entries[0].Value.Window, s.Surveys.Entries[0].Value.Sampling, s.Surveys.Entries[1].Value.Sampling, s.Surveys.Entries[1].Value.Paused,
		s.Points.Per["TRY"], s.Points.ExpireAfter, s.Offers.Entries[0].Value.Stage, s.Offers.Entries[0].Value.To.Value,
		s.Keep["responses"], s.Extra.On, s.Weights[language.Russian], s.Calendar.Days["novruz"],
	}
	want := "[42 [az ru] informal 28 May [telegram discord] 16 sqlite://x.db 0501234567 2s 09:30 0 10d 1 0.5 true 25.50 1 year [{a 0s} {b 1d}] x > 1 3 years true 0.25 [2027-03-20..2027-03-24]]"
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func TestMapKeepsOrderAndPlaces(t *testing.T) {
	t.Parallel()
	var s sample
	decode(t, "brand: {name: Nar}\nrewards:\n  zebra: {points: 1}\n  apple: {points: 2}\n\n  mango: {points: 3}\n", &s)
	if got := fmt.Sprint(s.Rewards.IDs(), s.Rewards.Len()); got != "[zebra apple mango] 3" {
		t.Errorf("ids %s", got)
	}
	if got := s.Rewards.Entries[2].At.Place(); got != "c.yaml:6:3" {
		t.Errorf("mango stands at %s", got)
	}
	if got := s.Rewards.Place(); got != "c.yaml:2:1" {
		t.Errorf("the rewards stand at %s", got)
	}
	mango, ok := s.Rewards.Get("mango")
	if !ok || mango.Points != 3 {
		t.Errorf("mango is %+v, %v", mango, ok)
	}
	if _, ok := s.Rewards.Get("melon"); ok {
		t.Error("there is a melon")
	}
	for _, reward := range s.Rewards.All() {
		reward.Points *= 10
	}
	if mango.Points != 30 {
		t.Errorf("a change through All is lost: %d", mango.Points)
	}
}

func TestAtLeadsToFieldsAndItems(t *testing.T) {
	t.Parallel()
	var s sample
	decode(t, "brand: {name: Nar}\noffers:\n  friday:\n    text: Hello\n    stages:\n      - to: a\n      - {to: b, after: 1d}\n", &s)
	offer := s.Offers.Entries[0].Value
	for _, tt := range []struct {
		at   config.At
		want string
	}{
		{offer.At, "c.yaml:3:3"},
		{offer.Field("text"), "c.yaml:4:11"},
		{offer.Key("text"), "c.yaml:4:5"},
		{offer.Field("gift"), "c.yaml:3:3"},
		{offer.Field("stages").Item(1), "c.yaml:7:9"},
		{offer.Field("stages").Item(1).Field("after"), "c.yaml:7:24"},
		{offer.Field("stages").Item(0).Field("to"), "c.yaml:6:13"},
		{offer.Field("stages").Item(9), "c.yaml:6:7"},
		{s.Field("offers", "friday", "text"), "c.yaml:4:11"},
		{s.Field("offers"), "c.yaml:2:1"},
		{offer.To.At, ""},
	} {
		if got := tt.at.Place(); got != tt.want {
			t.Errorf("place %s, want %s", got, tt.want)
		}
	}
	if !offer.Has("text") || offer.Has("gift") || !offer.To.At.IsZero() || offer.File() != "c.yaml" || offer.Column() != 3 {
		t.Error("the place does not know its keys")
	}
	if got := offer.Resolve("images/x.jpg"); got != "images/x.jpg" {
		t.Errorf("a path beside the file is %s", got)
	}
	if got := offer.Resolve("/x.jpg"); got != "/x.jpg" {
		t.Errorf("an absolute path is %s", got)
	}
}

// steps notes the order in which checks ran.
var steps = map[string]*[]string{}

type outer struct {
	config.At
	Name  string            `yaml:"name"`
	Inner inner             `yaml:"inner"`
	Many  []inner           `yaml:"many"`
	ByID  config.Map[inner] `yaml:"by_id"`
	Ptr   *inner            `yaml:"ptr"`
}

func (o *outer) Check(*config.Report) { *steps[o.Name] = append(*steps[o.Name], "outer") }

type inner struct {
	Owner string `yaml:"owner"`
	Label string `yaml:"label"`
	def   bool
}

func (i *inner) SetDefaults() { i.Label, i.def = "default", true }

func (i *inner) Check(*config.Report) {
	*steps[i.Owner] = append(*steps[i.Owner], fmt.Sprint(i.Label, i.def))
}

func TestChecksRunFromTheInside(t *testing.T) {
	t.Parallel()
	var ran []string
	steps["x"] = &ran
	var o outer
	decode(t, "name: x\ninner: {owner: x, label: a}\nmany: [{owner: x}, {owner: x, label: c}]\nby_id: {k: {owner: x, label: d}}\nptr: {owner: x}\n", &o)
	if got := strings.Join(ran, ", "); got != "afalse, defaulttrue, ctrue, dtrue, defaulttrue, outer" {
		t.Errorf("checks ran as %s", got)
	}
}

func TestSecondFileWithTheSameKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := write(t, dir, "a.yaml", "include: b.yaml\nbrand: {name: Nar}\nweights: {az: 1}\npoints: {floor: 1}\n")
	write(t, dir, "b.yaml", "weights: {az: 2, ru: 3}\npoints: {floor: 2, from: 2026-01-01}\n")
	doc, r := config.Load(path, config.Options{})
	s := decoded(doc, r)
	if got := strings.Join(messages(r), "; "); got != "error: az is defined twice; error: floor is defined twice" {
		t.Errorf("problems: %s", got)
	}
	if s.Points.From.IsZero() {
		t.Error("the second file's other keys are lost")
	}
}

func TestMerges(t *testing.T) {
	t.Parallel()
	var s sample
	decode(t, `
brand: {name: Nar}
surveys:
  a: &base {kind: nps, window: 5d, reward: {points: 5}}
  b:
    <<: *base
    window: 7d
  c:
    <<: [{window: 1d}, *base]
`, &s)
	var got []string
	for id, survey := range s.Surveys.All() {
		got = append(got, fmt.Sprint(id, " ", survey.Kind, " ", survey.Window, " ", survey.Reward.Points))
	}
	if want := "a nps 5d 5, b nps 7d 5, c nps 1d 5"; strings.Join(got, ", ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ", "), want)
	}
}

func TestNode(t *testing.T) {
	t.Parallel()
	root, _ := report(t, "a: {x: 1, y: [p, ~]}\nempty:\n")
	a, ok := root.Field("a")
	if !ok || a.Kind() != config.Mapping || a.IsZero() {
		t.Fatalf("a is %s", a.Kind())
	}
	y, _ := a.Field("y")
	if items := y.Items(); y.Kind() != config.List || len(items) != 2 || items[0].Text() != "p" || items[1].Kind() != config.Null {
		t.Errorf("y is %s with %d items", y.Kind(), len(items))
	}
	if empty, ok := root.Field("empty"); !ok || !empty.IsZero() {
		t.Error("empty is not empty")
	}
	none, ok := root.Field("none")
	if ok || none.Kind() != config.None || !none.IsZero() || none.Text() != "" || none.Items() != nil || none.Entries() != nil || none.Unset() != nil || !none.At().IsZero() {
		t.Error("a key that is not there has a value")
	}
	if entries := a.Entries(); len(entries) != 2 || entries[1].Key != "y" || entries[1].At.Place() != "c.yaml:1:11" {
		t.Errorf("entries %v", entries)
	}
	if x, _ := a.Field("x"); x.Quote() != `"1"` || none.Quote() != `""` {
		t.Error("values are quoted wrongly")
	}
	for kind, want := range map[config.Kind]string{config.None: "no value", config.Null: "nothing", config.Scalar: "a single value", config.List: "a list", config.Mapping: "a map of keys"} {
		if kind.String() != want {
			t.Errorf("kind %d is %q", kind, kind)
		}
	}
	// An absent section decodes to its defaults without a complaint.
	var brand sampleBrand
	r := config.NewReport(config.Options{})
	config.Decode(none, &brand, r)
	if len(r.Problems()) > 0 {
		t.Errorf("an absent section: %q", messages(r))
	}
}

// TestProgrammersMistakesPanic names what Decode refuses at once, before any
// operator sees it.
func TestProgrammersMistakesPanic(t *testing.T) {
	t.Parallel()
	for name, into := range map[string]any{
		"no pointer": sampleBrand{},
		"nil":        (*sampleBrand)(nil),
		"channel": &struct {
			A chan int `yaml:"a"`
		}{},
		"unknown check": &struct {
			A int `yaml:"a" check:"maximum=3"`
		}{},
		"bad bound": &struct {
			A config.Duration `yaml:"a" check:"min=3"`
		}{},
		"key twice": &struct {
			A, B int `yaml:"a"`
		}{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Errorf("decoding into %s went on", reflect.TypeOf(into))
				}
			}()
			root, r := report(t, "a: 1d\n")
			config.Decode(root, into, r)
		})
	}
}

// shape is a type of another package that reads its node itself.
type shape struct{ sides int }

func (s *shape) DecodeConfig(n config.Node, r *config.Report) {
	switch n.Kind() {
	case config.Null:
		s.sides = 0
	case config.List:
		s.sides = len(n.Items())
	default:
		r.Errorf(n.At(), "write a list", "%s is no shape", n.Quote())
	}
}

func TestNodeDecoder(t *testing.T) {
	t.Parallel()
	var into struct {
		A, B shape
		C    shape            `yaml:"c"`
		D    *shape           `yaml:"d"`
		E    map[string]shape `yaml:"e"`
	}
	decode(t, "c: [1, 2, 3]\nd: [1]\ne: {x: }\n", &into)
	if into.C.sides != 3 || into.D.sides != 1 || len(into.E) != 1 {
		t.Errorf("shapes are %+v", into)
	}
	root, r := report(t, "c: ${SAMPLE_WORD}\n")
	config.Decode(root, &into, r)
	if got := strings.Join(messages(r), "; "); got != `error: "${SAMPLE_WORD}" is no shape` {
		t.Errorf("problems: %s", got)
	}
}

func TestUnmarshalErrorsDoNotEchoVariables(t *testing.T) {
	t.Parallel()
	var into struct {
		At time.Time `yaml:"at"`
	}
	root, r := report(t, "at: ${SAMPLE_WORD}\n")
	config.Decode(root, &into, r)
	if got := strings.Join(messages(r), "; "); got != `error: the value of "${SAMPLE_WORD}" is not valid` {
		t.Errorf("problems: %s", got)
	}
}

func TestInlineStructs(t *testing.T) {
	t.Parallel()
	type Common struct {
		config.At
		Note string `yaml:"note"`
	}
	var into struct {
		Common `yaml:",inline"`
		Name   string `yaml:"name"`
	}
	decode(t, "name: x\nnote: y\n", &into)
	if into.Name != "x" || into.Note != "y" || into.Line() != 1 {
		t.Errorf("inline: %+v", into)
	}
}

// TestConfigurationAsJSON writes a configuration as the cockpit shows it: in
// the operator's forms, without secrets and without places.
func TestConfigurationAsJSON(t *testing.T) {
	t.Parallel()
	var into struct {
		config.At
		Offers  config.Map[sampleOffer]          `yaml:"offers"`
		Token   config.Secret                    `yaml:"token"`
		Hours   config.Hours                     `yaml:"hours"`
		Window  config.Duration                  `yaml:"window"`
		Keep    config.Period                    `yaml:"keep"`
		Days    config.Weekdays                  `yaml:"days"`
		Closed  []config.DateRange               `yaml:"closed"`
		Born    config.Date                      `yaml:"born"`
		Shift   config.TimeOfDay                 `yaml:"shift"`
		Lunch   config.TimeRange                 `yaml:"lunch"`
		Zone    config.Zone                      `yaml:"zone"`
		PerUnit map[config.Currency]config.Money `yaml:"per"`
	}
	decode(t, `
token: ${SAMPLE_TOKEN}
hours: {mon-fri: 08:00-23:00}
window: 48h
keep: 3 months
days: mon, wed
closed: [28 May, 2027-03-20..2027-03-24]
born: 29 Feb
shift: 9:30
lunch: 13:00-14:00
zone: Asia/Baku
per: {AZN: 1.5}
offers:
  z: {text: hi, every: Friday 10:00, to: everyone}
  a: {text: {en: hi}, cron: "0 10 * * FRI", at: 2026-12-18T10:00}
`, &into)
	got, err := json.Marshal(into)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Offers":{"z":{"Every":"Friday 10:00","Cron":"","Due":"","To":"everyone","Text":"hi","Gift":"","Stage":null},` +
		`"a":{"Every":"","Cron":"0 10 * * FRI","Due":"2026-12-18T10:00","To":"","Text":{"en":"hi"},"Gift":"","Stage":null}},` +
		`"Token":"\u003csecret\u003e","Hours":"mon-fri 08:00-23:00","Window":"2d","Keep":"3 months","Days":"mon, wed",` +
		`"Closed":["28 May","2027-03-20..2027-03-24"],"Born":"29 Feb","Shift":"09:30","Lunch":"13:00-14:00","Zone":"Asia/Baku","PerUnit":{"AZN":1.50}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
