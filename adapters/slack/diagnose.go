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
		found = append(found, a.diagnosePlace(ctx, place))
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
			Severity: conversation.Trouble, What: "the app lacks the scopes " + strings.Join(missing, ", "),
			Cure: "add them on the page OAuth & Permissions (or paste docs/slack-manifest.yaml anew) and press Reinstall to Workspace",
		}
	}
	return conversation.Finding{What: "the app has the scopes that it needs"}
}

// diagnoseSocket asks for a socket's address, which opens none.
func (a *Adapter) diagnoseSocket(ctx context.Context) conversation.Finding {
	if _, err := a.call(ctx, &exchange{method: "apps.connections.open", token: a.appToken, repeat: true}); err != nil {
		return refused(err, "make an app-level token with the scope connections:write on the page Basic Information, and switch Socket Mode on")
	}
	return conversation.Finding{What: "the app token opens sockets"}
}

// diagnosePlace looks whether the bot is where staff work.
func (a *Adapter) diagnosePlace(ctx context.Context, place string) conversation.Finding {
	id, err := a.chatOf(ctx, place)
	if err != nil {
		return conversation.Finding{Severity: conversation.Trouble, What: place + ": " + err.Error(), Cure: "make the channel, and write there: /invite @ and the bot's name"}
	}
	ex, err := a.call(ctx, &exchange{method: "conversations.info", form: url.Values{"channel": {id}}, repeat: true})
	if err != nil {
		return conversation.Finding{Severity: conversation.Trouble, What: place + ": " + err.Error(), Cure: "write in that channel: /invite @ and the bot's name"}
	}
	channel := object(ex.answer["channel"])
	switch {
	case truth(channel["is_archived"]):
		return conversation.Finding{Severity: conversation.Trouble, What: place + " is archived", Cure: "bring it back, or name another channel in the config"}
	case len(channel["is_member"]) > 0 && !truth(channel["is_member"]):
		return conversation.Finding{Severity: conversation.Trouble, What: "the bot is not a member of " + place, Cure: "write in that channel: /invite @ and the bot's name"}
	}
	return conversation.Finding{What: "the bot is in " + place}
}
