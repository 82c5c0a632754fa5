package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// Staff is the section that says who helps, where and when.
type Staff struct {
	config.At
	Channel  string        `yaml:"channel" doc:"The Slack channel for alerts: an id or #name."`
	Hours    config.Hours  `yaml:"hours" doc:"When people answer."`
	Closed   []string      `yaml:"closed" doc:"Days off: dates, or names from the calendar."`
	Language language.Code `yaml:"language" doc:"The language of staff texts."`
}

// Check implements config.Checker.
func (s *Staff) Check(r *config.Report) { checkChannel(r, s.At.Field("channel"), s.Channel) }

// Config is the section that says how tickets are worked on.
type Config struct {
	config.At
	FirstResponse config.Duration              `yaml:"first_response" check:"min=1m,max=30d" doc:"Within how much opening time a person answers first."`
	NextResponse  config.Duration              `yaml:"next_response" check:"min=1m,max=30d" doc:"Within how much opening time every later message is answered."`
	ReplyMark     string                       `yaml:"reply_mark" doc:"A message that begins with it goes to the customer at once; every other one is internal until sent."`
	Reopen        config.Duration              `yaml:"reopen" check:"min=1h,max=90d" doc:"How long a customer can go on with a resolved question."`
	Resolve       config.Duration              `yaml:"resolve_after" check:"min=1h,max=90d" doc:"A ticket whose customer does not come back is resolved after this time."`
	EscalateTo    string                       `yaml:"escalate_to" doc:"The channel that hears of what is still overdue after the first time; the topic's, or the staff channel, when left out."`
	EscalateEvery config.Duration              `yaml:"escalate_every" check:"min=1h,max=30d" doc:"After how much more opening time it hears so again, at most."`
	Topics        config.Map[Topic]            `yaml:"topics" doc:"Where tickets of a topic go. A reason such as complaint, call_back or low_score is a topic too."`
	Roles         config.Map[Role]             `yaml:"roles" doc:"Who of the staff may do what."`
	Replies       config.Map[config.LocalText] `yaml:"replies" doc:"Prepared replies, by name."`
}

// Topic is where tickets of one topic go, and how fast.
type Topic struct {
	config.At
	Channel       string                   `yaml:"channel" doc:"A channel of its own: an id or #name."`
	FirstResponse config.Duration          `yaml:"first_response" check:"min=1m,max=30d" doc:"Its own target."`
	NextResponse  config.Duration          `yaml:"next_response" check:"min=1m,max=30d" doc:"Its own target."`
	EscalateTo    string                   `yaml:"escalate_to" doc:"The channel that hears when a target was missed."`
	Languages     map[language.Code]string `yaml:"languages" doc:"Channels by the customer's language."`
}

// Check implements config.Checker.
func (t *Topic) Check(r *config.Report) {
	checkChannel(r, t.At.Field("channel"), t.Channel)
	checkChannel(r, t.At.Field("escalate_to"), t.EscalateTo)
	for lang, channel := range t.Languages {
		checkChannel(r, t.At.Field("languages", string(lang)), channel)
	}
}

// Role is what some of the staff may do.
type Role struct {
	config.At
	Users     []string `yaml:"users" doc:"Slack users, by id."`
	Groups    []string `yaml:"slack_groups" doc:"Slack user groups, by handle."`
	Everybody bool     `yaml:"slack_channel_members" doc:"Everybody in the staff channels."`
	May       []string `yaml:"may" check:"enum=reply|resolve|points|coupon|pause|silence|reports|forget" doc:"What they may do."`
	Points    int64    `yaml:"points_a_day" check:"min=0,max=1000000" doc:"The most points that one of them gives in a day."`

	Coupons     int64 `yaml:"coupons_a_day" check:"min=0,max=1000" doc:"The most coupons that one of them gives in a day."`
	CouponsWeek int64 `yaml:"coupons_a_week" check:"min=0,max=1000" doc:"The most coupons that one of them gives from Monday to Sunday."`
}

// Defaults of the section.
const (
	defaultFirstResponse = 15 * time.Minute
	defaultNextResponse  = 30 * time.Minute
	defaultReplyMark     = ">>"
	defaultReopen        = 7 * 24 * time.Hour
	defaultResolve       = 3 * 24 * time.Hour
	defaultEscalate      = 4 * time.Hour
	maxMark              = 10 // runes
)

