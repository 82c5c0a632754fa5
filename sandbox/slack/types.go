package slack

import (
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// message is a message as the API and the events show it. Source: docs.slack.dev/reference/events/message.
type message struct {
	Type         string           `json:"type"`
	Subtype      string           `json:"subtype,omitempty"`
	User         string           `json:"user,omitempty"`
	BotID        string           `json:"bot_id,omitempty"`
	AppID        string           `json:"app_id,omitempty"`
	Team         string           `json:"team,omitempty"`
	Text         string           `json:"text"`
	TS           string           `json:"ts"`
	ClientMsgID  string           `json:"client_msg_id,omitempty"`
	ThreadTS     string           `json:"thread_ts,omitempty"`
	ParentUserID string           `json:"parent_user_id,omitempty"`
	ReplyCount   int              `json:"reply_count,omitempty"`
	LatestReply  string           `json:"latest_reply,omitempty"`
	Blocks       []block          `json:"blocks,omitempty"`
	Attachments  json.RawMessage  `json:"attachments,omitempty"`
	Files        []map[string]any `json:"files,omitempty"`
	Upload       bool             `json:"upload,omitempty"`
	Edited       *edited          `json:"edited,omitempty"`
	Metadata     json.RawMessage  `json:"metadata,omitempty"`
}

type edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// entry is one message as the look-alike keeps it.
type entry struct {
	Message message   `json:"message"`
	Channel string    `json:"channel"`
	By      string    `json:"by"` // "bot" or the person's name
	At      time.Time `json:"at"`
	Files   []string  `json:"file_ids,omitempty"`
	Deleted bool      `json:"deleted,omitempty"`
	OnlyFor string    `json:"only_for,omitempty"` // an ephemeral message: who sees it
}

// root is the ts of the thread that a reply stands in, empty for what stands in the channel itself.
func (e *entry) root() string {
	if e.Message.ThreadTS == e.Message.TS || e.Message.Subtype == "thread_broadcast" {
		return ""
	}
	return e.Message.ThreadTS
}

// seenBy says whether a person sees the message at all.
func (e *entry) seenBy(p *person) bool {
	return !e.Deleted && (e.OnlyFor == "" || p != nil && e.OnlyFor == p.Name)
}

// person is a member of the workspace.
type person struct {
	Name    string `json:"name"`
	ID      string `json:"id"`
	DM      string `json:"dm"`
	Locale  string `json:"locale,omitempty"`
	Staff   bool   `json:"staff,omitempty"`   // member of the channels
	Deleted bool   `json:"deleted,omitempty"` // deactivated
}

// channel is a conversation: a channel, or a private chat with its owner.
type channel struct {
	id       string
	name     string  // without "#"; empty for a private chat
	owner    *person // nil for a channel
	private  bool    // a channel that only its members know of
	archived bool
	outside  bool // the bot is not a member
	entries  []*entry
}

func (c *channel) find(ts string) *entry {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if e := c.entries[i]; e.Message.TS == ts && !e.Deleted {
			return e
		}
	}
	return nil
}

// remember takes a message in, in the place of its older state.
func (c *channel) remember(e *entry) {
	c.entries = lookalike.Remember(c.entries, e, func(old *entry) bool { return old.Message.TS == e.Message.TS })
}

// kind is the channel_type of events.
func (c *channel) kind() string {
	switch {
	case c.owner != nil:
		return "im"
	case c.private:
		return "group"
	}
	return "channel"
}

// hidden says whether the bot cannot know of the channel: calls about it are channel_not_found.
func (c *channel) hidden() bool { return c.private && c.outside }

// title is the channel's name in interactions.
func (c *channel) title() string {
	if c.owner != nil {
		return "directmessage"
	}
	return c.name
}

