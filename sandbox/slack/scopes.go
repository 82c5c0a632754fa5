package slack

import (
	"slices"
	"strings"
)

// defaultScopes are what the product's manifest asks for.
var defaultScopes = []string{
	"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:read", "files:write",
	"groups:history", "groups:read", "im:history", "im:read", "im:write", "usergroups:read", "users:read",
}

// kindScopes are the scopes that a kind of place needs, by channel_type and what is done there.
var kindScopes = map[string]map[string]string{
	"read":    {"channel": "channels:read", "group": "groups:read", "im": "im:read"},
	"history": {"channel": "channels:history", "group": "groups:history", "im": "im:history"},
}

// mayAt refuses what a method does with one place when the app was not given the scope for its kind.
func (l *Lookalike) mayAt(what string, c *channel) error {
	return l.mayScope(kindScopes[what][c.kind()])
}

func (l *Lookalike) mayScope(need string) error {
	if slices.Contains(l.cfg.Scopes, need) {
		return nil
	}
	return &refusal{code: "missing_scope", messages: []string{"needed: " + need}}
}

// scopesFor are the scopes of which a method needs one. Methods that read more than one kind of place need the scope of
// the kind besides, see mayAt. Source: docs.slack.dev/reference/methods.
var scopesFor = map[string][]string{
	"bots.info":                    {"users:read"},
	"conversations.open":           {"im:write"},
	"conversations.list":           {"channels:read", "groups:read", "im:read"},
	"conversations.info":           {"channels:read", "groups:read", "im:read"},
	"conversations.members":        {"channels:read", "groups:read", "im:read"},
	"conversations.history":        {"channels:history", "groups:history", "im:history"},
	"conversations.replies":        {"channels:history", "groups:history", "im:history"},
	"conversations.join":           {"channels:join"},
	"chat.postMessage":             {"chat:write"},
	"chat.postEphemeral":           {"chat:write"},
	"chat.update":                  {"chat:write"},
	"chat.delete":                  {"chat:write"},
	"users.info":                   {"users:read"},
	"users.list":                   {"users:read"},
	"usergroups.list":              {"usergroups:read"},
	"usergroups.users.list":        {"usergroups:read"},
	"files.getUploadURLExternal":   {"files:write"},
	"files.completeUploadExternal": {"files:write"},
	"files.info":                   {"files:read"},
}

// mayCall refuses a method for which the app was not given the scope.
func (l *Lookalike) mayCall(method string) error {
	need := scopesFor[method]
	if len(need) == 0 || slices.ContainsFunc(need, func(s string) bool { return slices.Contains(l.cfg.Scopes, s) }) {
		return nil
	}
	return &refusal{code: "missing_scope", messages: []string{"needed: " + strings.Join(need, ",")}}
}
