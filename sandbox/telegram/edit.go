package telegram

import (
	"encoding/json"
	"reflect"
	"time"
)

// deletable is how long a message can be deleted. Source: core.telegram.org/bots/api#deletemessage.
const deletable = 48 * time.Hour

// editing finds the bot's own message that a call names, and the keyboard that it shall have.
func (l *Lookalike) editing(p params) (*chat, *entry, *inline, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, nil, nil, err
	}
	kb, err := parseMarkup(p.str("reply_markup"))
	if err != nil {
		return nil, nil, nil, err
	}
	if kb.menu != nil || kb.remove {
		return nil, nil, nil, badRequest("inline keyboard expected")
	}
	if p.int("message_id") <= 0 {
		return nil, nil, nil, badRequest("message identifier is not specified")
	}
	e := c.find(int(p.int("message_id")))
	if e == nil {
		return nil, nil, nil, badRequest("message to edit not found")
	}
	if e.By != "bot" {
		return nil, nil, nil, badRequest("message can't be edited")
	}
	return c, e, kb.inline, reachable(c)
}

func (l *Lookalike) editMessageText(p params) (any, error) {
	text, entities, err := messageText(p)
	if err != nil {
		return nil, err
	}
	c, e, kb, err := l.editing(p)
	if err != nil {
		return nil, err
	}
	if e.Message.Text == "" {
		return nil, badRequest("there is no text in the message to edit")
	}
	fresh := e.Message
	fresh.Text, fresh.Entities, fresh.ReplyMarkup = text, entities, kb
	return l.edit(c, e, fresh)
}

func (l *Lookalike) editMessageCaption(p params) (any, error) {
	text, entities, err := captionText(p)
	if err != nil {
		return nil, err
	}
	c, e, kb, err := l.editing(p)
	if err != nil {
		return nil, err
	}
	if e.Message.Text != "" || e.Message.Sticker != nil {
		return nil, badRequest("there is no caption in the message to edit")
	}
	fresh := e.Message
	fresh.Caption, fresh.CaptionEntities, fresh.ReplyMarkup = text, entities, kb
	return l.edit(c, e, fresh)
}

func (l *Lookalike) editMessageReplyMarkup(p params) (any, error) {
	c, e, kb, err := l.editing(p)
	if err != nil {
		return nil, err
	}
	fresh := e.Message
	fresh.ReplyMarkup = kb
	return l.edit(c, e, fresh)
}

// edit puts the fresh content in the place of the old, unless they are the same.
func (l *Lookalike) edit(c *chat, e *entry, fresh message) (any, error) {
	if reflect.DeepEqual(fresh, e.Message) {
		return nil, errNotModified
	}
	fresh.EditDate = l.cfg.Now().Unix()
	changed := *e
	changed.Message = fresh
	changed.Edited = e.Edited || fresh.Text != e.Message.Text || fresh.Caption != e.Message.Caption
	if err := l.save(record{Entry: &changed}); err != nil {
		return nil, err
	}
	*e = changed
	l.changed(c, false)
	return fresh, nil
}

func (l *Lookalike) deleteMessage(p params) (any, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, err
	}
	if p.int("message_id") <= 0 {
		return nil, badRequest("message identifier is not specified")
	}
	e := c.find(int(p.int("message_id")))
	switch {
	case e == nil:
		return nil, badRequest("message to delete not found")
	case c.owner == nil && e.By != "bot":
		return nil, badRequest("message can't be deleted")
	case l.cfg.Now().Sub(e.At) > deletable:
		return nil, badRequest("message can't be deleted for everyone")
	}
	return true, l.remove(c, e)
}

// remove takes a message out of the chat for everybody.
func (l *Lookalike) remove(c *chat, e *entry) error {
	gone := *e
	gone.Deleted = true
	if err := l.save(record{Entry: &gone}); err != nil {
		return err
	}
	e.Deleted = true
	l.changed(c, false)
	return nil
}

// deleteMessages deletes what it can and does not mind the rest.
func (l *Lookalike) deleteMessages(p params) (any, error) {
	c, err := l.chatOf(p)
	if err != nil {
		return nil, err
	}
	var ids []int
	if json.Unmarshal([]byte(p.str("message_ids")), &ids) != nil || len(ids) == 0 {
		return nil, badRequest("message identifiers are not specified")
	}
	for _, id := range ids {
		e := c.find(id)
		if e == nil || c.owner == nil && e.By != "bot" || l.cfg.Now().Sub(e.At) > deletable {
			continue
		}
		if err := l.remove(c, e); err != nil {
			return nil, err
		}
	}
	return true, nil
}
