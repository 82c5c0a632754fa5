package telegram

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/conversation"
)

var _ conversation.Diagnoser = (*Adapter)(nil)

// Diagnose implements conversation.Diagnoser.
func (a *Adapter) Diagnose(ctx context.Context) []conversation.Finding {
	if _, err := a.Connect(ctx); err != nil {
		return []conversation.Finding{refused(err)}
	}
	return []conversation.Finding{
		{What: "the token is that of @" + a.me()},
		a.diagnoseReceiving(ctx),
	}
}

// refused is the finding when the platform does not take our credentials, or does not answer.
func refused(err error) conversation.Finding {
	f := conversation.Finding{Severity: conversation.Trouble, What: err.Error(), Cure: "look at the network, a proxy and api_url, then try again"}
	if conversation.KindOf(err) == conversation.OurCredentials {
		f.Cure = "get the token anew: /token at @BotFather"
	}
	return f
}

// diagnoseReceiving compares the webhook that the platform has noted with the mode of the config.
func (a *Adapter) diagnoseReceiving(ctx context.Context) conversation.Finding {
	ex, err := a.call(ctx, "getWebhookInfo", func(ctx context.Context) error {
		_, err := a.bot.GetWebhookInfo(ctx)
		return err
	})
	if err != nil {
		return conversation.Finding{Severity: conversation.Doubt, What: "how updates are handed over is not known: " + err.Error(), Cure: "try again later"}
	}
	var info models.WebhookInfo
	if err := json.Unmarshal(ex.result, &info); err != nil {
		return conversation.Finding{Severity: conversation.Doubt, What: "the platform's word about the webhook is not understood", Cure: "nothing, unless no message arrives"}
	}
	switch {
	case a.mode == ModeWebhook && info.URL == "":
		return conversation.Finding{What: "no webhook is set yet; run will set it"}
	case a.mode == ModeWebhook && info.LastErrorMessage != "":
		return conversation.Finding{
			Severity: conversation.Trouble, What: fmt.Sprintf("the platform cannot reach the webhook; %d updates wait: %s", info.PendingUpdateCount, info.LastErrorMessage),
			Cure: "look at public_url, its certificate, and whether the path is passed on to http.addr",
		}
	case a.mode == ModeWebhook:
		return conversation.Finding{What: fmt.Sprintf("the webhook is set; %d updates wait", info.PendingUpdateCount)}
	case info.URL != "":
		return conversation.Finding{
			Severity: conversation.Doubt, What: "a webhook is set although the config says mode: poll",
			Cure: "nothing: run deletes it; if it comes back, another installation uses this token",
		}
	}
	return conversation.Finding{What: fmt.Sprintf("updates are asked for; %d wait", info.PendingUpdateCount)}
}
