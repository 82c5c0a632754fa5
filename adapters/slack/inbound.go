package slack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/lenient"
	"github.com/rapport-chat/rapport/conversation"
)

type fields = map[string]json.RawMessage

// slackbot is the platform's own voice.
const slackbot = "USLACKBOT"

// event reads the payload of an event. ok is false for what is none of ours.
func (a *Adapter) event(ctx context.Context, body fields) (in conversation.Inbound, ok bool) {
	e := object(body["event"])
	switch text(e["type"]) {
	case "message", "app_mention":
		return a.message(ctx, body, e)
	case "app_home_opened":
		return a.home(ctx, body, e)
	case "user_change", "user_profile_changed":
		a.people.users.Drop(text(object(e["user"])["id"]))
	case "channel_rename", "channel_created", "channel_unarchive", "channel_archive", "group_rename", "member_joined_channel":
		a.places.forget()
	case "tokens_revoked", "app_uninstalled":
		a.log.Error("the platform says that the app was removed or its token revoked")
	default:
		a.log.Debug("an event of a kind that is not looked at", "type", word(text(e["type"])))
	}
	return in, false
}

// word keeps a platform's word fit for logs.
func word(s string) string {
	if s == "" || !isWord(s) {
		return "?"
	}
	return s
}

// place is the part of an event that every kind has.
func (a *Adapter) place(chat, thread, ts string) conversation.Inbound {
	if thread == ts || !isTS(thread) {
		thread = ""
	}
	in := conversation.Inbound{
		Address: conversation.Address{Channel: Name, Account: a.me.Load().account, Chat: chat, Thread: thread},
		Private: isDirect(chat),
		Staff:   a.places.isStaff(chat),
		At:      time.Now(),
	}
	if at, ok := instant(ts); ok {
		in.At = at
	}
	return in
}

// message is a message, a changed or a deleted one.
func (a *Adapter) message(ctx context.Context, body, e fields) (conversation.Inbound, bool) {
	switch text(e["subtype"]) {
	case "", "file_share", "thread_broadcast", "me_message":
		return a.posted(ctx, body, e)
	case "message_changed":
		return a.changed(ctx, e)
	case "message_deleted":
		gone := object(e["previous_message"])
		return a.deleted(ctx, e, text(e["deleted_ts"]), gone)
	}
	return conversation.Inbound{}, false // joined, renamed, pinned: what nobody said
}

// posted is a new message. It may come twice, as message and as app_mention: the id is the same.
func (a *Adapter) posted(ctx context.Context, body, e fields) (conversation.Inbound, bool) {
	chat, ts, user := text(e["channel"]), text(e["ts"]), text(e["user"])
	if a.notAPerson(e, user) {
		return conversation.Inbound{}, false
	}
	a.wonder(ctx, chat)
	in := a.place(chat, text(e["thread_ts"]), ts)
	in.Kind, in.MessageID, in.EventID = conversation.KindMessage, ts, "message:"+chat+":"+ts
	in.From.UserID = user
	if !isPlace(chat) || !isTS(ts) || !isUser(user) {
		return a.broken(in, body), true
	}
	if in.Private {
		a.people.sawDirect(chat, user)
	}
	in.Mentioned = !in.Private && (a.mentionsUs(e) || text(e["type"]) == "app_mention")
	if !in.Private && !in.Mentioned && !in.Staff {
		return in, false // not said to us
	}
	if in.Staff {
		a.members.saw(chat, user)
	}
	in.From = a.senderOf(ctx, user)
	in.Text = a.said(ctx, text(e["text"]))
	in.Attachments = attachments(e)
	if strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0 {
		in.Text = shared(e)
	}
	if strings.TrimSpace(in.Text) == "" && len(in.Attachments) == 0 {
		in.Attachments = []conversation.Attachment{{Kind: "file"}} // a kind of content that came after this version
	}
	if m := command.FindStringSubmatch(strings.TrimSpace(in.Text)); m != nil {
		in.Command, in.Args = strings.ToLower(m[1]), strings.TrimSpace(m[2])
	}
	return in, true
}

// command is a command typed as text.
var command = regexp.MustCompile(`^/([A-Za-z0-9_-]{1,32})(?:\s+([\s\S]*))?$`)

// notAPerson says whether a message is our own or another app's.
func (a *Adapter) notAPerson(m fields, user string) bool {
	if text(m["bot_id"]) != "" || object(m["bot_profile"]) != nil || text(m["subtype"]) == "bot_message" {
		return true
	}
	return user == a.me.Load().user || user == slackbot
}

