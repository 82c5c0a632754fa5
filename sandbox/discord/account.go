package discord

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// locales are the languages of the app. Source: docs.discord.com/developers/reference#locales.
var locales = func() map[string]bool {
	m := map[string]bool{}
	for tag := range strings.FieldsSeq("id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko") {
		m[tag] = true
	}
	return m
}()

func (l *Lookalike) getMe(*request) (any, error) { return l.bot, nil }

func (l *Lookalike) getApplication(*request) (any, error) {
	return map[string]any{
		"id": l.bot.ID, "name": lookalike.DisplayName(l.bot.Username), "description": "", "bot_public": true,
		"bot_require_code_grant": false, "flags": 0, "bot": l.bot,
	}, nil
}

func (l *Lookalike) getGateway(q *request) (any, error) {
	out := map[string]any{"url": "ws://" + q.host + "/gateway"}
	if strings.HasSuffix(q.path, "/bot") {
		out["shards"] = 1
		left := l.pace.startsLeft(time.Now())
		reset := 0
		if left < maxStarts {
			reset = int(time.Until(l.pace.started[0].Add(startDay)).Milliseconds())
		}
		out["session_start_limit"] = map[string]int{"total": maxStarts, "remaining": max(left, 0), "reset_after": reset, "max_concurrency": 1}
	}
	return out, nil
}

// openDM is Create DM: it answers the channel that exists.
func (l *Lookalike) openDM(q *request) (any, error) {
	var body struct {
		Recipient string `json:"recipient_id"`
	}
	if err := q.decode(&body); err != nil {
		return nil, err
	}
	p := l.byID[body.Recipient]
	if p == nil {
		return nil, errUnknownUser
	}
	return l.channelJSON(l.chats[p.DM]), nil
}

func (l *Lookalike) getChannel(q *request) (any, error) {
	c, err := l.channelOf(q)
	if err != nil {
		return nil, err
	}
	if !l.may(c, ViewChannel) {
		return nil, errNoAccess
	}
	return l.channelJSON(c), nil
}

// serverName and channelName are those of the one server and its text channel.
const (
	serverName  = "Sandbox"
	channelName = "general"
)

func (l *Lookalike) getGuilds(*request) (any, error) {
	return []any{map[string]any{"id": l.guild, "name": serverName, "icon": nil, "owner": false, "permissions": permissions(l.base()), "features": []any{}}}, nil
}

func (l *Lookalike) getGuild(q *request) (any, error) {
	if q.vars["guild"] != l.guild {
		return nil, errNoAccess
	}
	return map[string]any{
		"id": l.guild, "name": serverName, "owner_id": snowflake("owner"), "system_channel_id": l.place.id, "roles": l.rolesJSON(), "features": []any{},
	}, nil
}

func (l *Lookalike) getChannels(q *request) (any, error) {
	if q.vars["guild"] != l.guild {
		return nil, errNoAccess
	}
	return []any{l.channelJSON(l.place)}, nil
}

func (l *Lookalike) channelJSON(c *chat) map[string]any {
	last := any(nil)
	for _, e := range slices.Backward(c.entries) {
		if !e.Used && e.OnlyFor == "" {
			last = e.Message.ID
			break
		}
	}
	if c.owner != nil {
		return map[string]any{"id": c.id, "type": 1, "last_message_id": last, "recipients": []user{c.owner.user()}, "flags": 0}
	}
	return map[string]any{
		"id": c.id, "type": 0, "guild_id": l.guild, "name": channelName, "last_message_id": last, "flags": 0,
		"permission_overwrites": l.overwritesJSON(),
	}
}

func (l *Lookalike) getCommands(q *request) (any, error) {
	if q.vars["app"] != l.bot.ID {
		return nil, &refusal{status: 403, code: 20012, text: "You are not authorized to perform this action on this application"}
	}
	return append([]command{}, l.commands...), nil
}

// commandName is the form of a name in any language; it has no capital letters.
// Source: docs.discord.com/developers/interactions/application-commands.
var commandName = regexp.MustCompile(`^[-_'\pL\pN\p{Devanagari}\p{Thai}]{1,32}$`)

func nameOK(s string) bool { return commandName.MatchString(s) && strings.ToLower(s) == s }

// putCommands is Bulk Overwrite Global Application Commands.
func (l *Lookalike) putCommands(q *request) (any, error) {
	if q.vars["app"] != l.bot.ID {
		return nil, &refusal{status: 403, code: 20012, text: "You are not authorized to perform this action on this application"}
	}
	var list []command
	if err := q.decode(&list); err != nil {
		return nil, err
	}
	if len(list) > 100 {
		return nil, &refusal{status: 400, code: 30032, text: "Maximum number of application commands reached (100)."}
	}
	names := map[string]bool{}
	for i := range list {
		c := &list[i]
		if err := c.check(); err != nil {
			return nil, err
		}
		if names[c.Name] {
			return nil, invalid("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
		}
		names[c.Name] = true
		c.ID, c.ApplicationID, c.Version, c.Type = l.newID(), l.bot.ID, l.newID(), max(c.Type, 1)
	}
	if err := l.save(record{Commands: &list}); err != nil {
		return nil, err
	}
	l.commands = list
	return list, nil
}

func (c *command) check() error {
	if !nameOK(c.Name) {
		return invalid("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
	}
	texts := map[string]string{"": c.Description}
	for tag, text := range c.DescriptionLocalizations {
		texts[tag] = text
	}
	for tag, name := range c.NameLocalizations {
		if !nameOK(name) {
			return invalid("name_localizations", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
		}
		texts[tag] = cmp.Or(texts[tag], c.Description)
	}
	for tag, text := range texts {
		if n := utf8.RuneCountInString(text); n < 1 || n > 100 {
			return invalid("description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
		}
		if tag != "" && !locales[tag] {
			return invalid("name_localizations", "ENUM_TYPE_COERCE", "Value "+tag+" is not a valid enum value.")
		}
	}
	for _, o := range c.Options {
		if n := utf8.RuneCountInString(o.Description); !nameOK(o.Name) || n < 1 || n > 100 {
			return invalid("options", "APPLICATION_COMMAND_INVALID_NAME", "Command option is invalid")
		}
	}
	return nil
}
