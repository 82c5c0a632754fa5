package slack

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// A message of ours may stand in several of the platform's. Its id then lists all, the one with the buttons last; a
// file that went along is listed by its own id.
const idSeparator = ","

// paceReserve is what has to be left of a call's time for it to be made.
const paceReserve = 1500 * time.Millisecond

// Send implements conversation.Channel.
func (a *Adapter) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	if s.Body.Kind == conversation.BodyHome {
		return a.publish(ctx, s)
	}
	if s.To.Thread != "" && !isTS(s.To.Thread) {
		return conversation.Receipt{}, payload("bad_address", "the thread is not the platform's id of a message")
	}
	if (s.Body.Kind == conversation.BodyEdit || s.Body.Kind == conversation.BodyDelete) && isEphemeral(s) {
		return conversation.Receipt{MessageID: s.MessageID}, a.changeEphemeral(ctx, s)
	}
	chat, err := a.chatOf(ctx, s.To.Chat)
	if err != nil {
		return conversation.Receipt{}, err
	}
	var ids []string
	switch s.Body.Kind {
	case conversation.BodyNew:
		ids, err = a.sendNew(ctx, chat, s)
	case conversation.BodyEdit:
		ids, err = a.edit(ctx, chat, s)
	case conversation.BodyDelete:
		err = a.delete(ctx, chat, s)
	default:
		err = payload("bad_body", "unknown kind of body %d", s.Body.Kind)
	}
	if err != nil {
		return conversation.Receipt{}, a.explain(ctx, chat, err)
	}
	if id := a.places.idOf(chat); id != "" {
		chat = id // it was sent to by name, and the answer told the id
	}
	return conversation.Receipt{MessageID: strings.Join(ids, idSeparator), Chat: chat}, nil
}

// sendNew sends the parts of a new message that have not gone yet, and then its file.
func (a *Adapter) sendNew(ctx context.Context, chat string, s conversation.Sending) ([]string, error) {
	if d := s.Body.Document; d != nil && (len(d.Data) == 0 || len(d.Data) > maxFileBytes) {
		return nil, payload("too_large", "the file has %d bytes, not 1 to %d", len(d.Data), maxFileBytes)
	}
	parts, err := a.plan(ctx, s)
	if err != nil {
		return nil, err
	}
	sent, _ := a.progress.Get(s.Nonce)
	keep := func(err error) ([]string, error) {
		if s.Nonce != "" && len(sent) > 0 {
			a.progress.Put(s.Nonce, sent)
		}
		return nil, err
	}
	for i, first := len(sent), len(sent); i < len(parts); i++ {
		if i > first {
			if err := keepPace(ctx); err != nil {
				return keep(err)
			}
		}
		id, stands := a.standsAlready(ctx, chat, s, i)
		if !stands {
			began := time.Now()
			if s.Nonce != "" {
				parts[i].mark = marked(s.Nonce, i)
			}
			if id, err = a.sendPart(ctx, chat, s, parts[i]); err != nil {
				a.doubt(s.Nonce, began, err)
				return keep(err)
			}
		}
		sent = append(sent[:len(sent):len(sent)], id)
	}
	if d := s.Body.Document; d != nil {
		share := map[string]any{"channel_id": chat}
		if s.To.Thread != "" {
			share["thread_ts"] = s.To.Thread
		}
		id, err := a.upload(ctx, fileName(d.Name, "file"), d.Data, share)
		if err != nil {
			return keep(err)
		}
		sent = append(sent[:len(sent):len(sent)], id)
	}
	a.progress.Drop(s.Nonce)
	a.progress.Drop(s.Nonce + " picture")
	return sent, nil
}

// keepPace waits between the parts of a message for as long as the platform wants it. When the caller's time is too
// short for it, the rest is for another try.
func keepPace(ctx context.Context) error {
	if until, ok := ctx.Deadline(); ok && time.Until(until) < perChat+paceReserve || calling.Pause(ctx, perChat) != nil {
		return &conversation.SendError{
			Kind: conversation.RateLimited, RetryAfter: perChat, Code: codeMore, Err: errors.New("the next part of a long message has to wait"),
		}
	}
	return nil
}

