package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// outgoing is a message as it is sent. The library's type has no nonce.
type outgoing struct {
	Content         string                           `json:"content"`
	Embeds          []*discordgo.MessageEmbed        `json:"embeds,omitempty"`
	Components      []discordgo.MessageComponent     `json:"components,omitempty"`
	AllowedMentions discordgo.MessageAllowedMentions `json:"allowed_mentions"`
	Flags           discordgo.MessageFlags           `json:"flags,omitempty"`
	Nonce           string                           `json:"nonce,omitempty"`
	EnforceNonce    bool                             `json:"enforce_nonce,omitempty"`
	Attachments     []map[string]string              `json:"attachments,omitempty"`
}

// change is an edit. What is left out stays as it is, pictures among it.
type change struct {
	Content         *string                          `json:"content,omitempty"`
	Components      []discordgo.MessageComponent     `json:"components"`
	AllowedMentions discordgo.MessageAllowedMentions `json:"allowed_mentions"`
}

// nobody keeps whatever stands in a text from ringing for anybody.
func nobody() discordgo.MessageAllowedMentions {
	return discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}
}

// Send implements conversation.Channel.
func (a *Adapter) Send(ctx context.Context, s conversation.Sending) (conversation.Receipt, error) {
	channel, err := channelID(s.To)
	if err != nil {
		return conversation.Receipt{}, err
	}
	if s.Lane != conversation.LaneAnswer { // who waits for an answer has the chat open
		if err := a.refused.check(channel, time.Now()); err != nil {
			return conversation.Receipt{}, err
		}
	}
	var ids []string
	switch s.Body.Kind {
	case conversation.BodyNew:
		ids, err = a.sendNew(ctx, channel, s)
	case conversation.BodyEdit:
		ids, err = a.edit(ctx, channel, s)
	case conversation.BodyDelete:
		err = a.delete(ctx, channel, s)
	default:
		err = payload("bad_body", "unknown kind of body %d", s.Body.Kind)
	}
	a.refused.note(channel, err, time.Now())
	a.noteOffers(channel, err)
	if err != nil {
		return conversation.Receipt{}, err
	}
	return conversation.Receipt{MessageID: strings.Join(ids, idSeparator)}, nil
}

// sendNew sends the parts of a new message that have not gone yet: which have is remembered from one try to the next, so
// that a second try after a refusal for pace does not repeat the first part.
func (a *Adapter) sendNew(ctx context.Context, channel string, s conversation.Sending) ([]string, error) {
	parts, err := a.plan(s.Body)
	if err != nil {
		return nil, err
	}
	sent := a.progress.Of(s.Nonce)
	lent := lentBy(s.Handle)
	for i := len(sent); i < len(parts); i++ {
		id, err := a.post(ctx, channel, parts[i], nonceOf(s.Nonce, i), lent)
		if p, ok := parts[i].withoutPicture(); ok && pictureRefused[calling.CodeOf(err)] {
			a.log.Error("the platform refuses a picture; the message goes without it", "code", calling.CodeOf(err), "error", err)
			id, err = a.post(ctx, channel, p, nonceOf(s.Nonce, i), lent)
		}
		if err != nil {
			if len(sent) > 0 {
				a.progress.Put(s.Nonce, sent)
			}
			return nil, err
		}
		sent = append(sent[:len(sent):len(sent)], id)
	}
	a.progress.Drop(s.Nonce)
	return sent, nil
}

// pictureRefused are the refusals that may mean only the picture: the bot lacks Embed Links or Attach Files in that
// channel, its address is none that the platform shows, or it is too large there.
var pictureRefused = map[string]bool{"no_permission": true, "invalid_form": true, "too_large": true}

// nonceOf is the nonce of one part, at most 25 characters: the same for every try.
func nonceOf(nonce string, part int) string {
	if nonce == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(nonce + " " + strconv.Itoa(part)))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// post sends one part: as an answer to an interaction where one has lent itself, else as a message.
