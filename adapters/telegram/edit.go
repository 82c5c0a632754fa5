package telegram

import (
	"context"
	"errors"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// edit gives a message of ours another text and other buttons. Pictures and files stay as they are.
func (a *Adapter) edit(ctx context.Context, to *target, s conversation.Sending) (string, error) {
	sent, err := splitIDs(s.MessageID)
	if err != nil {
		return "", err
	}
	keyboard, links, err := inline(s.Body.Rows)
	if err != nil {
		return "", err
	}
	last := sent[len(sent)-1]
	words := presentable(s.Body.Text, to.group())
	for _, l := range links {
		words = texts.Lines(words, texts.Literal(l.Label+": "+l.URL))
	}
	if words.Empty() {
		return s.MessageID, repeatable(a.editMarkup(ctx, to, last.id, keyboard))
	}
	pieces, spare := spread(words, sent)
	for i, p := range pieces {
		under := keyboard
		if i < len(pieces)-1 {
			under = nil
		}
		err := a.editText(ctx, to, p.id, p.words, under)
		if calling.CodeOf(err) == codeCannotEdit && i < len(pieces)-1 {
			continue // the part that carries the menu; the platform keeps it as it is
		}
		if err != nil {
			return "", repeatable(err)
		}
	}
	for _, id := range spare {
		if err := a.deleteOne(ctx, to, id); err != nil {
			return "", repeatable(err)
		}
	}
	return s.MessageID, nil
}

// piece is a text for one message of the platform.
type piece struct {
	id    int
	words texts.Rich
}

// spread lays a text over the messages that stand already. Fewer pieces leave the earlier messages over, which go;
// more than there is room for are cut, since nothing can be put between messages.
func spread(words texts.Rich, sent []sentPart) (pieces []piece, spare []int) {
	var ids []int
	for _, p := range sent {
		if !p.bare {
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		ids = []int{sent[len(sent)-1].id}
	}
	cut := texts.Split(words, maxText, fitting.Units)
	if over := len(cut) - len(ids); over > 0 {
		last := cut[len(ids)-1].Append(texts.Literal("\n"), cut[len(ids)])
		cut = append(cut[:len(ids)-1:len(ids)-1], cutText(last, maxText))
	}
	spare = ids[:len(ids)-len(cut)]
	for i, id := range ids[len(spare):] {
		pieces = append(pieces, piece{id: id, words: cut[i]})
	}
	return pieces, spare
}

// editText changes one message's text, or the caption if it is a picture or file.
func (a *Adapter) editText(ctx context.Context, to *target, id int, words texts.Rich, keyboard *inlineKeyboard) error {
	err := a.retryPlain(func(mode models.ParseMode) error {
		_, err := a.call(ctx, "editMessageText", func(ctx context.Context) error {
			_, err := a.bot.EditMessageText(ctx, &bot.EditMessageTextParams{
				ChatID: to.chat, MessageID: id, ParseMode: mode,
				Text: rendered(words, mode), LinkPreviewOptions: noPreview(), ReplyMarkup: markup(keyboard),
			})
			return err
		})
		return err
	})
	if calling.CodeOf(err) != codeNoText {
		return err
	}
	words = cutText(words, maxCaption)
	err = a.retryPlain(func(mode models.ParseMode) error {
		_, err := a.call(ctx, "editMessageCaption", func(ctx context.Context) error {
			_, err := a.bot.EditMessageCaption(ctx, &bot.EditMessageCaptionParams{
				ChatID: to.chat, MessageID: id,
				ParseMode: mode, Caption: rendered(words, mode), ReplyMarkup: markup(keyboard),
			})
			return err
		})
		return err
	})
	if calling.CodeOf(err) == codeNoCaption {
		return a.editMarkup(ctx, to, id, keyboard)
	}
	return err
}

// retryPlain edits with our markup, and without it if the platform cannot read it. An edit that changes nothing is done.
func (a *Adapter) retryPlain(edit func(models.ParseMode) error) error {
	err := edit(models.ParseModeHTML)
	if calling.CodeOf(err) == codeBadMarkup {
		a.log.Error("the platform could not read our markup; edited as plain text", "error", err)
		err = edit("")
	}
	if calling.CodeOf(err) == codeNotModified {
		return nil
	}
	return err
}

// editMarkup changes the buttons alone; none takes them away.
func (a *Adapter) editMarkup(ctx context.Context, to *target, id int, keyboard *inlineKeyboard) error {
	_, err := a.call(ctx, "editMessageReplyMarkup", func(ctx context.Context) error {
		_, err := a.bot.EditMessageReplyMarkup(ctx, &bot.EditMessageReplyMarkupParams{
			ChatID: to.chat, MessageID: id, ReplyMarkup: markup(keyboard),
		})
		return err
	})
	if calling.CodeOf(err) == codeNotModified {
		return nil
	}
	return err
}

// delete takes a message of ours away, with all its parts.
func (a *Adapter) delete(ctx context.Context, to *target, s conversation.Sending) error {
	sent, err := splitIDs(s.MessageID)
	if err != nil {
		return err
	}
	for _, p := range sent {
		if err := a.deleteOne(ctx, to, p.id); err != nil {
			return repeatable(err)
		}
	}
	return nil
}

// deleteOne counts a message that is gone already as deleted.
func (a *Adapter) deleteOne(ctx context.Context, to *target, id int) error {
	_, err := a.call(ctx, "deleteMessage", func(ctx context.Context) error {
		_, err := a.bot.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: to.chat, MessageID: id})
		return err
	})
	if calling.CodeOf(err) == codeGone {
		return nil
	}
	return err
}

// markup keeps a nil keyboard from becoming a null in the request.
func markup(k *inlineKeyboard) models.ReplyMarkup {
	if k == nil {
		return nil
	}
	return k
}

// repeatable turns an unknown outcome into a call to be made again: an edit or a deletion made twice does no harm.
func repeatable(err error) error {
	var se *conversation.SendError
	if errors.As(err, &se) && se.Kind == conversation.OutcomeUnknown {
		again := *se
		again.Kind = conversation.Temporary
		return &again
	}
	return err
}
