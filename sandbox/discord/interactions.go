package discord

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Figures of interactions. Source: docs.discord.com/developers/interactions/receiving-and-responding.
const (
	tokenLife       = 15 * time.Minute
	maxInteractions = 2000
)

// What has become of an interaction.
const (
	awaiting = iota
	deferred // the person sees "thinking…"
	answered
	failed
)

// interaction is a press, a command or a submitted form.
type interaction struct {
	id, token string
	kind      int // 2 command, 3 component, 5 modal
	person    *person
	chat      *chat
	data      any
	message   string   // the message with the component
	original  string   // the message that is the first response, or that was pressed
	sent      []string // the messages that its token has made
	state     int
	modal     *modal
	at        time.Time
	first     chan struct{} // closed at the first response
}

// interact makes an interaction.
func (l *Lookalike) interact(kind int, p *person, c *chat, data any) *interaction {
	now := time.Now()
	for token, old := range l.interactions {
		if now.Sub(old.at) > tokenLife || len(l.interactions) > maxInteractions && old.state != awaiting {
			delete(l.interactions, token)
		}
	}
	i := &interaction{
		id: l.newID(), token: "interaction-" + rand.Text() + rand.Text(), kind: kind, person: p, chat: c, data: data,
		at: now, first: make(chan struct{}),
	}
	l.interactions[i.token] = i
	return i
}

// hand gives the interaction to the bot, or fails if it is not connected.
func (l *Lookalike) hand(i *interaction, more map[string]any) error {
	event := map[string]any{
		"id": i.id, "application_id": l.bot.ID, "type": i.kind, "token": i.token, "version": 1, "data": i.data,
		"channel_id": i.chat.id, "locale": locale(i.person.Locale), "entitlements": []any{}, "app_permissions": "0",
		"authorizing_integration_owners": map[string]string{},
	}
	if i.chat.owner != nil {
		event["user"], event["context"] = i.person.user(), 1
		event["channel"] = l.channelJSON(i.chat)
	} else {
		event["guild_id"], event["context"], event["guild_locale"] = l.guild, 0, "en-US"
		event["member"] = map[string]any{"user": i.person.user(), "roles": []string{}, "permissions": "0"}
	}
	for k, v := range more {
		event[k] = v
	}
	if l.dispatch("INTERACTION_CREATE", raw(event), 0) == 0 {
		i.state = failed
		delete(l.interactions, i.token)
		return fmt.Errorf("this interaction failed, the bot is not connected: %w", lookalike.ErrRefused)
	}
	return nil
}

// locale is the language of the person's app; there is none in Azerbaijani.
func locale(given string) string {
	switch {
	case given == "" || given == "en":
		return "en-US"
	case locales[given]:
		return given
	}
	return "en-US"
}