// sendPart sends one part to everybody or to one person.
func (a *Adapter) sendPart(ctx context.Context, chat string, s conversation.Sending, p part) (string, error) {
	if s.Body.OnlyFor != "" {
		return a.sendOnlyFor(ctx, chat, s, p)
	}
	id, err := a.post(ctx, chat, s.To.Thread, p, false)
	if calling.CodeOf(err) == codeBlocks {
		id, err = a.postAgain(ctx, chat, s.To.Thread, p)
	}
	if code := calling.CodeOf(err); code == codeNoChannel || code == "not_in_channel" {
		// A command can be typed where the app is not: then there is only what it lent.
		if h := a.lent(s.Handle); h != nil && h.Chat == chat && h.Message == "" {
			what := map[string]any{"text": p.fallback(), "blocks": p.blocks(false), "response_type": "ephemeral"}
			if responding := a.respond(ctx, h, what); calling.CodeOf(responding) != codeHandleGone {
				return ephemeralPrefix, responding
			}
		}
	}
	return id, err
}

// outgoing are the arguments of a message, which neither mentions anybody nor unfolds links.
func outgoing(chat string, p part, plain bool) map[string]any {
	return map[string]any{
		"channel": chat, "text": p.fallback(), "blocks": p.blocks(plain), "parse": "none", "link_names": false,
		"unfurl_links": false, "unfurl_media": false,
	}
}

// post sends one part. One that was to stand in a thread whose root is gone is taken back.
func (a *Adapter) post(ctx context.Context, chat, thread string, p part, plain bool) (string, error) {
	what := outgoing(chat, p, plain)
	if thread != "" {
		what["thread_ts"] = thread
	}
	if p.mark != nil {
		what["metadata"] = p.mark
	}
	ex, err := a.call(ctx, &exchange{method: "chat.postMessage", payload: what})
	if err != nil {
		return "", err
	}
	ts := text(ex.answer["ts"])
	if !isTS(ts) {
		return "", &conversation.SendError{
			Kind: conversation.OutcomeUnknown, Code: "bad_answer", Err: errors.New("the answer to a message holds no message"),
		}
	}
	if where := text(ex.answer["channel"]); !isPlace(chat) && isPlace(where) {
		a.places.learn(chat, where)
		chat = where
	}
	posted := object(ex.answer["message"])
	if thread != "" && posted != nil && text(posted["thread_ts"]) == "" {
		if err := a.deleteOne(ctx, chat, ts); err != nil {
			a.log.Error("a message for a thread that is gone stands in the channel", "error", err)
		}
		return "", payload(codeThreadGone, "the thread's first message is gone")
	}
	a.pictures.Put(chat+ts, p.picture)
	return ts, nil
}

// postAgain sends a part whose blocks were refused: an uploaded picture may not be ready yet, and a server that is not
// quite the original may not know rich text.
func (a *Adapter) postAgain(ctx context.Context, chat, thread string, p part) (string, error) {
	if p.picture != nil && p.picture.SlackFile != nil {
		for range fileTries {
			if err := calling.Pause(ctx, fileWait); err != nil {
				break
			}
			id, err := a.post(ctx, chat, thread, p, false)
			if calling.CodeOf(err) != codeBlocks {
				return id, err
			}
		}
	}
	if p.picture != nil {
		a.log.Error("the platform refuses a picture; the message goes without it")
		p.picture = nil
		if p.words.Empty() && len(p.actions) == 0 {
			return "", payload(codeBadPicture, "the platform refuses the picture")
		}
		if id, err := a.post(ctx, chat, thread, p, false); calling.CodeOf(err) != codeBlocks {
			return id, err
		}
	}
	return a.post(ctx, chat, thread, p, true)
}

// splitIDs reads the id of a message of ours.
func splitIDs(s string) (messages, files []string, err error) {
	for _, id := range strings.Split(s, idSeparator) {
		switch {
		case isTS(id):
			messages = append(messages, id)
		case isID(id) && id[0] == 'F':
			files = append(files, id)
		default:
			return nil, nil, payload(codeGone, "the platform's id of the message is not known")
		}
	}
	return messages, files, nil
}

