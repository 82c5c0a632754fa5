package telegram

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/go-telegram/bot"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// maxUpdateBytes bounds one webhook request. A message has at most 4096 characters and its entities.
	maxUpdateBytes = 1 << 20
	// renewWebhook is how often the webhook is set again, in case somebody has deleted it.
	renewWebhook = 10 * time.Minute
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
)

// Routes are the handlers that the service's HTTP server has to offer, by ServeMux pattern; none in poll mode. They
// hand each update to in and answer 200 after it has been kept. They work without Run, so that every process of the
// service may take updates.
func (a *Adapter) Routes(in conversation.Receiver) map[string]http.Handler {
	if a.mode != ModeWebhook {
		return nil
	}
	return map[string]http.Handler{
		"POST " + WebhookPath: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.webhook(w, r, in) }),
	}
}

// webhook takes one update. Any answer but 2xx makes the platform send it again.
func (a *Adapter) webhook(w http.ResponseWriter, r *http.Request, in conversation.Receiver) {
	if !a.isSecret(r.Header.Get(secretHeader)) {
		a.log.Warn("a webhook request with a wrong secret was refused")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdateBytes))
	if err != nil || !json.Valid(body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if a.username.Load() == nil {
		w.WriteHeader(http.StatusServiceUnavailable) // mentions cannot be told yet; it comes again
		return
	}
	u := a.decode(body)
	if u.known {
		if err := in.Receive(r.Context(), u.event); err != nil {
			a.log.Error("an update could not be kept; the platform will send it again", "error", err)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	if u.press != "" {
		_ = http.NewResponseController(w).Flush() // the platform need not wait for the answer to the press
		a.answerPress(context.WithoutCancel(r.Context()), u.press)
	}
}

// isSecret compares in constant time, whatever the lengths.
func (a *Adapter) isSecret(given string) bool {
	want, got := sha256.Sum256([]byte(a.secret)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// keepWebhook tells the platform where to call, and again from time to time, until ctx ends.
func (a *Adapter) keepWebhook(ctx context.Context) error {
	wait := calling.Backoff{Longest: longWait}
	for {
		next := renewWebhook
		err := a.setWebhook(ctx)
		switch {
		case err == nil:
			wait.Reset()
		case ctx.Err() != nil:
			return nil
		case conversation.KindOf(err) == conversation.OurCredentials:
			return err
		default:
			next = wait.After(err)
			a.log.Error("the webhook could not be set; trying again", "error", err, "wait", next)
		}
		if calling.Pause(ctx, next) != nil {
			return nil
		}
	}
}

func (a *Adapter) setWebhook(ctx context.Context) error {
	_, err := a.call(ctx, "setWebhook", func(ctx context.Context) error {
		_, err := a.bot.SetWebhook(ctx, &bot.SetWebhookParams{
			URL: a.hookURL, SecretToken: a.secret, AllowedUpdates: allowedUpdates,
		})
		return err
	})
	return err
}

// deleteWebhook leaves the waiting updates with the platform, for the next poll.
func (a *Adapter) deleteWebhook(ctx context.Context) error {
	_, err := a.call(ctx, "deleteWebhook", func(ctx context.Context) error {
		_, err := a.bot.DeleteWebhook(ctx, &bot.DeleteWebhookParams{})
		return err
	})
	return err
}

const (
	// maxWaitingAnswers bounds the presses that wait for their answer. One more loses its answer, not its effect.
	maxWaitingAnswers = 1024
	answerWorkers     = 4
)

// answerSoon has a press answered, which stops the spinner on the button. It never waits.
func (a *Adapter) answerSoon(query string) {
	select {
	case a.answers <- query:
	default:
		a.log.Debug("too many presses at once; one is left without an answer")
	}
}

func (a *Adapter) answerPresses(ctx context.Context) {
	for {
		select {
		case query := <-a.answers:
			a.answerPress(ctx, query)
		case <-ctx.Done():
			return
		}
	}
}

// answerPress fails without consequence: the press has been kept, and a late answer is refused.
func (a *Adapter) answerPress(ctx context.Context, query string) {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	_, err := a.call(ctx, "answerCallbackQuery", func(ctx context.Context) error {
		_, err := a.bot.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: query})
		return err
	})
	if err != nil {
		a.log.Debug("a press could not be answered", "error", err)
	}
}
