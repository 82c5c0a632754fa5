package discord

import "strconv"

// Permissions of a role or in a channel. Source: docs.discord.com/developers/topics/permissions.
const (
	Administrator      uint64 = 1 << 3
	ViewChannel        uint64 = 1 << 10
	SendMessages       uint64 = 1 << 11
	EmbedLinks         uint64 = 1 << 14
	AttachFiles        uint64 = 1 << 15
	ReadMessageHistory uint64 = 1 << 16
	SendInThreads      uint64 = 1 << 38

	everything = ^uint64(0) >> 12
)

// rights are what the bot may do in the server: by the role of everybody, by its own role, and what the text channel
// changes of that for each of the two and for the bot itself.
type rights struct {
	everyone, role uint64
	overwrites     map[string]overwrite // by the id of the role or the user
}

type overwrite struct{ member, allow, deny uint64 }

// defaultRights are those of a bot that was invited with the permissions that the product asks for.
func defaultRights() rights {
	return rights{
		everyone: ViewChannel | SendMessages | ReadMessageHistory, overwrites: map[string]overwrite{},
		role: ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory | SendInThreads,
	}
}

// Grant says what everybody in the server may, and what the bot's role adds for it.
func (l *Lookalike) Grant(everyone, role uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rights.everyone, l.rights.role = everyone, role
}

// Whom an overwrite of the channel concerns.
const (
	ForEveryone = "everyone"
	ForRole     = "role"
	ForBot      = "bot"
)

// Overwrite has the text channel allow and deny something to everybody, to the bot's role or to the bot itself.
func (l *Lookalike) Overwrite(whom string, allow, deny uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, member := l.guild, uint64(0)
	switch whom {
	case ForRole:
		id = l.role()
	case ForBot:
		id, member = l.bot.ID, 1
	}
	l.rights.overwrites[id] = overwrite{member: member, allow: allow, deny: deny}
}

// role is the id of the bot's own role; the role of everybody has the server's.
func (l *Lookalike) role() string { return snowflake("role", l.bot.ID) }

// base is what the bot may in the server. Source: docs.discord.com/developers/topics/permissions#permission-overwrites.
func (l *Lookalike) base() uint64 {
	may := l.rights.everyone | l.rights.role
	if may&Administrator != 0 {
		return everything
	}
	return may
}

// may says whether the bot has a permission in a channel; in private chats it has all.
func (l *Lookalike) may(c *chat, what uint64) bool {
	may := l.base()
	if c.owner != nil || may&Administrator != 0 {
		return true
	}
	for _, id := range []string{l.guild, l.role(), l.bot.ID} {
		o := l.rights.overwrites[id]
		may = may&^o.deny | o.allow
	}
	return may&ViewChannel != 0 && may&what == what
}

// mayPost refuses a message for which a permission is missing.
func (l *Lookalike) mayPost(c *chat, out *outgoing) error {
	switch {
	case !l.may(c, ViewChannel):
		return errNoAccess
	case !l.may(c, SendMessages),
		out.Embeds != nil && len(*out.Embeds) > 0 && !l.may(c, EmbedLinks),
		len(out.files) > 0 && !l.may(c, AttachFiles):
		return errNoPermission
	}
	return nil
}

// permissions are written as decimal numbers in text, since they do not fit into JSON's numbers.
func permissions(p uint64) string { return strconv.FormatUint(p, 10) }

func (l *Lookalike) rolesJSON() []any {
	role := func(id, name string, p uint64, managed bool) map[string]any {
		return map[string]any{"id": id, "name": name, "permissions": permissions(p), "position": 0, "managed": managed, "mentionable": false, "hoist": false, "color": 0}
	}
	return []any{role(l.guild, "@everyone", l.rights.everyone, false), role(l.role(), l.bot.Username, l.rights.role, true)}
}

func (l *Lookalike) overwritesJSON() []any {
	out := []any{}
	for _, id := range []string{l.guild, l.role(), l.bot.ID} {
		if o, ok := l.rights.overwrites[id]; ok {
			out = append(out, map[string]any{"id": id, "type": o.member, "allow": permissions(o.allow), "deny": permissions(o.deny)})
		}
	}
	return out
}

// getMember is Get Guild Member.
func (l *Lookalike) getMember(q *request) (any, error) {
	if q.vars["guild"] != l.guild {
		return nil, errNoAccess
	}
	roles, who := []string{}, l.bot
	if id := q.vars["user"]; id == l.bot.ID {
		roles = append(roles, l.role())
	} else if p := l.byID[id]; p != nil {
		who = p.user()
	} else {
		return nil, errUnknownMember
	}
	return map[string]any{"user": who, "nick": nil, "roles": roles, "joined_at": stamp(l.cfg.Now()), "deaf": false, "mute": false, "flags": 0}, nil
}