func (a *Adapter) post(ctx context.Context, channel string, p part, nonce string, lent *handle) (string, error) {
	m := outgoing{
		Content: p.content, Components: p.rows, AllowedMentions: nobody(),
		Flags: p.flags,
	}
	for i, f := range p.files {
		m.Attachments = append(m.Attachments, map[string]string{"id": strconv.Itoa(i), "filename": f.name})
	}
	if p.image != "" {
		m.Embeds = []*discordgo.MessageEmbed{{Image: &discordgo.MessageEmbedImage{URL: p.image}}}
	} else {
		m.Flags |= discordgo.MessageFlagsSuppressEmbeds // no previews of links
	}
	if lent != nil {
		if id, done, err := a.answer(ctx, lent, m, p.files, nonce); done {
			return id, err
		}
	}
	if err := a.pace.check(channel); err != nil {
		return "", err
	}
	m.Nonce, m.EnforceNonce = nonce, nonce != ""
	ex, err := a.call(ctx, &exchange{
		what: "send a message", verb: http.MethodPost, path: "channels/" + channel + "/messages",
		payload: m, files: p.files, repeat: m.EnforceNonce,
	})
	a.pace.note(channel, ex)
	return idIn(ex, err)
}

// idIn is the id of the message in an answer.
func idIn(ex *exchange, err error) (string, error) {
	if err != nil {
		return "", err
	}
	id := text(object(ex.body)["id"])
	if !isID(id) {
		return "", &conversation.SendError{
			Kind: conversation.OutcomeUnknown, Code: "bad_answer", Err: errors.New("the answer to a message holds no message"),
		}
	}
	return id, nil
}

// A message of ours may stand in several of the platform's. Its id then lists all, the one with the buttons last.
const idSeparator = ","

func splitIDs(s string) ([]string, error) {
	ids := strings.Split(s, idSeparator)
	for _, id := range ids {
		if !isID(id) {
			return nil, payload(codeGone, "the platform's id of the message is not known")
		}
	}
	return ids, nil
}

// edit gives a message of ours another text and other buttons. Pictures and files stay as they are.
func (a *Adapter) edit(ctx context.Context, channel string, s conversation.Sending) ([]string, error) {
	ids, err := splitIDs(s.MessageID)
	if err != nil {
		return nil, err
	}
	rows, asText, err := a.components(s.Body.Rows)
	if err != nil {
		return nil, err
	}
	if rows == nil {
		rows = []discordgo.MessageComponent{}
	}
	words, lent := withLinks(s.Body.Text, asText), lentBy(s.Handle)
	if words.Empty() {
		return ids, a.change(ctx, lent, channel, ids[len(ids)-1], change{Components: rows})
	}
	pieces := split(words)
	if over := len(pieces) - len(ids); over > 0 { // nothing can be put between messages: the rest goes
		pieces = pieces[:len(ids)]
		pieces[len(ids)-1] = fitting.Cut(pieces[len(ids)-1], maxText-1) + fitting.Ellipsis
	}
	spare := ids[:len(ids)-len(pieces)]
	for i, id := range ids[len(spare):] {
		c := change{Content: &pieces[i], Components: []discordgo.MessageComponent{}}
		if i == len(pieces)-1 {
			c.Components = rows
		}
		if err := a.change(ctx, lent, channel, id, c); err != nil {
			return nil, err
		}
	}
	for _, id := range spare {
		if err := a.deleteOne(ctx, lent, channel, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func (a *Adapter) change(ctx context.Context, lent *handle, channel, id string, c change) error {
	c.AllowedMentions = nobody()
	return a.changing(ctx, lent, channel, id, &exchange{what: "edit a message", verb: http.MethodPatch, payload: c, repeat: true})
}

// delete takes a message of ours away, with all its parts.
func (a *Adapter) delete(ctx context.Context, channel string, s conversation.Sending) error {
	ids, err := splitIDs(s.MessageID)
	if err != nil {
		return err
	}
	lent := lentBy(s.Handle)
	for _, id := range ids {
		if err := a.deleteOne(ctx, lent, channel, id); err != nil {
			return err
		}
	}
	return nil
}

// deleteOne counts a message that is gone already as deleted.
func (a *Adapter) deleteOne(ctx context.Context, lent *handle, channel, id string) error {
	a.deleting.Put(id, true)
	err := a.changing(ctx, lent, channel, id, &exchange{what: "delete a message", verb: http.MethodDelete, repeat: true})
	if calling.CodeOf(err) == codeGone {
		return nil
	}
	return err
}

// withLinks adds the links that cannot be buttons to a text.
func withLinks(words texts.Rich, links []conversation.Button) texts.Rich {
	for _, l := range links {
		words = texts.Lines(words, texts.Literal(l.Label+": "+l.URL))
	}
	return words
}