// SetDefaults implements config.Defaulter.
func (c *Config) SetDefaults() { *c = Defaults() }

// Defaults are what a careful operator would choose.
func Defaults() Config {
	return Config{
		FirstResponse: config.Duration(defaultFirstResponse), NextResponse: config.Duration(defaultNextResponse),
		ReplyMark: defaultReplyMark, Reopen: config.Duration(defaultReopen), Resolve: config.Duration(defaultResolve),
		EscalateEvery: config.Duration(defaultEscalate),
	}
}

// Check implements config.Checker.
func (c *Config) Check(r *config.Report) {
	checkChannel(r, c.At.Field("escalate_to"), c.EscalateTo)
	mark := strings.TrimSpace(c.ReplyMark)
	switch {
	case mark == "":
		r.Errorf(c.At.Field("reply_mark"), "leave it out for >>", "the reply mark is empty")
	case len([]rune(mark)) > maxMark:
		r.Errorf(c.At.Field("reply_mark"), "a sign or two, such as >>", "the reply mark is too long")
	case mark == ">":
		r.Errorf(c.At.Field("reply_mark"), "such as >>", "the reply mark > is also how people quote: remarks on a quoted message would reach the customer")
	case strings.HasPrefix(mark, "/"):
		r.Errorf(c.At.Field("reply_mark"), "such as >>", "Slack takes what begins with / as a command and does not pass it on")
	case strings.ContainsFunc(mark, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }):
		r.Warnf(c.At.Field("reply_mark"), "such as >>", "a reply mark with letters may begin an internal remark by chance")
	}
	c.ReplyMark = mark
}

// checkChannel finds names that Slack could not have.
func checkChannel(r *config.Report, at config.At, name string) {
	if name == "" {
		return
	}
	bare, named := strings.CutPrefix(name, "#")
	switch {
	case named && (bare == "" || bare != strings.ToLower(bare) || strings.ContainsAny(bare, " .")):
		r.Errorf(at, "lower case, without spaces and dots, such as #support", "%q is no name of a Slack channel", name)
	case !named && !looksLikeID(name):
		r.Errorf(at, "write #"+name+" for a name; an id looks like C0123ABCD", "%q is neither a channel's #name nor its id", name)
	}
}

// looksLikeID says that a text may be the id of a channel: C or G and capitals and digits.
func looksLikeID(s string) bool {
	return len(s) > 5 && (s[0] == 'C' || s[0] == 'G') && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// Channels lists every channel in which staff work, the main one first, each once.
func Channels(s Staff, c *Config) []string {
	all := []string{s.Channel, c.EscalateTo}
	for _, topic := range c.Topics.All() {
		all = append(all, topic.Channel, topic.EscalateTo)
		for _, code := range language.All {
			all = append(all, topic.Languages[code])
		}
	}
	var out []string
	for _, name := range all {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// route is the channel for a ticket: that of its topic and language, of its topic, or the main one.
func route(s Staff, c *Config, t Ticket) string {
	if topic, ok := c.Topics.Get(topicOf(c, t)); ok {
		if own := topic.Languages[t.Lang]; own != "" {
			return own
		}
		if topic.Channel != "" {
			return topic.Channel
		}
	}
	return s.Channel
}

// topicOf is the ticket's topic as far as the config knows one: its own, or its reason.
func topicOf(c *Config, t Ticket) string {
	if t.Topic == "" {
		if _, ok := c.Topics.Get(t.Reason); ok {
			return t.Reason
		}
	}
	return t.Topic
}

// FurtherEscalation is the channel that hears what is still overdue when the first one has heard so: that of the whole
// desk, else the same again.
func FurtherEscalation(s Staff, c *Config, t Ticket) string {
	if c.EscalateTo != "" {
		return c.EscalateTo
	}
	return Escalation(s, c, t)
}

// Escalation is the channel that hears of a missed target: the topic's own, or the main one.
func Escalation(s Staff, c *Config, t Ticket) string {
	if topic, ok := c.Topics.Get(topicOf(c, t)); ok && topic.EscalateTo != "" {
		return topic.EscalateTo
	}
	return s.Channel
}
