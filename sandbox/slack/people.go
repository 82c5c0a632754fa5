package slack

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Person implements lookalike.Platform. Everybody is a member of the workspace, so that the bot may write first.
func (l *Lookalike) Person(name string) lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Person(name)
}

// Introduce implements lookalike.Platform. Staff are members of every channel of the app.
func (l *Lookalike) Introduce(given lookalike.Person) (lookalike.Person, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Introduce(given)
}

// People implements lookalike.Platform.
func (l *Lookalike) People() []lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Public()
}

// rules are what is said of people here.
func (l *Lookalike) rules() lookalike.Rules[person] {
	return lookalike.Rules[person]{
		Make: l.make, Arrived: l.arrived, Greet: (*person).greet, Public: (*person).public,
		Save: func(p *person) error { return l.save(record{Person: p}) },
	}
}

func (p *person) greet(given lookalike.Person) { p.Locale, p.Staff = given.Locale, given.Staff }

func (p *person) public() lookalike.Person {
	return lookalike.Person{Name: p.Name, ID: p.ID, Locale: p.Locale, Staff: p.Staff}
}

var userForm = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)

func (l *Lookalike) make(name, given string) (*person, error) {
	p := &person{Name: name, ID: given}
	if given == "" {
		p.ID = id("U", "user", p.Name)
	}
	if !userForm.MatchString(p.ID) || l.byID[p.ID] != nil || p.ID == l.app.user {
		return nil, fmt.Errorf("%q cannot be the id of a user: %w", p.ID, lookalike.ErrUnsupported)
	}
	p.DM = id("D", "direct", p.ID)
	return p, nil
}

// Direct is the id of the private chat between a person and the bot.
func (l *Lookalike) Direct(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(name)
	if err != nil {
		return ""
	}
	return p.DM
}

// locales are the codes that Slack writes for languages. It speaks no Azerbaijani itself; a sandbox that is to try
// that language reports it all the same.
var locales = map[string]string{"en": "en-US", "az": "az-AZ", "tr": "tr-TR", "ru": "ru-RU", "de": "de-DE", "fr": "fr-FR"}

func locale(of string) string {
	if strings.ContainsAny(of, "-_") {
		return strings.ReplaceAll(of, "_", "-")
	}
	return cmp.Or(locales[of], "en-US")
}

// user is the person as the API shows them. Source: docs.slack.dev/reference/objects/user-object.
func (l *Lookalike) user(p *person, withLocale bool) map[string]any {
	shown := lookalike.DisplayName(p.Name)
	u := map[string]any{
		"id": p.ID, "team_id": l.app.team, "name": p.Name, "deleted": p.Deleted, "updated": 1764666000,
		"profile": map[string]any{
			"real_name": shown, "real_name_normalized": shown, "display_name": shown, "display_name_normalized": shown,
			"first_name": shown, "team": l.app.team,
		},
		"is_bot": false, "is_app_user": false,
	}
	if p.Deleted {
		return u // of who is deactivated Slack tells no more
	}
	u["real_name"], u["tz"], u["tz_label"], u["tz_offset"] = shown, "Asia/Baku", "Azerbaijan Time", 14400
	u["is_admin"], u["is_owner"], u["is_restricted"], u["is_ultra_restricted"] = false, false, false, false
	if withLocale {
		u["locale"] = locale(p.Locale)
	}
	return u
}

// self is the bot's own user.
func (l *Lookalike) self() map[string]any {
	return map[string]any{
		"id": l.app.user, "team_id": l.app.team, "name": l.cfg.Username, "deleted": false, "real_name": lookalike.DisplayName(l.cfg.Username),
		"profile": map[string]any{
			"real_name": lookalike.DisplayName(l.cfg.Username), "display_name": "", "bot_id": l.app.bot, "api_app_id": l.app.app,
		},
		"is_bot": true, "is_app_user": false, "updated": 1764666000, "tz": "America/Los_Angeles", "tz_offset": -28800,
	}
}

func (l *Lookalike) usersInfo(a args) (map[string]any, error) {
	who := a.str("user")
	if who == l.app.user {
		return map[string]any{"user": l.self()}, nil
	}
	p := l.byID[who]
	if p == nil {
		return nil, errUserNotFound
	}
	return map[string]any{"user": l.user(p, a.bool("include_locale"))}, nil
}

func (l *Lookalike) usersList(a args) (map[string]any, error) {
	all := []any{l.self()}
	for _, p := range l.people.All() {
		all = append(all, l.user(p, a.bool("include_locale")))
	}
	page, next, err := paged(a, all, 1000, 1000)
	if err != nil {
		return nil, err
	}
	return map[string]any{"members": page, "cache_ts": l.cfg.Now().Unix(), "response_metadata": next}, nil
}

// groupMembers are the ids of a group's people who are there.
func (l *Lookalike) groupMembers(handle string) []string {
	ids := []string{}
	for _, name := range l.cfg.Groups[handle] {
		if p, err := l.people.Invent(name); err == nil && !p.Deleted {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func (l *Lookalike) groupsList(a args) (map[string]any, error) {
	groups := []any{}
	for _, handle := range sortedKeys(l.cfg.Groups) {
		g := map[string]any{
			"id": id("S", "group", handle), "team_id": l.app.team, "is_usergroup": true, "name": lookalike.DisplayName(handle), "handle": handle,
			"description": "", "date_delete": 0, "user_count": len(l.cfg.Groups[handle]),
		}
		if a.bool("include_users") {
			g["users"] = l.groupMembers(handle)
		}
		groups = append(groups, g)
	}
	return map[string]any{"usergroups": groups}, nil
}

func (l *Lookalike) groupUsers(a args) (map[string]any, error) {
	if handle := l.groupNamed(a.str("usergroup")); handle != "" {
		return map[string]any{"users": l.groupMembers(handle)}, nil
	}
	return nil, refuse("no_such_subteam")
}

// groupNamed is the handle of the group with that id.
func (l *Lookalike) groupNamed(group string) string {
	keys := sortedKeys(l.cfg.Groups)
	if i := slices.IndexFunc(keys, func(h string) bool { return id("S", "group", h) == group }); i >= 0 {
		return keys[i]
	}
	return ""
}