// edit gives a message of ours another text and other buttons. Pictures and files stay as they are.
func (a *Adapter) edit(ctx context.Context, chat string, s conversation.Sending) ([]string, error) {
	ids, files, err := splitIDs(s.MessageID)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return files, nil // a file alone has neither words nor buttons
	}
	actions, asText, err := a.actions(s.Body.Rows)
	if err != nil {
		return nil, err
	}
	words := withLinks(s.Body.Text, asText)
	last := ids[len(ids)-1]
	if words.Empty() {
		return append(ids, files...), a.changeActions(ctx, chat, s.To.Thread, last, actions)
	}
	pieces := split(words)
	if len(pieces) > len(ids) { // nothing can be put between messages: the rest goes
		pieces = pieces[:len(ids)]
	}
	spare := ids[:len(ids)-len(pieces)]
	for i, id := range ids[len(spare):] {
		p := part{words: pieces[i], picture: a.pictureOf(ctx, chat, s.To.Thread, id)}
		if i == len(pieces)-1 {
			p.actions = actions
		}
		if err := a.change(ctx, chat, id, p); err != nil {
			return nil, err
		}
	}
	for _, id := range spare {
		if err := a.deleteOne(ctx, chat, id); err != nil {
			return nil, err
		}
	}
	return append(ids[len(spare):], files...), nil
}

// change makes one call of chat.update, and a plainer one when the blocks are refused.
func (a *Adapter) change(ctx context.Context, chat, id string, p part) error {
	for _, plain := range []bool{false, true} {
		what := outgoing(chat, p, plain)
		what["ts"] = id
		_, err := a.call(ctx, &exchange{method: "chat.update", payload: what, repeat: true})
		if calling.CodeOf(err) != codeBlocks || plain {
			return err
		}
		if p.picture != nil && p.picture.ImageURL != "" {
			p.picture = nil
		}
	}
	return nil // never: the loop answers
}

// delete takes a message of ours away, with all its parts and files.
func (a *Adapter) delete(ctx context.Context, chat string, s conversation.Sending) error {
	ids, files, err := splitIDs(s.MessageID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := a.deleteOne(ctx, chat, id); err != nil {
			return err
		}
	}
	for _, id := range files {
		_, err := a.call(ctx, &exchange{method: "files.delete", payload: map[string]any{"file": id}, repeat: true})
		switch calling.CodeOf(err) {
		case "", codeGone:
		case "unknown_method":
			a.log.Warn("the server cannot delete files; one stays")
		default:
			return err
		}
	}
	return nil
}

// deleteOne counts a message that is gone already as deleted.
func (a *Adapter) deleteOne(ctx context.Context, chat, id string) error {
	_, err := a.call(ctx, &exchange{method: "chat.delete", payload: map[string]any{"channel": chat, "ts": id}, repeat: true})
	if calling.CodeOf(err) == codeGone {
		return nil
	}
	return err
}

// publish shows the app's own page to a member of staff.
func (a *Adapter) publish(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	user := s.To.Chat
	if isDirect(user) {
		user = a.owner(ctx, user)
	}
	if !isUser(user) {
		return conversation.Receipt{}, payload("bad_address", "a page is for a person of the workspace")
	}
	actions, asText, err := a.actions(s.Body.Rows)
	if err != nil {
		return conversation.Receipt{}, err
	}
	words := withLinks(s.Body.Text, asText)
	for _, plain := range []bool{false, true} {
		view := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{}}}
		for _, piece := range split(words) {
			view.Blocks.BlockSet = append(view.Blocks.BlockSet, part{words: piece}.blocks(plain)...)
		}
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, actions...)
		var ex *exchange
		ex, err = a.call(ctx, &exchange{method: "views.publish", repeat: true, payload: map[string]any{"user_id": user, "view": view}})
		if err == nil {
			return conversation.Receipt{MessageID: text(object(ex.answer["view"])["id"]), Chat: user}, nil
		}
		if code := calling.CodeOf(err); code != codeBlocks && code != "invalid_arguments" {
			break
		}
	}
	return conversation.Receipt{}, err
}
