package discord

import (
	"encoding/json"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// user is a User. Source: docs.discord.com/developers/resources/user.
type user struct {
	ID            string  `json:"id"`
	Username      string  `json:"username"`
	Discriminator string  `json:"discriminator"`
	GlobalName    *string `json:"global_name"`
	Avatar        *string `json:"avatar"`
	Bot           bool    `json:"bot,omitempty"`
}

// message is a Message. Source: docs.discord.com/developers/resources/message.
type message struct {
	ID              string          `json:"id"`
	ChannelID       string          `json:"channel_id"`
	GuildID         string          `json:"guild_id,omitempty"`
	Author          user            `json:"author"`
	Content         string          `json:"content"`
	Timestamp       string          `json:"timestamp"`
	EditedTimestamp *string         `json:"edited_timestamp"`
	TTS             bool            `json:"tts"`
	MentionEveryone bool            `json:"mention_everyone"`
	Mentions        []user          `json:"mentions"`
	MentionRoles    []string        `json:"mention_roles"`
	Attachments     []attachment    `json:"attachments"`
	Embeds          []embed         `json:"embeds"`
	Components      []component     `json:"components"`
	Stickers        []sticker       `json:"sticker_items,omitempty"`
	Pinned          bool            `json:"pinned"`
	Type            int             `json:"type"`
	Flags           int             `json:"flags"`
	Nonce           json.RawMessage `json:"nonce,omitempty"`
	Reference       *reference      `json:"message_reference,omitempty"`
	ApplicationID   string          `json:"application_id,omitempty"`
}

type reference struct {
	MessageID string `json:"message_id"`
}

type sticker struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	FormatType int    `json:"format_type"`
}

// attachment is a file that came with a message.
type attachment struct {
	ID           string  `json:"id"`
	Filename     string  `json:"filename"`
	ContentType  string  `json:"content_type,omitempty"`
	Size         int     `json:"size"`
	URL          string  `json:"url"`
	ProxyURL     string  `json:"proxy_url"`
	DurationSecs float64 `json:"duration_secs,omitempty"`
	Waveform     string  `json:"waveform,omitempty"`
}

type embed struct {
	Type        string `json:"type,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	Image       *media `json:"image,omitempty"`
}

type media struct {
	URL string `json:"url"`
}

// component is a message or modal component. Source: docs.discord.com/developers/components/reference.
type component struct {
	Type        int         `json:"type"`
	Components  []component `json:"components,omitempty"`
	CustomID    string      `json:"custom_id,omitempty"`
	Label       string      `json:"label,omitempty"`
	Style       int         `json:"style,omitempty"`
	URL         string      `json:"url,omitempty"`
	Disabled    bool        `json:"disabled,omitempty"`
	Options     []option    `json:"options,omitempty"`
	Placeholder string      `json:"placeholder,omitempty"`
	Value       string      `json:"value,omitempty"`
	Required    *bool       `json:"required,omitempty"`
	MinLength   int         `json:"min_length,omitempty"`
	MaxLength   int         `json:"max_length,omitempty"`
}

type option struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
}

// The types of components and the styles of buttons.
const (
	typeRow       = 1
	typeButton    = 2
	typeSelect    = 3
	typeTextInput = 4

	stylePrimary = 1
	styleDanger  = 4
	styleLink    = 5
	stylePremium = 6
)

// Flags of messages.
const (
	flagSuppressEmbeds = 1 << 2
	flagEphemeral      = 1 << 6
	flagLoading        = 1 << 7 // a deferred response without its text
	flagSilent         = 1 << 12
	flagVoice          = 1 << 13
)

// entry is one message as the look-alike keeps it.
type entry struct {
	Message message   `json:"message"`
	By      string    `json:"by"` // "bot" or the person's name
	At      time.Time `json:"at"`
	Edited  bool      `json:"edited,omitempty"`
	Deleted bool      `json:"deleted,omitempty"`
	OnlyFor string    `json:"only_for,omitempty"` // an ephemeral message: who sees it
	Used    bool      `json:"used,omitempty"`     // "used /balance": seen by people, no message to the bot
}

// person is somebody who writes to the bot.
type person struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	DM     string `json:"dm"`
	Locale string `json:"locale,omitempty"`
	Staff  bool   `json:"staff,omitempty"`
	Closed bool   `json:"closed,omitempty"` // direct messages are closed to the bot
	Left   bool   `json:"left,omitempty"`   // no server in common any more
}

// chat is a channel: a direct one with its owner, or the server's.
type chat struct {
	id      string
	owner   *person // nil for the server's channel
	entries []*entry
}

func (c *chat) find(id string) *entry {
	for i := len(c.entries) - 1; i >= 0; i-- {
		if e := c.entries[i]; e.Message.ID == id && !e.Deleted {
			return e
		}
	}
	return nil
}

// remember takes a message in, in the place of its older state.
func (c *chat) remember(e *entry) {
	c.entries = lookalike.Remember(c.entries, e, func(old *entry) bool { return old.Message.ID == e.Message.ID })
}

// command is an application command.
type command struct {
	ID                       string            `json:"id"`
	ApplicationID            string            `json:"application_id"`
	Version                  string            `json:"version"`
	Type                     int               `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations"`
	Options                  []commandOption   `json:"options,omitempty"`
}

type commandOption struct {
	Type        int    `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Required    bool   `json:"required,omitempty"`
}
