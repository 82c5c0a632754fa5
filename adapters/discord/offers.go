package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// OffersPlace says where offers are shown. Neither place is a private chat that we open: the platform warns against
// that, and puts bots that do it in quarantine.
type OffersPlace string

const (
	// OffersInChannel posts each offer once, in a text channel of the server.
	OffersInChannel OffersPlace = "in_server_channel"
	// OffersInOpenedDMs sends each person's offer into the private chat that the person has opened.
	OffersInOpenedDMs OffersPlace = "opened_dms"
)

// Values implements config.Enumerated.
func (OffersPlace) Values() []string {
	return []string{string(OffersInChannel), string(OffersInOpenedDMs)}
}

// codeNoOffersChannel is the refusal when the channel for offers is not there.
const codeNoOffersChannel = "no_offers_channel"

// maxServers bounds in how many servers a channel is looked for by its name.
const maxServers = 25

// Types of channels that take messages for everybody.
// Source: docs.discord.com/developers/resources/channel#channel-object-channel-types.
const (
	channelText = "0"
	channelNews = "5"
)

// PostsOffers tells whether offers are posted once for everybody.
func (a *Adapter) PostsOffers() bool { return a.offersInChannel }

// OffersAddress is where offers are posted once for everybody. ok is false when they go to each person's own chat. The
// error is a *SendError: OurPayload when there is no such channel, else worth another try. What was found is kept.
func (a *Adapter) OffersAddress(ctx context.Context) (to conversation.Address, ok bool, err error) {
	if !a.offersInChannel {
		return conversation.Address{}, false, nil
	}
	if found := a.offersChat.Load(); found != nil {
		return a.place(*found), true, nil
	}
	var id string
	switch wanted := a.offersChannel; {
	case wanted == "":
		id, err = a.systemChannel(ctx)
	case isID(wanted):
		id, err = a.channelByID(ctx, wanted)
	default:
		id, err = a.channelByName(ctx, strings.TrimPrefix(wanted, "#"))
	}
	if err != nil {
		return conversation.Address{}, true, err
	}
	a.offersChat.Store(&id)
	return a.place(id), true, nil
}

// noteOffers tells the operator of a refused post, which nobody else would notice: there is no person to whom nothing came.
// The channel is looked for anew then; it may be another one by now.
func (a *Adapter) noteOffers(channel string, err error) {
	found := a.offersChat.Load()
	if err == nil || found == nil || *found != channel || conversation.KindOf(err) != conversation.PersonUnreachable {
		return
	}
	a.offersChat.CompareAndSwap(found, nil)
	a.log.Error("an offer is not shown: the bot may not post in the channel for offers; “bot doctor” says what is missing", "code", calling.CodeOf(err))
}

func (a *Adapter) place(channel string) conversation.Address {
	return conversation.Address{Channel: Name, Account: a.Account(), Chat: channel}
}

// takesPosts says whether a channel is one of a server into which messages for everybody go.
func takesPosts(c map[string]json.RawMessage) bool {
	kind := text(c["type"])
	return (kind == channelText || kind == channelNews) && text(c["guild_id"]) != ""
}

func (a *Adapter) channelByID(ctx context.Context, id string) (string, error) {
	ex, err := a.call(ctx, &exchange{what: "get the channel for offers", verb: http.MethodGet, path: "channels/" + id})
	if err != nil {
		if conversation.KindOf(err) == conversation.PersonUnreachable { // unknown, or not ours to see
			return "", payload(codeNoOffersChannel, "%w", err)
		}
		return "", err
	}
	if !takesPosts(object(ex.body)) {
		return "", payload(codeNoOffersChannel, "the channel for offers is no text channel of a server")
	}
	return id, nil
}

// servers are the ids of the servers that the bot is in.
func (a *Adapter) servers(ctx context.Context) ([]string, error) {
	ex, err := a.call(ctx, &exchange{what: "list our servers", verb: http.MethodGet, path: "users/@me/guilds?limit=200"})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, raw := range list(ex.body) {
		if id := text(object(raw)["id"]); isID(id) {
			ids = append(ids, id)
		}
	}
	if len(ids) > maxServers {
		return nil, payload(codeNoOffersChannel, "the bot is in %d servers: name the channel for offers by its id", len(ids))
	}
	return ids, nil
}

func (a *Adapter) channelByName(ctx context.Context, name string) (string, error) {
	servers, err := a.servers(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, server := range servers {
		ex, err := a.call(ctx, &exchange{what: "list a server's channels", verb: http.MethodGet, path: "guilds/" + server + "/channels"})
		if err != nil {
			return "", err
		}
		for _, raw := range list(ex.body) {
			c := object(raw)
			if c != nil && text(c["guild_id"]) == "" {
				c["guild_id"], _ = json.Marshal(server) // it stands in the path; a string can always be marshalled
			}
			if id := text(c["id"]); takesPosts(c) && isID(id) && strings.EqualFold(text(c["name"]), name) {
				found = append(found, id)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", payload(codeNoOffersChannel, "no text channel that the bot sees has the name given for offers")
	}
	return "", payload(codeNoOffersChannel, "%d channels have the name given for offers: name the one by its id", len(found))
}

// systemChannel is where the one server shows its own notices.
func (a *Adapter) systemChannel(ctx context.Context) (string, error) {
	servers, err := a.servers(ctx)
	if err != nil {
		return "", err
	}
	if len(servers) != 1 {
		return "", payload(codeNoOffersChannel, "the bot is in %d servers: set offers_channel", len(servers))
	}
	ex, err := a.call(ctx, &exchange{what: "get the server", verb: http.MethodGet, path: "guilds/" + servers[0]})
	if err != nil {
		return "", err
	}
	id := text(object(ex.body)["system_channel_id"])
	if !isID(id) {
		return "", payload(codeNoOffersChannel, "the server has no channel for notices: set offers_channel")
	}
	return id, nil
}

// diagnoseOffers looks whether the channel for offers is there, and whether the bot may post in it.
func (a *Adapter) diagnoseOffers(ctx context.Context) []conversation.Finding {
	to, _, err := a.OffersAddress(ctx)
	if err == nil {
		return []conversation.Finding{{What: "offers go to the channel " + to.Chat}, a.diagnosePermissions(ctx, to.Chat)}
	}
	return []conversation.Finding{{
		Severity: conversation.Trouble, What: fmt.Sprintf("the channel for offers: %s", errors.Unwrap(err)),
		Cure: "set channels.discord.offers_channel to the channel's id (Copy Channel ID), and let the bot see it and write there",
	}}
}
