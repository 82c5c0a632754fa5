package slack

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
)

var _ conversation.Diagnoser = (*Adapter)(nil)

// Scopes are the permissions of the bot that the service uses, sorted. The manifest in docs asks for the same.
var Scopes = []string{
	"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:read", "files:write",
	"groups:history", "groups:read", "im:history", "im:read", "im:write", "usergroups:read", "users:read",
}

// addScopes is the cure for scopes that are missing.
const addScopes = "add them on the page OAuth & Permissions (or paste docs/slack-manifest.yaml anew) and press Reinstall to Workspace"

// Diagnose implements conversation.Diagnoser.
func (a *Adapter) Diagnose(ctx context.Context) []conversation.Finding {
	ex, err := a.call(ctx, &exchange{method: "auth.test", repeat: true})
	if err != nil {
		return []conversation.Finding{refused(err, "install the app again and set the bot token of the page OAuth & Permissions, xoxb-…")}
	}
	found := []conversation.Finding{
		{What: "the bot token is that of " + clean(text(ex.answer["user"])) + " in " + clean(text(ex.answer["team"]))},
		diagnoseScopes(ex.scopes),
	}
	if a.mode == ModeSocket {
		found = append(found, a.diagnoseSocket(ctx))
	}
	if _, err := a.Connect(ctx); err != nil {
		return append(found, refused(err, "look at api_url: the answer is not Slack's"))
	}
	for _, place := range a.staff {
		found = append(found, a.diagnosePlace(ctx, place, first(clean(text(ex.answer["user"])), "the bot's name")))
	}
	return found
}

// refused is the finding when the platform does not take a token, or does not answer.
func refused(err error, cure string) conversation.Finding {
	f := conversation.Finding{Severity: conversation.Trouble, What: err.Error(), Cure: "look at the network, a proxy and api_url, then try again"}
	if conversation.KindOf(err) == conversation.OurCredentials {
		f.Cure = cure
	}
	return f
}

// diagnoseScopes compares what the app may do with what it needs. Compatible servers may not tell.
func diagnoseScopes(told string) conversation.Finding {
	if told == "" {
		return conversation.Finding{What: "the server does not tell what the app may do"}
	}
	have := strings.FieldsFunc(told, func(r rune) bool { return r == ',' || r == ' ' })
	missing := slices.DeleteFunc(slices.Clone(Scopes), func(s string) bool { return slices.Contains(have, s) })
	if len(missing) > 0 {
		return conversation.Finding{
			Severity: conversation.Trouble, What: "the app lacks the scopes " + strings.Join(purposes(missing), ", "),
			Cure: addScopes,
		}
	}
	return conversation.Finding{What: "the app has the scopes that it needs"}
}

// uses are what the service does with a scope, for whoever wonders what is lost without it.
var uses = map[string]string{
	"app_mentions:read": "being asked in a channel", "channels:history": "replies from threads", "channels:read": "finding channels by name",
	"chat:write": "all answers and cards", "commands": "slash commands", "files:read": "files of customers", "files:write": "pictures and files",
	"groups:history": "replies from threads of private channels", "groups:read": "finding private channels by name",
	"im:history": "private messages", "im:read": "private messages", "im:write": "writing to members first",
	"usergroups:read": "roles by group", "users:read": "names",
}

// purposes are scopes with what they are for.
func purposes(scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = s + " (" + uses[s] + ")"
	}
	return out
}

// diagnoseSocket asks for a socket's address, which opens none.
func (a *Adapter) diagnoseSocket(ctx context.Context) conversation.Finding {
	if _, err := a.call(ctx, &exchange{method: "apps.connections.open", token: a.appToken, repeat: true}); err != nil {
		return refused(err, "make an app-level token with the scope connections:write on the page Basic Information, and switch Socket Mode on")
	}
	return conversation.Finding{What: "the app token opens sockets"}
}

// diagnosePlace looks whether the bot is where staff work. bot is its name there.
func (a *Adapter) diagnosePlace(ctx context.Context, place, bot string) conversation.Finding {
	invite := "write in that channel: /invite @" + bot
	id, err := a.chatOf(ctx, place)
	if err != nil {
		return placeTrouble(place, err, "make the channel, and write in it: /invite @"+bot+" (a private channel is not seen before that)")
	}
	ex, err := a.call(ctx, &exchange{method: "conversations.info", form: url.Values{"channel": {id}}, repeat: true})
	if err != nil {
		return placeTrouble(place, err, invite)
	}
	channel := object(ex.answer["channel"])
	switch {
	case truth(channel["is_archived"]):
		return conversation.Finding{Severity: conversation.Trouble, What: place + " is archived", Cure: "bring it back, or name another channel in the config"}
	case len(channel["is_member"]) > 0 && !truth(channel["is_member"]):
		return conversation.Finding{Severity: conversation.Trouble, What: "the bot is not a member of " + place, Cure: invite}
	}
	return conversation.Finding{What: "the bot is in " + place}
}

func placeTrouble(place string, err error, cure string) conversation.Finding {
	if lacksScope(err) {
		cure = addScopes
	}
	return conversation.Finding{Severity: conversation.Trouble, What: place + ": " + err.Error(), Cure: cure}
}
