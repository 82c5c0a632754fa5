package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// permission is something that the bot has to be allowed in a channel.
type permission struct {
	bit   uint64
	name  string // as the platform's settings call it, in English
	vital bool   // without it nothing is shown at all
}

// wanted are the permissions for the channel of the offers. Source: docs.discord.com/developers/topics/permissions.
var wanted = []permission{
	{discordgo.PermissionViewChannel, "View Channel", true},
	{discordgo.PermissionSendMessages, "Send Messages", true},
	{discordgo.PermissionEmbedLinks, "Embed Links", false},
	{discordgo.PermissionAttachFiles, "Attach Files", false},
}

// lacking are the wanted permissions that are not among those that the bot has.
func lacking(may uint64) (names []string, vital bool) {
	for _, p := range wanted {
		if may&p.bit == 0 {
			names, vital = append(names, p.name), vital || p.vital
		}
	}
	return names, vital
}

// allowPermissions is the cure for permissions that are missing.
const allowPermissions = "Server Settings, Roles: allow them to the bot's role, and in the channel's own settings, Permissions, deny none of them; " +
	"the invitation link of docs/channels.md asks for all"

// permissionsIn computes what the bot may do in a channel of a server. known is false when the server does not tell all
// that is needed for it, as one that is only compatible may not.
func (a *Adapter) permissionsIn(ctx context.Context, channel string) (may uint64, known bool, err error) {
	get := func(what, path string) (map[string]json.RawMessage, error) {
		ex, err := a.call(ctx, &exchange{what: what, verb: http.MethodGet, path: path})
		if err != nil {
			return nil, err
		}
		return object(ex.body), nil
	}
	c, err := get("get the channel", "channels/"+channel)
	if calling.CodeOf(err) == "no_access" {
		return 0, true, nil
	}
	server := text(c["guild_id"])
	if err != nil || !isID(server) {
		return 0, false, err
	}
	guild, err := get("get the server", "guilds/"+server)
	if err != nil {
		return 0, false, err
	}
	member, err := get("get ourselves as a member", "guilds/"+server+"/members/"+a.me.Load().user)
	if err != nil {
		return 0, false, err
	}
	if len(list(guild["roles"])) == 0 || member["roles"] == nil {
		return 0, false, nil
	}
	mine := map[string]bool{}
	for _, raw := range list(member["roles"]) {
		mine[text(raw)] = true
	}
	return allowed(server, a.me.Load().user, mine, list(guild["roles"]), list(c["permission_overwrites"])), true, nil
}

// allowed is the platform's own order: the server's role of everybody (which has the server's id) and the member's
// roles, then what the channel changes of that for everybody, for the roles together, and for the member.
// Source: docs.discord.com/developers/topics/permissions#permission-overwrites.
func allowed(server, user string, mine map[string]bool, roles, overwrites []json.RawMessage) uint64 {
	var may uint64
	for _, raw := range roles {
		role := object(raw)
		if id := text(role["id"]); id == server || mine[id] {
			may |= bits(role["permissions"])
		}
	}
	if may&discordgo.PermissionAdministrator != 0 {
		return ^uint64(0)
	}
	var allow, deny [3]uint64 // for everybody, the roles, the member
	for _, raw := range overwrites {
		o := object(raw)
		id, step := text(o["id"]), -1
		switch {
		case id == server:
			step = 0
		case mine[id]:
			step = 1
		case id == user:
			step = 2
		}
		if step >= 0 {
			allow[step] |= bits(o["allow"])
			deny[step] |= bits(o["deny"])
		}
	}
	for step := range allow {
		may = may&^deny[step] | allow[step]
	}
	if may&discordgo.PermissionViewChannel == 0 {
		return 0 // without that there is nothing else
	}
	return may
}

// bits reads permissions, which the platform writes as a number in text.
func bits(raw json.RawMessage) uint64 {
	n, err := strconv.ParseUint(text(raw), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// diagnosePermissions looks whether the bot may post in the channel for offers.
func (a *Adapter) diagnosePermissions(ctx context.Context, channel string) conversation.Finding {
	may, known, err := a.permissionsIn(ctx, channel)
	if err != nil || !known {
		f := conversation.Finding{Severity: conversation.Doubt, What: "the server does not tell what the bot may do in the channel for offers", Cure: "post an offer to it and look"}
		if err != nil {
			f.What += ": " + err.Error()
		}
		return f
	}
	names, vital := lacking(may)
	if len(names) == 0 {
		return conversation.Finding{What: "the bot may post in the channel for offers, pictures too"}
	}
	f := conversation.Finding{
		Severity: conversation.Doubt, What: "in the channel for offers the bot lacks " + strings.Join(names, ", ") + ": offers go there without pictures",
		Cure: allowPermissions,
	}
	if vital {
		f.Severity, f.What = conversation.Trouble, "in the channel for offers the bot lacks "+strings.Join(names, ", ")+": offers are not shown"
	}
	return f
}

// diagnoseServer looks at what the bot may do in a server at large, where it is mentioned and answers.
func diagnoseServer(server map[string]json.RawMessage) (conversation.Finding, bool) {
	if len(server["permissions"]) == 0 {
		return conversation.Finding{}, false
	}
	may := bits(server["permissions"])
	names, vital := lacking(may)
	if may&discordgo.PermissionAdministrator != 0 || len(names) == 0 {
		return conversation.Finding{}, false
	}
	f := conversation.Finding{
		Severity: conversation.Doubt, Cure: allowPermissions,
		What: fmt.Sprintf("in the server %s the bot lacks %s: answers there go without pictures", clean(text(server["name"])), strings.Join(names, ", ")),
	}
	if vital {
		f.What = fmt.Sprintf("in the server %s the bot lacks %s: it cannot answer mentions there", clean(text(server["name"])), strings.Join(names, ", "))
	}
	return f, true
}