// Text objects and the rest of Block Kit. Source: docs.slack.dev/reference/block-kit. A field that is not listed is
// refused, as on Slack.
type textObject struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`
	Verbatim *bool  `json:"verbatim,omitempty"`
}

type option struct {
	Text        *textObject `json:"text"`
	Value       string      `json:"value"`
	Description *textObject `json:"description,omitempty"`
	URL         string      `json:"url,omitempty"`
}

type optionGroup struct {
	Label   *textObject `json:"label"`
	Options []option    `json:"options"`
}

type slackFile struct {
	ID  string `json:"id,omitempty"`
	URL string `json:"url,omitempty"`
}

type block struct {
	Type           string       `json:"type"`
	BlockID        string       `json:"block_id,omitempty"`
	Text           *textObject  `json:"text,omitempty"`
	Fields         []textObject `json:"fields,omitempty"`
	Elements       []element    `json:"elements,omitempty"`
	Accessory      *element     `json:"accessory,omitempty"`
	Element        *element     `json:"element,omitempty"`
	Label          *textObject  `json:"label,omitempty"`
	Hint           *textObject  `json:"hint,omitempty"`
	Optional       bool         `json:"optional,omitempty"`
	DispatchAction bool         `json:"dispatch_action,omitempty"`
	Expand         bool         `json:"expand,omitempty"`
	ImageURL       string       `json:"image_url,omitempty"`
	SlackFile      *slackFile   `json:"slack_file,omitempty"`
	AltText        string       `json:"alt_text,omitempty"`
	Title          *textObject  `json:"title,omitempty"`
}

// element is a part of a block: interactive, an image, a text of a context block, or a piece of rich text, which is
// why Text and Style are looked at only when the type is known.
type element struct {
	Type          string          `json:"type"`
	ActionID      string          `json:"action_id,omitempty"`
	Text          json.RawMessage `json:"text,omitempty"`
	Style         json.RawMessage `json:"style,omitempty"`
	Emoji         *bool           `json:"emoji,omitempty"`
	Verbatim      *bool           `json:"verbatim,omitempty"`
	Value         string          `json:"value,omitempty"`
	URL           string          `json:"url,omitempty"`
	Confirm       json.RawMessage `json:"confirm,omitempty"`
	Label         string          `json:"accessibility_label,omitempty"`
	Placeholder   *textObject     `json:"placeholder,omitempty"`
	Options       []option        `json:"options,omitempty"`
	OptionGroups  []optionGroup   `json:"option_groups,omitempty"`
	InitialOption *option         `json:"initial_option,omitempty"`
	InitialChosen []option        `json:"initial_options,omitempty"`
	InitialValue  string          `json:"initial_value,omitempty"`
	InitialUser   string          `json:"initial_user,omitempty"`
	InitialDate   string          `json:"initial_date,omitempty"`
	InitialTime   string          `json:"initial_time,omitempty"`
	MaxSelected   int             `json:"max_selected_items,omitempty"`
	Multiline     bool            `json:"multiline,omitempty"`
	MinLength     int             `json:"min_length,omitempty"`
	MaxLength     *int            `json:"max_length,omitempty"`
	Decimal       bool            `json:"is_decimal_allowed,omitempty"`
	MinValue      string          `json:"min_value,omitempty"`
	MaxValue      string          `json:"max_value,omitempty"`
	Focus         bool            `json:"focus_on_load,omitempty"`
	Dispatch      json.RawMessage `json:"dispatch_action_config,omitempty"`
	ImageURL      string          `json:"image_url,omitempty"`
	SlackFile     *slackFile      `json:"slack_file,omitempty"`
	AltText       string          `json:"alt_text,omitempty"`
	Elements      []element       `json:"elements,omitempty"` // of rich text
	Indent        int             `json:"indent,omitempty"`
	Offset        int             `json:"offset,omitempty"`
	Border        int             `json:"border,omitempty"`
	UserID        string          `json:"user_id,omitempty"`
	ChannelID     string          `json:"channel_id,omitempty"`
	GroupID       string          `json:"usergroup_id,omitempty"`
	Range         string          `json:"range,omitempty"`
	Name          string          `json:"name,omitempty"`
	Unicode       string          `json:"unicode,omitempty"`
}

// words are the text of a context's text or a piece of rich text.
func (e element) words() string {
	var s string
	if json.Unmarshal(e.Text, &s) == nil {
		return s
	}
	return e.label()
}

// label is the text of a button.
func (e element) label() string {
	var t textObject
	if json.Unmarshal(e.Text, &t) == nil {
		return t.Text
	}
	return ""
}

// styled is the style of a button.
func (e element) styled() string {
	var s string
	if json.Unmarshal(e.Style, &s) != nil {
		return ""
	}
	return s
}

// choices are the options of a select, groups included.
func (e element) choices() []option {
	out := e.Options
	for _, g := range e.OptionGroups {
		out = append(out[:len(out):len(out)], g.Options...)
	}
	return out
}
