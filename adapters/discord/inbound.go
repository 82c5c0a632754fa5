package discord

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/lenient"
	"github.com/rapport-chat/rapport/conversation"
)

// decode reads one event leniently. ok is false for what is none of ours.
func (r *receiver) decode(ctx context.Context, e event) (in conversation.Inbound, chat string, ok bool) {
	switch e.kind {
	case "MESSAGE_CREATE", "MESSAGE_UPDATE":
		return r.message(e)
	case "MESSAGE_DELETE":
		return r.deleted(ctx, e)
	case "INTERACTION_CREATE":
		in, ok = r.interaction(e)
		return in, in.Chat, ok
	}
	return in, "", false
}

// place is the part of an event that every kind has.
func (r *receiver) place(d map[string]json.RawMessage) conversation.Inbound {
	return conversation.Inbound{
		Address: conversation.Address{Channel: Name, Account: r.a.me.Load().account, Chat: text(d["channel_id"])},
		Private: text(d["guild_id"]) == "",
		At:      time.Now(),
	}
}

// message is a new or changed message of a person.
func (r *receiver) message(e event) (conversation.Inbound, string, bool) {
	d := object(e.data)
	author := object(d["author"])
	in := r.place(d)
	in.Kind, in.MessageID, in.EventID = conversation.KindMessage, text(d["id"]), text(d["id"])
	if at, err := time.Parse(time.RFC3339, text(d["timestamp"])); err == nil {
		in.At = at
	}
	in.From = sender(author)
	if in.Chat == "" || in.MessageID == "" || in.From.UserID == "" {
		if e.kind == "MESSAGE_UPDATE" {
			return in, "", false // changes without an author tell of previews
		}
		return r.broken(e, in), in.Chat, true
	}
	if truth(author["bot"]) || truth(author["system"]) || text(d["webhook_id"]) != "" {
		return in, "", false
	}
	words := text(d["content"])
	in.Attachments = attachments(d)
	if !in.Private {
		words, in.Mentioned = r.mentioned(words, d)
		if !in.Mentioned {
			return in, "", false // not said to us; without the privileged intent we could not read it anyway
		}
	}
	in.Text = strings.TrimSpace(named(words, d))
	if e.kind == "MESSAGE_UPDATE" {
		at := text(d["edited_timestamp"])
		if at == "" || in.Text == "" {
			return in, "", false
		}
		in.Kind, in.EventID, in.Attachments = conversation.KindEdit, in.MessageID+":"+at, nil
		return in, in.Chat, true
	}
	if in.Text == "" && len(in.Attachments) == 0 {
		if kind := text(d["type"]); kind != "" && kind != "0" && kind != "19" {
			return in, "", false // a call, a pin: something that nobody said
		}
		in.Attachments = []conversation.Attachment{{Kind: "file"}} // a kind of content that came after this version
	}
	if m := command.FindStringSubmatch(in.Text); m != nil {
		in.Command, in.Args = strings.ToLower(m[1]), strings.TrimSpace(m[2])
	}
	return in, in.Chat, true
}

// command is a command typed as text, where the app had none to offer.
var command = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:\s+([\s\S]*))?$`)

// broken is the event for what could not be understood.
func (r *receiver) broken(e event, in conversation.Inbound) conversation.Inbound {
	r.a.log.Error("an event could not be understood; it is kept as broken", "kind", e.kind)
	in.Kind, in.Raw = conversation.KindBroken, e.data
	if in.EventID == "" {
		sum := sha256.Sum256(e.data)
		in.EventID = "raw:" + hex.EncodeToString(sum[:16])
	}
	return in
}

func sender(u map[string]json.RawMessage) conversation.Sender {
	s := conversation.Sender{UserID: text(u["id"]), Name: text(u["global_name"])}
	if s.Name == "" {
		s.Name = text(u["username"])
	}
	return s
}

var mention = regexp.MustCompile(`<@!?(\d+)>`)

// mentioned finds mentions of the bot and takes them out of the words. An answer to one of its messages is one too.
func (r *receiver) mentioned(words string, d map[string]json.RawMessage) (string, bool) {
	us := r.a.me.Load().user
	found := text(object(object(d["referenced_message"])["author"])["id"]) == us
	words = mention.ReplaceAllStringFunc(words, func(m string) string {
		if mention.FindStringSubmatch(m)[1] != us {
			return m
		}
		found = true
		return ""
	})
	return words, found
}

// named writes the names of people in the place of their mentions.
func named(words string, d map[string]json.RawMessage) string {
	names := map[string]string{}
	for _, raw := range list(d["mentions"]) {
		if s := sender(object(raw)); s.Name != "" {
			names[s.UserID] = s.Name
		}
	}
	return mention.ReplaceAllStringFunc(words, func(m string) string {
		if name := names[mention.FindStringSubmatch(m)[1]]; name != "" {
			return "@" + name
		}
		return m
	})
}

// flagVoice marks a voice message. Source: docs.discord.com/developers/resources/message#message-object-message-flags.
const flagVoice = 1 << 13

// attachments lists what came with a message besides words.
func attachments(d map[string]json.RawMessage) []conversation.Attachment {
	var out []conversation.Attachment
	flags, _ := lenient.Number(d["flags"])
	for _, raw := range list(d["attachments"]) {
		f := object(raw)
		a := conversation.Attachment{Kind: "file", File: text(f["url"]), Name: text(f["filename"])}
		_ = json.Unmarshal(f["size"], &a.Size) // 0 when unknown
		kind := text(f["content_type"])
		switch {
		case flags&flagVoice != 0:
			a.Kind = "voice"
		case strings.HasPrefix(kind, "image/"):
			a.Kind = "photo"
		case strings.HasPrefix(kind, "video/"):
			a.Kind = "video"
		}
		out = append(out, a)
	}
	for _, raw := range list(d["sticker_items"]) {
		s := object(raw)
		out = append(out, conversation.Attachment{Kind: "sticker", File: text(s["id"]), Name: text(s["name"])})
	}
	return out
}

// deleted is a message that is gone. The platform does not say whose it was: in a direct channel it is the person's,
// unless we have deleted it.
func (r *receiver) deleted(ctx context.Context, e event) (conversation.Inbound, string, bool) {
	d := object(e.data)
	in := r.place(d)
	in.Kind, in.MessageID = conversation.KindDelete, text(d["id"])
	in.EventID = "deleted:" + in.MessageID
	if !in.Private || in.MessageID == "" || !isID(in.Chat) || r.a.deleting.Of(in.MessageID) {
		return in, "", false
	}
	in.From.UserID = r.a.chats.owner(in.Chat)
	if in.From.UserID == "" {
		in.From.UserID = r.recipient(ctx, in.Chat)
	}
	return in, in.Chat, in.From.UserID != ""
}

// recipient asks whose direct channel it is, empty when nobody can tell.
func (r *receiver) recipient(ctx context.Context, chat string) string {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	ex, err := r.a.call(ctx, &exchange{what: "get a channel", verb: http.MethodGet, path: "channels/" + chat})
	if err != nil {
		return ""
	}
	for _, raw := range list(object(ex.body)["recipients"]) {
		if id := text(object(raw)["id"]); id != "" {
			r.a.chats.saw(chat, "", id)
			return id
		}
	}
	return ""
}