// respond waits for the bot's first response.
func (l *Lookalike) respond(ctx context.Context, i *interaction) error {
	timer := time.NewTimer(l.cfg.Limits.Respond)
	defer timer.Stop()
	var err error
	select {
	case <-i.first:
		return nil
	case <-timer.C:
		err = fmt.Errorf("this interaction failed, the bot did not respond: %w", lookalike.ErrRefused)
	case <-ctx.Done():
		err = ctx.Err()
	case <-l.ctx.Done():
		err = fmt.Errorf("this interaction failed, the platform has gone: %w", lookalike.ErrRefused)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if i.state != awaiting {
		return nil
	}
	i.state = failed
	delete(l.interactions, i.token)
	l.changed(i.chat, lookalike.Event{Person: i.person.Name, Note: "This interaction failed"})
	return err
}

// callback is the bot's first response.
func (l *Lookalike) callback(q *request) (any, error) {
	i := l.interactions[q.vars["token"]]
	if i == nil || i.id != q.vars["id"] || i.state == failed {
		return nil, errUnknownInteraction
	}
	if i.state != awaiting {
		return nil, &refusal{status: http.StatusBadRequest, code: 40060, text: "Interaction has already been acknowledged."}
	}
	var body struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := q.decode(&body); err != nil {
		return nil, err
	}
	state, err := l.first(q, i, body.Type, body.Data)
	if err != nil {
		return nil, err
	}
	i.state = state
	close(i.first)
	return nil, l.keepLoan(i)
}

// first carries out a first response, and says what has become of the interaction.
func (l *Lookalike) first(q *request, i *interaction, kind int, data json.RawMessage) (state int, err error) {
	switch kind {
	case 4:
		out, err := l.parse(q, data)
		if err != nil {
			return 0, err
		}
		m, err := l.post(i.chat, out, i)
		i.original = m.ID
		i.sent = append(i.sent, m.ID)
		return answered, err
	case 5:
		var flags struct {
			Flags int `json:"flags"`
		}
		if len(data) > 0 && json.Unmarshal(data, &flags) != nil {
			return 0, errBadJSON
		}
		return deferred, l.think(i, flags.Flags&flagEphemeral != 0)
	case 6, 7:
		e := i.chat.find(i.message)
		if i.message == "" {
			return 0, invalid("type", "BASE_TYPE_CHOICES", "This response is only for components.")
		}
		if kind == 7 && e != nil {
			_, err = l.change(q, i.chat, e, data)
		}
		i.original = i.message
		return answered, err
	case 9:
		var m modal
		if json.Unmarshal(data, &m) != nil {
			return 0, errBadJSON
		}
		if i.kind == 5 {
			return 0, invalid("type", "BASE_TYPE_CHOICES", "A modal cannot be answered with a modal.")
		}
		if err := checkModal(m); err != nil {
			return 0, err
		}
		i.modal = &m
		l.changed(i.chat, lookalike.Event{})
		return answered, nil
	}
	return 0, invalid("type", "BASE_TYPE_CHOICES", "Value must be one of {4, 5, 6, 7, 9}.")
}

// followUp sends a message by an interaction's token. The first after a deferral takes the place of "thinking…".
func (l *Lookalike) followUp(q *request) (any, error) {
	i, err := l.lent(q)
	if err != nil {
		return nil, err
	}
	out, err := l.parse(q, q.json)
	if err != nil {
		return nil, err
	}
	if i.state == deferred {
		return l.fill(i, out)
	}
	m, err := l.post(i.chat, out, i)
	if err != nil {
		return nil, err
	}
	i.sent = append(i.sent, m.ID)
	return m, l.keepLoan(i)
}

// think puts "thinking…" into the chat: a message without text, whose readers are settled now.
func (l *Lookalike) think(i *interaction, ephemeral bool) error {
	m := l.blank(i.chat, l.bot)
	m.ApplicationID, m.Flags = l.bot.ID, flagLoading
	e := &entry{Message: m, By: botName, At: l.cfg.Now()}
	if ephemeral {
		e.Message.Flags |= flagEphemeral
		e.OnlyFor = i.person.Name
	}
	if err := l.keepEntry(i.chat, e); err != nil {
		return err
	}
	i.original = m.ID
	i.sent = append(i.sent, m.ID)
	if !ephemeral {
		l.dispatchMessage("MESSAGE_CREATE", i.chat, e.Message)
	}
	l.changed(i.chat, lookalike.Event{Typing: true})
	return nil
}

// fill gives a deferred response its text.
func (l *Lookalike) fill(i *interaction, out *outgoing) (any, error) {
	e := i.chat.find(i.original)
	if e == nil {
		return nil, errUnknownMessage
	}
	if out.nothing() {
		return nil, errEmpty
	}
	filled := *e
	m := &filled.Message
	out.Flags &= flagSuppressEmbeds
	out.apply(m)
	m.Flags = m.Flags&^flagLoading | e.Message.Flags&flagEphemeral
	m.Mentions = l.mentioned(m.Content)
	m.MentionEveryone = l.rings(m, out.AllowedMentions, true)
	if err := l.keepEntry(i.chat, &filled); err != nil {
		return nil, err
	}
	i.state = answered
	if filled.OnlyFor == "" {
		l.dispatchMessage("MESSAGE_UPDATE", i.chat, *m)
	}
	l.changed(i.chat, lookalike.Event{})
	return *m, l.keepLoan(i)
}

// lent is the interaction whose token a call names.
func (l *Lookalike) lent(q *request) (*interaction, error) {
	if q.vars["app"] != l.bot.ID {
		return nil, errUnknownWebhook
	}
	i := l.interactions[q.vars["token"]]
	switch {
	case i == nil:
		return nil, errUnknownWebhook
	case time.Since(i.at) > tokenLife:
		return nil, &refusal{status: http.StatusUnauthorized, code: 50027, text: "Invalid Webhook Token"}
	case i.state == awaiting || i.state == failed:
		return nil, errUnknownWebhook
	}
	return i, nil
}

// lentMessage is a message named by an interaction's token; "@original" is the first response.
func (l *Lookalike) lentMessage(q *request) (*interaction, *entry, error) {
	i, err := l.lent(q)
	if err != nil {
		return nil, nil, err
	}
	id := q.vars["message"]
	if id == "@original" {
		id = i.original
	}
	e := i.chat.find(id)
	if e == nil || e.By != botName || id != i.original && !slices.Contains(i.sent, id) {
		return nil, nil, errUnknownMessage
	}
	return i, e, nil
}

func (l *Lookalike) getLent(q *request) (any, error) {
	_, e, err := l.lentMessage(q)
	if err != nil {
		return nil, err
	}
	return e.Message, nil
}

func (l *Lookalike) editLent(q *request) (any, error) {
	if i, err := l.lent(q); err == nil && i.state == deferred && (q.vars["message"] == "@original" || q.vars["message"] == i.original) {
		return l.followUp(q)
	}
	i, e, err := l.lentMessage(q)
	if err != nil {
		return nil, err
	}
	return l.change(q, i.chat, e, q.json)
}

func (l *Lookalike) deleteLent(q *request) (any, error) {
	i, e, err := l.lentMessage(q)
	if err != nil {
		return nil, err
	}
	return nil, l.remove(i.chat, e)
}
