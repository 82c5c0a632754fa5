package discord

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

var (
	errNotResponded = errors.New("the interaction's first response is still on its way")
	errNotKept      = errors.New("the interaction was not kept in time, so that it got no response")
	errDoubtful     = errors.New("an answer to an interaction may have been shown; the platform knows no way to send it only once")
)

// answer sends one part by an interaction's token. done is false when it is to go as an ordinary message.
//
// The first part takes the place of "thinking…", which is an edit and so does no harm when it is made twice. What
// follows is an ordinary message with its enforced nonce, unless the answers are for the person's eyes only: then it is
// a follow-up, and one whose outcome is not known is not repeated.
func (a *Adapter) answer(ctx context.Context, h *handle, m outgoing, files []upload, part string) (id string, done bool, err error) {
	l, err := a.loanOf(ctx, h)
	if err != nil {
		return "", true, err
	}
	if err := a.pace.check(h.Token); err != nil {
		return "", true, err
	}
	state := loanTaken
	if h.Message == "" {
		state = l.take(part)
	}
	switch {
	case state == loanGone:
		return "", false, nil
	case state == loanFree:
		id, err = a.fill(ctx, h, m, files)
	case l.repeats(m):
		return l.id, true, nil
	case !h.Only:
		return "", false, nil
	default:
		id, err = a.followUp(ctx, h, m, files, part)
	}
	return id, calling.CodeOf(err) != codeHandleGone, err
}

// repeats says that an earlier process has sent this very text, which a look at the response has shown.
func (l *loan) repeats(m outgoing) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == loanTaken && l.by == "" && isID(l.id) && l.content != "" && l.content == strings.TrimSpace(m.Content)
}

// fill puts a part in the place of "thinking…". Who may read it was settled when the response was deferred.
func (a *Adapter) fill(ctx context.Context, h *handle, m outgoing, files []upload) (string, error) {
	m.Flags &= discordgo.MessageFlagsSuppressEmbeds // the one flag that an edit can set
	ex, err := a.call(ctx, &exchange{
		what: "answer an interaction", verb: http.MethodPatch, path: h.path() + "/messages/@original",
		payload: m, files: files, lent: true, repeat: true,
	})
	a.pace.note(h.Token, ex)
	return idIn(ex, err)
}

// followUp adds a message that only the person sees.
func (a *Adapter) followUp(ctx context.Context, h *handle, m outgoing, files []upload, part string) (string, error) {
	if part != "" && a.doubtful.Of(part) {
		return "", &conversation.SendError{Kind: conversation.OutcomeUnknown, Code: "no_answer", Err: errDoubtful}
	}
	m.Flags |= discordgo.MessageFlagsEphemeral
	ex, err := a.call(ctx, &exchange{
		what: "add to the answer to an interaction", verb: http.MethodPost, path: h.path(), payload: m, files: files, lent: true,
	})
	a.pace.note(h.Token, ex)
	if err != nil && conversation.KindOf(err) == conversation.OutcomeUnknown {
		a.doubtful.Put(part, true)
	}
	return idIn(ex, err)
}

// throughToken is where a message can be changed by the token of a press on it: the only way for one that was shown to
// the person alone. It is empty for other messages.
func (h *handle) throughToken(id string) string {
	if h == nil || !h.Only || h.Message != id {
		return ""
	}
	return h.path() + "/messages/@original"
}

// changing makes a call about a message: by the token of a press on it where there is one, else as usual.
func (a *Adapter) changing(ctx context.Context, h *handle, channel, id string, ex *exchange) error {
	if path := h.throughToken(id); path != "" {
		if _, err := a.loanOf(ctx, h); err != nil {
			return err
		}
		byToken := &exchange{what: ex.what, verb: ex.verb, path: path, payload: ex.payload, repeat: true, lent: true}
		if _, err := a.call(ctx, byToken); calling.CodeOf(err) != codeHandleGone && calling.CodeOf(err) != codeGone {
			return err
		}
	}
	ex.path = "channels/" + channel + "/messages/" + id
	_, err := a.call(ctx, ex)
	return err
}
