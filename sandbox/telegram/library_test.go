package telegram_test

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tgbot "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// TestLibrary: a client library that knows only the real platform can talk to the look-alike.
func TestLibrary(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, err := telegram.New(telegram.Config{Token: token, Limits: unlimited})
		if err != nil {
			t.Fatal(err)
		}
		transport := lookalike.Transport(l.Handler())
		var mu sync.Mutex
		var updates []*models.Update
		b, err := tgbot.New(token,
			tgbot.WithServerURL("http://telegram.test"),
			tgbot.WithHTTPClient(30*time.Second, &http.Client{Transport: transport, Timeout: time.Minute}),
			tgbot.WithNotAsyncHandlers(),
			tgbot.WithErrorsHandler(func(err error) { t.Errorf("library: %v", err) }),
			tgbot.WithDefaultHandler(func(ctx context.Context, b *tgbot.Bot, u *models.Update) {
				mu.Lock()
				updates = append(updates, u)
				mu.Unlock()
				if u.CallbackQuery != nil {
					if _, err := b.AnswerCallbackQuery(ctx, &tgbot.AnswerCallbackQueryParams{CallbackQueryID: u.CallbackQuery.ID}); err != nil {
						t.Errorf("answer: %v", err)
					}
				}
			}),
		)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			b.Start(ctx)
			close(stopped)
		}()

		chat := int64(0)
		say(t, l, "ayla", "/start ref42")
		synctest.Wait()
		mu.Lock()
		if len(updates) != 1 || updates[0].Message == nil || updates[0].Message.Text != "/start ref42" ||
			updates[0].Message.Entities[0].Type != models.MessageEntityTypeBotCommand {
			t.Fatalf("updates: %+v", updates)
		}
		chat = updates[0].Message.Chat.ID
		mu.Unlock()
		talk(t, ctx, b, l, chat)
		synctest.Wait()
		mu.Lock()
		if q := updates[len(updates)-1].CallbackQuery; q == nil || q.Data != "yes" || q.Message.Message == nil {
			t.Errorf("last update: %+v", updates[len(updates)-1])
		}
		mu.Unlock()
		if err := l.Block(t.Context(), "ayla"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		mu.Lock()
		if m := updates[len(updates)-1].MyChatMember; m == nil || m.NewChatMember.Type != models.ChatMemberTypeBanned {
			t.Errorf("last update: %+v", updates[len(updates)-1])
		}
		mu.Unlock()
		if _, err := b.SendMessage(ctx, &tgbot.SendMessageParams{ChatID: chat, Text: "x"}); err == nil ||
			err.Error() != "forbidden, Forbidden: bot was blocked by the user" {
			t.Errorf("blocked: %v", err)
		}
		cancel()
		<-stopped
		transport.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// talk sends with buttons, a photo twice, edits and deletes, and has the person press.
func talk(t *testing.T, ctx context.Context, b *tgbot.Bot, l *telegram.Lookalike, chat int64) {
	t.Helper()
	m, err := b.SendMessage(ctx, &tgbot.SendMessageParams{
		ChatID: chat, Text: "<b>Salam</b>", ParseMode: models.ParseModeHTML,
		LinkPreviewOptions: &models.LinkPreviewOptions{IsDisabled: tgbot.True()},
		ReplyMarkup:        &models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{{{Text: "Bəli", CallbackData: "yes"}}}},
	})
	if err != nil || m.Text != "Salam" || m.ReplyMarkup == nil {
		t.Fatalf("send: %+v, %v", m, err)
	}
	p, err := b.SendPhoto(ctx, &tgbot.SendPhotoParams{
		ChatID: chat, Caption: "QR", Photo: &models.InputFileUpload{Filename: "qr.png", Data: bytes.NewReader(picture(t, 200, 200))},
	})
	if err != nil || len(p.Photo) == 0 {
		t.Fatalf("photo: %+v, %v", p, err)
	}
	if _, err := b.SendPhoto(ctx, &tgbot.SendPhotoParams{ChatID: chat, Photo: &models.InputFileString{Data: p.Photo[0].FileID}}); err != nil {
		t.Errorf("photo by id: %v", err)
	}
	if err := l.Press(ctx, lookalike.Press{As: "ayla", Label: "Bəli"}); err != nil {
		t.Errorf("press: %v", err)
	}
	if _, err := b.EditMessageReplyMarkup(ctx, &tgbot.EditMessageReplyMarkupParams{ChatID: chat, MessageID: m.ID}); err != nil {
		t.Errorf("take the keyboard away: %v", err)
	}
	if _, err := b.SendChatAction(ctx, &tgbot.SendChatActionParams{ChatID: chat, Action: models.ChatActionTyping}); err != nil {
		t.Errorf("typing: %v", err)
	}
	if ok, err := b.DeleteMessage(ctx, &tgbot.DeleteMessageParams{ChatID: chat, MessageID: p.ID}); err != nil || !ok {
		t.Errorf("delete: %v, %v", ok, err)
	}
	if _, err := b.SetMyCommands(ctx, &tgbot.SetMyCommandsParams{
		Commands: []models.BotCommand{{Command: "start", Description: "Başla"}}, LanguageCode: "az",
	}); err != nil {
		t.Errorf("commands: %v", err)
	}
}
