package discord

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/rapport-chat/rapport/conversation"
)

var _ conversation.Diagnoser = (*Adapter)(nil)

// fewStarts is the number of session starts below which somebody should look: the platform resets the token when the
// 1,000 a day are used up. Source: docs.discord.com/developers/events/gateway#session-start-limit-object.
const fewStarts = 100

// Diagnose implements conversation.Diagnoser.
func (a *Adapter) Diagnose(ctx context.Context) []conversation.Finding {
	account, err := a.Connect(ctx)
	if err != nil {
		return []conversation.Finding{refused(err)}
	}
	findings := []conversation.Finding{{What: "the token is that of the bot " + account}}
	findings = append(findings, a.diagnoseServers(ctx)...)
	findings = append(findings, a.diagnoseGateway(ctx))
	if a.offersInChannel {
		findings = append(findings, a.diagnoseOffers(ctx)...)
	}
	return findings
}

// refused is the finding when the platform does not take our credentials, or does not answer.
func refused(err error) conversation.Finding {
	f := conversation.Finding{Severity: conversation.Trouble, What: err.Error(), Cure: "look at the network, a proxy and api_url, then try again"}
	if conversation.KindOf(err) == conversation.OurCredentials {
		f.Cure = "press Reset Token on the page Bot of the application and set the new one"
	}
	return f
}

// diagnoseServers looks whether customers can meet the bot at all: a private chat needs a server in common.
func (a *Adapter) diagnoseServers(ctx context.Context) []conversation.Finding {
	ex, err := a.call(ctx, &exchange{what: "list our servers", verb: http.MethodGet, path: "users/@me/guilds?limit=200"})
	if err != nil {
		return []conversation.Finding{{Severity: conversation.Doubt, What: "the bot's servers are not known: " + err.Error(), Cure: "try again later"}}
	}
	servers := list(ex.body)
	if len(servers) == 0 {
		return []conversation.Finding{{
			Severity: conversation.Trouble, What: "the bot is in no server, so nobody can write to it",
			Cure: "open the invitation link of docs/channels.md and add it to your server",
		}}
	}
	findings := []conversation.Finding{{What: fmt.Sprintf("the bot is in %d servers", len(servers))}}
	if len(servers) == 1 { // of a bot in many places some always lack something, as their owners want it
		if f, ok := diagnoseServer(object(servers[0])); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

// diagnoseGateway asks where events come from, and how many sessions may still be started today.
func (a *Adapter) diagnoseGateway(ctx context.Context) conversation.Finding {
	ex, err := a.call(ctx, &exchange{what: "ask for the gateway", verb: http.MethodGet, path: "gateway/bot"})
	if err != nil {
		return conversation.Finding{Severity: conversation.Trouble, What: "the gateway's address is not told: " + err.Error(), Cure: "look at api_url; a compatible server needs GET gateway/bot"}
	}
	answer := object(ex.body)
	left, err := strconv.Atoi(text(object(answer["session_start_limit"])["remaining"]))
	if err == nil && left < fewStarts {
		return conversation.Finding{
			Severity: conversation.Doubt, What: fmt.Sprintf("only %d sessions may still be started today", left),
			Cure: "look why the service starts so often: each start uses one, and at 0 Discord resets the token",
		}
	}
	return conversation.Finding{What: "the gateway's address is told"}
}