// broken is the event for what could not be understood.
func (a *Adapter) broken(in conversation.Inbound, body fields) conversation.Inbound {
	a.log.Error("an event could not be understood; it is kept as broken")
	raw, err := json.Marshal(body)
	if err != nil {
		raw = []byte("{}")
	}
	in.Kind, in.Raw, in.Private = conversation.KindBroken, raw, isDirect(in.Chat)
	if in.EventID = text(body["event_id"]); in.EventID == "" {
		sum := sha256.Sum256(raw)
		in.EventID = "raw:" + hex.EncodeToString(sum[:16])
	}
	return in
}

// changed is an edit by a person. The platform also tells of previews that it has added, and a thread's first message
// that is deleted leaves a tombstone.
func (a *Adapter) changed(ctx context.Context, e fields) (conversation.Inbound, bool) {
	now, before := object(e["message"]), object(e["previous_message"])
	if text(now["subtype"]) == "tombstone" {
		return a.deleted(ctx, e, text(now["ts"]), before)
	}
	chat, ts, user := text(e["channel"]), text(now["ts"]), text(now["user"])
	edited := text(object(now["edited"])["ts"])
	in := a.place(chat, text(now["thread_ts"]), ts)
	if a.notAPerson(now, user) || edited == "" || !isPlace(chat) || !isTS(ts) || !isUser(user) {
		return in, false
	}
	if before != nil && text(before["text"]) == text(now["text"]) {
		return in, false
	}
	in.Kind, in.MessageID, in.EventID = conversation.KindEdit, ts, "edit:"+chat+":"+ts+":"+edited
	in.Mentioned = !in.Private && a.mentionsUs(now)
	if !in.Private && !in.Mentioned && !in.Staff {
		return in, false
	}
	if in.Text = a.said(ctx, text(now["text"])); strings.TrimSpace(in.Text) == "" {
		return in, false
	}
	if at, ok := instant(edited); ok {
		in.At = at
	}
	in.From = a.senderOf(ctx, user)
	return in, true
}

// deleted is a message of a person that is gone.
func (a *Adapter) deleted(ctx context.Context, e fields, ts string, gone fields) (conversation.Inbound, bool) {
	chat, user := text(e["channel"]), text(gone["user"])
	in := a.place(chat, text(gone["thread_ts"]), ts)
	if !isPlace(chat) || !isTS(ts) || a.notAPerson(gone, user) {
		return in, false
	}
	if user == "" && in.Private && gone == nil { // the platform need not show what is gone
		user, _ = a.people.owners.Get(chat)
	}
	if !isUser(user) || !in.Private && !in.Staff {
		return in, false
	}
	in.Kind, in.MessageID, in.EventID = conversation.KindDelete, ts, "deleted:"+chat+":"+ts
	in.At = time.Now()
	if at, ok := instant(text(e["event_ts"])); ok {
		in.At = at
	}
	in.From = a.senderOf(ctx, user)
	return in, true
}

// home is somebody who has opened the app's page.
func (a *Adapter) home(ctx context.Context, body, e fields) (conversation.Inbound, bool) {
	user := text(e["user"])
	if tab := text(e["tab"]); tab != "" && tab != "home" || !isUser(user) {
		return conversation.Inbound{}, false
	}
	ts := text(e["event_ts"])
	in := a.place(user, "", ts)
	in.Kind, in.Staff, in.Private = conversation.KindHome, true, false
	if in.EventID = text(body["event_id"]); in.EventID == "" {
		in.EventID = "home:" + user + ":" + ts
	}
	in.From = a.senderOf(ctx, user)
	return in, true
}

// attachments lists the files of a message.
func attachments(m fields) []conversation.Attachment {
	var out []conversation.Attachment
	for _, raw := range list(m["files"]) {
		f := object(raw)
		size, _ := lenient.Number(f["size"])
		at := conversation.Attachment{Kind: fileKind(f), Name: text(f["name"]), Size: max(size, 0)}
		if id := text(f["id"]); isID(id) {
			at.File = strings.TrimSpace(id + " " + fileAddress(f))
		}
		if at.Name == "" {
			at.Name = text(f["title"])
		}
		out = append(out, at)
	}
	return out
}

// fileKind says what a file is.
func fileKind(f fields) string {
	mime, subtype := text(f["mimetype"]), text(f["subtype"])
	switch {
	case subtype == "slack_audio", strings.HasPrefix(mime, "audio/"):
		return "voice"
	case subtype == "slack_video", strings.HasPrefix(mime, "video/"):
		return "video"
	case strings.HasPrefix(mime, "image/"):
		return "photo"
	}
	return "file"
}

// shared are the words of a message that was passed on and has none of its own.
func shared(m fields) string {
	var out []string
	for _, raw := range list(m["attachments"]) {
		at := object(raw)
		s := text(at["text"])
		if s == "" {
			s = text(at["fallback"])
		}
		if s = strings.TrimSpace(readText(s, func(id string) string { return id })); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n")
}
