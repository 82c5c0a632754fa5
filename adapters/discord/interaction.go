package discord

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// maxResponding bounds the interactions that wait for their first response.
	maxResponding = 64
	// respondTime is how long the response itself may take.
	respondTime = 1200 * time.Millisecond
)

// What a custom id begins with.
const (
	pressPrefix  = "p:"
	formPrefix   = "f:"
	selectPrefix = "s:"
)

// token is what was pressed, without our prefix: a button's custom id, or the chosen option of a select.
func token(data map[string]json.RawMessage) (token string, form bool) {
	id := text(data["custom_id"])
	if values := list(data["values"]); len(values) > 0 {
		id = text(values[0])
	}
	if t, ok := strings.CutPrefix(id, formPrefix); ok {
		return t, true
	}
	t, ok := strings.CutPrefix(id, pressPrefix)
	if !ok {
		return "", false
	}
	return t, false
}

// respond sees to it that an interaction is answered in time: a form is opened at once, everything else is deferred
// once it is durable. mine is false when there is nothing to be kept.
func (r *receiver) respond(ctx context.Context, e event) (out event, mine bool) {
	d := object(e.data)
	id, secret := text(d["id"]), text(d["token"])
	kind := text(d["type"])
	if !isID(id) || !pathSafe(secret) {
		return e, true // decode reports it as broken
	}
	data := object(d["data"])
	if kind == "3" {
		if t, isForm := token(data); isForm {
			if form, ok := r.a.forms.Get(t); ok {
				r.show(ctx, id, secret, modal(t, form))
				return e, false
			}
		}
	}
	answer := deferral{Type: discordgo.InteractionResponseDeferredMessageUpdate}
	switch {
	case kind == "2", kind == "5" && len(object(d["message"])) == 0:
		answer.Type = discordgo.InteractionResponseDeferredChannelMessageWithSource
		if !isPrivate(d) {
			answer.Data = &deferralData{Flags: discordgo.MessageFlagsEphemeral} // this is when it is decided, for good
		}
	case kind != "3" && kind != "5":
		return e, false
	}
	if r.fates.lost.Of(id) {
		return e, false // a resumed session brings again what the person was told to have failed
	}
	f, known := r.fates.of(id, kind == "2" && r.a.sorry != nil)
	e.fate = f
	if !known {
		r.later(ctx, f, borrowed{
			id: id, app: text(d["application_id"]), secret: secret, locale: text(d["locale"]), loan: r.a.loans.open(secret),
		}, answer)
	}
	return e, true
}

// deferral is a first response that promises another. The library's type would name components that there are none of.
type deferral struct {
	Type discordgo.InteractionResponseType `json:"type"`
	Data *deferralData                     `json:"data,omitempty"`
}

type deferralData struct {
	Flags discordgo.MessageFlags `json:"flags"`
}

// isPrivate says whether an interaction comes from the chat of one person and the bot. Context 2 is a chat of people in
// which the bot is not. Source: docs.discord.com/developers/interactions/receiving-and-responding.
func isPrivate(d map[string]json.RawMessage) bool {
	return text(d["guild_id"]) == "" && text(d["context"]) != "2"
}

// Figures of modals. Source: docs.discord.com/developers/components/reference#text-input.
const (
	maxFields     = 5
	maxTitle      = 45
	maxFieldLabel = 45
	maxHint       = 100
	maxInput      = 4000
	defaultInput  = 1000
)

// fits says whether a form can be opened as a modal.
func fits(f *conversation.Form) bool {
	if f == nil || len(f.Fields) == 0 || len(f.Fields) > maxFields {
		return false
	}
	names := map[string]bool{}
	for _, field := range f.Fields {
		if field.Name == "" || len(field.Name) > maxCustomID || names[field.Name] {
			return false
		}
		names[field.Name] = true
	}
	return true
}

// modal opens a form.
func modal(token string, f conversation.Form) discordgo.InteractionResponse {
	data := &discordgo.InteractionResponseData{CustomID: formPrefix + token, Title: fitting.Cut(f.Title, maxTitle)}
	for _, field := range f.Fields {
		limit := defaultInput
		if field.MaxRunes > 0 {
			limit = min(field.MaxRunes, maxInput)
		}
		style := discordgo.TextInputShort
		if field.Multiline {
			style = discordgo.TextInputParagraph
		}
		value := []rune(clean(field.Value))
		hint := []rune(clean(field.Hint))
		data.Components = append(data.Components, discordgo.ActionsRow{Components: []discordgo.MessageComponent{discordgo.TextInput{
			CustomID: field.Name, Label: fitting.Cut(field.Label, maxFieldLabel), Style: style,
			Value: string(value[:min(len(value), limit)]), Placeholder: string(hint[:min(len(hint), maxHint)]), MaxLength: limit,
		}}})
	}
	return discordgo.InteractionResponse{Type: discordgo.InteractionResponseModal, Data: data}
}

// interaction is a press, a command or a form.
func (r *receiver) interaction(e event) (conversation.Inbound, bool) {
	d := object(e.data)
	in := r.place(d)
	in.EventID = text(d["id"])
	user := object(d["user"])
	if len(user) == 0 {
		user = object(object(d["member"])["user"])
	}
	in.From = sender(user)
	in.From.Locale = text(d["locale"])
	in.Private = isPrivate(d)
	in.Mentioned = !in.Private
	in.MessageID = text(object(d["message"])["id"])
	data := object(d["data"])
	switch text(d["type"]) {
	case "2":
		in.Kind = conversation.KindMessage
		in.Command = strings.ToLower(text(data["name"]))
		if options := list(data["options"]); len(options) > 0 {
			in.Args = strings.TrimSpace(text(object(options[0])["value"]))
		}
		in.Text = strings.TrimSpace("/" + in.Command + " " + in.Args)
	case "3":
		in.Kind = conversation.KindPress
		in.Token, _ = token(data)
	case "5":
		in.Kind = conversation.KindForm
		in.Token, _ = token(data)
		in.Values = values(data["components"])
	}
	if in.EventID == "" || in.Chat == "" || in.From.UserID == "" || in.Command == "" && in.Token == "" {
		return r.broken(e, in), true
	}
	if lendable(&in) {
		in.Handle = lend(d, &in)
	}
	return in, true
}

// values are what was typed into a modal, by custom id. Components may stand in rows or, in newer clients, in labels.
func values(components json.RawMessage) map[string]string {
	out := map[string]string{}
	for _, raw := range list(components) {
		c := object(raw)
		fields := list(c["components"])
		if one := c["component"]; one != nil {
			fields = append(fields, one)
		}
		for _, raw := range fields {
			f := object(raw)
			if id := text(f["custom_id"]); id != "" {
				out[id] = text(f["value"])
			}
		}
	}
	return out
}
