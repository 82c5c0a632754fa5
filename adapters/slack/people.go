package slack

import (
	"context"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

// How long what the platform told about people is good for.
const (
	userLife    = time.Hour
	unknownLife = time.Minute // a person that could not be asked for
	directLife  = 24 * time.Hour
	// lookupTime bounds a question about a sender: the event waits for it, and has 3 s in all.
	lookupTime = 800 * time.Millisecond
	// lookupRest is how long nobody is asked for after a question that stayed without an answer.
	lookupRest = 5 * time.Second
)

// user is what is shown of a person.
type user struct {
	name, locale string
	deleted      bool
}

// people remembers names and private chats.
type people struct {
	users  *recall.Ring[dated[user]]
	direct *recall.Ring[dated[string]] // private chats by user
	owners *recall.Ring[string]        // users by private chat

	mu    sync.Mutex
	quiet time.Time // until when nobody is asked for
}

func newPeople() *people {
	return &people{
		users:  recall.NewRing[dated[user]](maxUsers),
		direct: recall.NewRing[dated[string]](maxDirect),
		owners: recall.NewRing[string](maxDirect),
	}
}

func (p *people) rest(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.quiet = time.Now().Add(d)
}

func (p *people) resting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.quiet)
}

// sawDirect learns whose private chat it is.
func (p *people) sawDirect(chat, user string) {
	if isDirect(chat) && isUser(user) {
		p.owners.Put(chat, user)
		p.direct.Put(user, dated[string]{chat, time.Now().Add(directLife)})
	}
}

// idPattern is what the platform's ids look like. Only such are ever asked for.
var idPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,40}$`)

func isID(s string) bool     { return idPattern.MatchString(s) }
func isUser(s string) bool   { return isID(s) && (s[0] == 'U' || s[0] == 'W') }
func isDirect(s string) bool { return isID(s) && s[0] == 'D' }

// isPlace says whether s is the id of a channel, a group or a private chat.
func isPlace(s string) bool { return isID(s) && (s[0] == 'C' || s[0] == 'G' || s[0] == 'D') }

// userOf asks who somebody is. Nothing depends on it but a name and a language, so that an answer that does not come in
// time is an empty one.
func (a *Adapter) userOf(ctx context.Context, id string) user {
	if !isUser(id) {
		return user{}
	}
	known, ok := a.people.users.Get(id)
	if ok && known.fresh() || ctx.Err() != nil || a.people.resting() {
		return known.value
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	ex, err := a.call(ctx, &exchange{method: "users.info", form: url.Values{"user": {id}, "include_locale": {"true"}}, repeat: true})
	if err != nil {
		switch kind := conversation.KindOf(err); kind {
		case conversation.RateLimited:
			a.people.rest(max(lookupRest, retryAfter(err)))
		case conversation.Temporary, conversation.OutcomeUnknown:
			a.people.rest(lookupRest)
		}
		a.people.users.Put(id, dated[user]{known.value, time.Now().Add(unknownLife)})
		return known.value
	}
	raw := object(ex.answer["user"])
	profile := object(raw["profile"])
	u := user{locale: text(raw["locale"]), deleted: truth(raw["deleted"])}
	for _, name := range []string{text(profile["display_name"]), text(profile["real_name"]), text(raw["real_name"]), text(raw["name"])} {
		if name != "" {
			u.name = name
			break
		}
	}
	a.people.users.Put(id, dated[user]{u, time.Now().Add(userLife)})
	return u
}

// senderOf is a person as a sender.
func (a *Adapter) senderOf(ctx context.Context, id string) conversation.Sender {
	u := a.userOf(ctx, id)
	return conversation.Sender{UserID: id, Name: u.name, Locale: u.locale}
}

// open answers the private chat with a person, and makes it when there is none.
func (a *Adapter) open(ctx context.Context, id string) (string, error) {
	if known, ok := a.people.direct.Get(id); ok && known.fresh() {
		return known.value, nil
	}
	ex, err := a.call(ctx, &exchange{method: "conversations.open", payload: map[string]any{"users": id}, repeat: true})
	if err != nil {
		return "", err
	}
	chat := text(object(ex.answer["channel"])["id"])
	if !isPlace(chat) {
		return "", &conversation.SendError{Kind: conversation.Temporary, Code: "bad_answer", Err: errBadAnswer}
	}
	a.people.sawDirect(chat, id)
	return chat, nil
}

// owner answers whose private chat it is, empty when nobody can tell.
func (a *Adapter) owner(ctx context.Context, chat string) string {
	if id, ok := a.people.owners.Get(chat); ok {
		return id
	}
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	ex, err := a.call(ctx, &exchange{method: "conversations.info", form: url.Values{"channel": {chat}}, repeat: true})
	if err != nil {
		return ""
	}
	id := text(object(ex.answer["channel"])["user"])
	a.people.sawDirect(chat, id)
	return id
}

// explain looks behind a refusal of a private chat: the platform may only say that there is none, when the person's
// account is closed.
func (a *Adapter) explain(ctx context.Context, chat string, err error) error {
	switch calling.CodeOf(err) {
	case codeNoChannel, "is_archived", "not_in_channel", "restricted_action", "cannot_dm_bot":
	default:
		return err
	}
	if !isDirect(chat) {
		return err
	}
	id := a.owner(ctx, chat)
	if !isUser(id) {
		return err
	}
	a.people.direct.Drop(id)
	if _, opening := a.open(ctx, id); conversation.KindOf(opening) == conversation.PersonGone && opening != nil {
		return opening
	}
	return err
}
