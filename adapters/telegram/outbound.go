package telegram

import (
	"context"
	"strconv"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// target is where one Send goes. A group that was moved changes it on the way.
type target struct {
	chat   int64
	thread int
	quiet  bool
}

// group says that several people read there. Source: core.telegram.org/bots/api#chat, ids of groups are negative.
func (t target) group() bool { return t.chat < 0 }

// Send implements conversation.Channel.
func (a *Adapter) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	chat, err := chatID(s.To.Chat)
	if err != nil {
		return conversation.Receipt{}, err
	}
	to := &target{chat: chat, thread: threadID(s.To.Thread), quiet: s.Body.Quiet}
	var id string
	switch s.Body.Kind {
	case conversation.BodyNew:
		id, err = a.sendNew(ctx, to, s)
	case conversation.BodyEdit:
		id, err = a.edit(ctx, to, s)
	case conversation.BodyDelete:
		err = a.delete(ctx, to, s)
	default:
		err = payload("bad_body", "unknown kind of body %d", s.Body.Kind)
	}
	if err != nil {
		return conversation.Receipt{}, err
	}
	r := conversation.Receipt{MessageID: id}
	if to.chat != chat {
		r.Chat = strconv.FormatInt(to.chat, 10)
	}
	return r, nil
}

// sendNew sends the parts of a new message that have not gone yet: which have is remembered from one try to the next, so
// that a second try after a refusal for pace does not repeat the first part. That ends with the process: after a crash
// between two parts a message that is sent again starts with its first part, and one that must not be sent twice stays
// incomplete.
func (a *Adapter) sendNew(ctx context.Context, to *target, s conversation.Sending) (string, error) {
	parts, err := a.plan(s.Body, to.group())
	if err != nil {
		return "", err
	}
	before := a.progress.Of(s.Nonce)
	id, err := a.sendParts(ctx, to, s.Nonce, parts)
	if calling.CodeOf(err) == codeBadPicture && s.Body.Image != nil && len(before) == 0 && !s.Body.Text.Empty() {
		// Nobody has had anything yet: better the words alone than nothing.
		a.log.Error("the platform refuses a picture; the message goes without it", "error", err)
		body := s.Body
		body.Image = nil
		if parts, err = a.plan(body, to.group()); err != nil {
			return "", err
		}
		id, err = a.sendParts(ctx, to, s.Nonce, parts)
	}
	return id, err
}

func (a *Adapter) sendParts(ctx context.Context, to *target, nonce string, parts []part) (string, error) {
	sent := a.progress.Of(nonce)
	for _, p := range parts[min(len(sent), len(parts)):] {
		err := a.burst.wait(ctx, to.chat)
		var one sentPart
		if err == nil {
			one, err = a.sendPart(ctx, to, p)
		}
		if err != nil {
			if len(sent) > 0 {
				a.progress.Put(nonce, sent)
			}
			return "", err
		}
		sent = append(sent[:len(sent):len(sent)], one)
		if len(parts) > 1 {
			a.burst.sent(to.chat)
		}
	}
	a.progress.Drop(nonce)
	return joinIDs(sent), nil
}

// sendPart sends one message, once more as plain text if the platform cannot read our markup, and once more to the new
// chat if a group was moved.
func (a *Adapter) sendPart(ctx context.Context, to *target, p part) (sentPart, error) {
	ex, err := a.post(ctx, to, p, models.ParseModeHTML)
	if calling.CodeOf(err) == codeMigrated && ex.migrateTo != 0 {
		a.log.Info("a group has become a supergroup", "chat", to.chat, "now", ex.migrateTo)
		to.chat = ex.migrateTo
		ex, err = a.post(ctx, to, p, models.ParseModeHTML)
	}
	if calling.CodeOf(err) == codeBadMarkup {
		a.log.Error("the platform could not read our markup; sent as plain text", "error", err)
		ex, err = a.post(ctx, to, p, "")
	}
	if calling.CodeOf(err) == codeBadPicture && p.medium != nil && p.medium.fileID != "" {
		a.pictures.forget(*p.medium)
		fresh := *p.medium
		fresh.fileID = ""
		if fresh.url != "" || len(fresh.data) > 0 {
			p.medium = &fresh
			ex, err = a.post(ctx, to, p, models.ParseModeHTML)
		}
	}
	if err != nil {
		return sentPart{}, err
	}
	if p.medium != nil {
		a.pictures.remember(*p.medium, ex.result)
	}
	id, _ := number(object(ex.result)["message_id"])
	return sentPart{id: int(id), bare: p.medium != nil && len(p.words) == 0}, nil
}

// post makes the call for one part. An empty mode sends the words as they are.
func (a *Adapter) post(ctx context.Context, to *target, p part, mode models.ParseMode) (*exchange, error) {
	words := rendered(p.words, mode)
	switch {
	case p.medium == nil:
		return a.call(ctx, "sendMessage", func(ctx context.Context) error {
			_, err := a.bot.SendMessage(ctx, &bot.SendMessageParams{
				ChatID: to.chat, MessageThreadID: to.thread, Text: words,
				ParseMode: mode, LinkPreviewOptions: noPreview(), DisableNotification: to.quiet, ReplyMarkup: p.markup,
			})
			return err
		})
	case p.medium.photo:
		return a.call(ctx, "sendPhoto", func(ctx context.Context) error {
			_, err := a.bot.SendPhoto(ctx, &bot.SendPhotoParams{
				ChatID: to.chat, MessageThreadID: to.thread, Caption: words,
				Photo: p.medium.input(), ParseMode: mode, DisableNotification: to.quiet, ReplyMarkup: p.markup,
			})
			return err
		})
	}
	return a.call(ctx, "sendDocument", func(ctx context.Context) error {
		_, err := a.bot.SendDocument(ctx, &bot.SendDocumentParams{
			ChatID: to.chat, MessageThreadID: to.thread, Caption: words,
			Document: p.medium.input(), ParseMode: mode, DisableNotification: to.quiet, ReplyMarkup: p.markup,
		})
		return err
	})
}

func rendered(r texts.Rich, mode models.ParseMode) string {
	if mode == models.ParseModeHTML {
		return html(r)
	}
	return r.Plain()
}

func noPreview() *models.LinkPreviewOptions {
	return &models.LinkPreviewOptions{IsDisabled: bot.True()}
}
