package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// staffCommand is the command that only staff have; whoever types it is at work.
const staffCommand = "rapport"

// opening is a form that a press opens. The press itself is only handed on when that fails.
type opening struct {
	trigger string
	from    origin
	form    conversation.Form
}

// interaction reads a press or a form that was sent. open is set for a press that opens a form.
func (a *Adapter) interaction(ctx context.Context, p fields) (out []conversation.Inbound, open *opening) {
	switch text(p["type"]) {
	case "block_actions":
		return a.presses(ctx, p)
	case "view_submission":
		if in, ok := a.submission(ctx, p); ok {
			return []conversation.Inbound{in}, nil
		}
	default:
		a.log.Debug("an interaction of a kind that is not looked at", "type", word(text(p["type"])))
	}
	return nil, nil
}

// tokenOfAction is what was pressed, without our prefix: a button's id, or the chosen option of a select.
func tokenOfAction(action fields) (token string, form bool) {
	id := text(action["action_id"])
	if chosen := text(object(action["selected_option"])["value"]); chosen != "" {
		id = chosen
	}
	if t, ok := strings.CutPrefix(id, formPrefix); ok {
		return t, true
	}
	t, _ := strings.CutPrefix(id, pressPrefix)
	if t == id {
		return "", false // a link, or not ours
	}
	return t, false
}

// presses reads the pressed buttons of one payload; there is one, nearly always.
func (a *Adapter) presses(ctx context.Context, p fields) (out []conversation.Inbound, open *opening) {
	base, ok := a.pressed(p)
	if !ok {
		return nil, nil
	}
	for _, raw := range list(p["actions"]) {
		action := object(raw)
		token, isForm := tokenOfAction(action)
		if token == "" {
			continue
		}
		in := base
		in.Token = token
		stamp := text(action["action_ts"])
		if stamp == "" {
			stamp = text(p["trigger_id"])
		}
		in.EventID = strings.Join([]string{"press", in.Chat, in.MessageID, in.From.UserID, text(action["action_id"]), token, stamp}, ":")
		if at, ok := instant(stamp); ok {
			in.At = at
		}
		in.From = a.senderKnown(ctx, in.From.UserID, object(p["user"]))
		out = append(out, in)
		if form, ok := a.formOf(token, text(action["value"])); ok && isForm {
			open = &opening{trigger: text(p["trigger_id"]), form: form, from: origin{
				Token: token, Chat: in.Chat, Thread: in.Thread, Message: in.MessageID, Staff: in.Staff, Private: in.Private,
			}}
		}
	}
	return out, open
}

// pressed is what all presses of a payload have in common: where, and by whom.
func (a *Adapter) pressed(p fields) (conversation.Inbound, bool) {
	container, message := object(p["container"]), object(p["message"])
	user := text(object(p["user"])["id"])
	chat := first(text(object(p["channel"])["id"]), text(container["channel_id"]))
	ts := first(text(container["message_ts"]), text(message["ts"]))
	if !isUser(user) || user == a.me.Load().user {
		return conversation.Inbound{}, false
	}
	if chat == "" { // on the app's own page
		in := a.place(user, "", "")
		in.Kind, in.Staff, in.From.UserID = conversation.KindPress, true, user
		in.MessageID = text(object(p["view"])["id"])
		return in, true
	}
	if !isPlace(chat) || !isTS(ts) {
		return conversation.Inbound{}, false
	}
	a.places.learn(text(object(p["channel"])["name"]), chat)
	in := a.place(chat, first(text(container["thread_ts"]), text(message["thread_ts"])), ts)
	if in.Staff {
		a.members.saw(chat, user)
	}
	in.Kind, in.MessageID, in.From.UserID, in.At = conversation.KindPress, ts, user, time.Now()
	in.Mentioned = !in.Private
	h := handle{URL: text(p["response_url"]), User: user, Chat: chat}
	if truth(container["is_ephemeral"]) {
		in.MessageID = ephemeralPrefix + ts
	}
	h.Message = in.MessageID
	in.Handle = a.lend(h)
	if in.Private {
		a.people.sawDirect(chat, user)
	}
	return in, true
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// senderKnown is a person as a sender, by the name that came along when nobody else tells one.
func (a *Adapter) senderKnown(ctx context.Context, id string, came fields) conversation.Sender {
	s := a.senderOf(ctx, id)
	if s.Name == "" {
		s.Name = first(text(came["name"]), text(came["username"]))
	}
	return s
}

// submission is a form that was sent.
func (a *Adapter) submission(ctx context.Context, p fields) (conversation.Inbound, bool) {
	view := object(p["view"])
	user := text(object(p["user"])["id"])
	var from origin
	if text(view["callback_id"]) != formID || json.Unmarshal([]byte(text(view["private_metadata"])), &from) != nil ||
		!isUser(user) || from.Token == "" || !isPlace(from.Chat) && from.Chat != user {
		return conversation.Inbound{}, false
	}
	in := a.place(from.Chat, from.Thread, "")
	in.Kind, in.Token, in.MessageID = conversation.KindForm, from.Token, from.Message
	in.Staff = in.Staff || from.Staff
	in.Mentioned = !in.Private
	in.Values = values(object(view["state"]))
	in.EventID = "form:" + text(view["id"]) + ":" + text(view["hash"])
	if text(view["id"]) == "" {
		in.EventID = "form:" + digest(p)
	}
	in.From = a.senderKnown(ctx, user, object(p["user"]))
	return in, true
}

// slash is a command. c holds the platform's fields.
func (a *Adapter) slash(ctx context.Context, c map[string]string) (conversation.Inbound, bool) {
	user, chat := c["user_id"], c["channel_id"]
	name := strings.ToLower(strings.TrimPrefix(c["command"], "/"))
	if !isUser(user) || !isPlace(chat) || name == "" {
		return conversation.Inbound{}, false
	}
	lent := a.lend(handle{URL: c["response_url"], User: user, Chat: chat})
	staff := name == staffCommand
	if isDirect(chat) && !staff {
		chat = a.ownDirect(ctx, chat, user)
	}
	a.places.learn(c["channel_name"], chat)
	in := a.place(chat, c["thread_ts"], "")
	if in.Staff {
		a.members.saw(chat, user)
	}
	in.Kind, in.Command, in.Handle = conversation.KindMessage, name, lent
	in.Args = strings.TrimSpace(readText(clean(c["text"]), func(id string) string { return id }))
	in.Text = strings.TrimSpace("/" + in.Command + " " + in.Args)
	in.Staff = in.Staff || staff
	in.Mentioned = !in.Private
	in.EventID = "command:" + c["trigger_id"]
	if c["trigger_id"] == "" {
		sum := sha256.Sum256([]byte(c["response_url"] + user + chat + in.Text))
		in.EventID = "command:" + hex.EncodeToString(sum[:16])
	}
	in.From = a.senderOf(ctx, user)
	if in.From.Name == "" {
		in.From.Name = clean(c["user_name"])
	}
	return in, true
}

// ownDirect answers the person's private chat with the bot: a command can be typed in a private chat with somebody
// else, where the bot cannot answer.
func (a *Adapter) ownDirect(ctx context.Context, chat, user string) string {
	if owner, ok := a.people.owners.Get(chat); ok && owner == user {
		return chat
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	own, err := a.open(ctx, user)
	if err != nil {
		return chat
	}
	return own
}

// digest names a payload that has no id.
func digest(p fields) string {
	raw, err := json.Marshal(p)
	if err != nil {
		return "?"
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}
