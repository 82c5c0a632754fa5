package offer

import (
	"fmt"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// message is the offer for one person, without the buttons that name the delivery.
func (a *Agenda) message(o *Occurrence, c *audience.Customer, chat audience.Chat, step int, m moment) conversation.Outgoing {
	lang := languageIn(c, chat, a.Languages)
	text := o.Content.Text
	if step < len(o.Content.Steps) {
		text = o.Content.Steps[step].Text
	}
	out := conversation.Outgoing{
		Key: fmt.Sprintf("offer:%d:%d", o.ID, c.Root()), To: chat.To, Customer: chat.Customer,
		Lane: conversation.LaneBulk, AfterCrash: conversation.Unknown, NotAfter: m.deadline,
		Proactive: conversation.Proactive{Purpose: o.Content.purpose(), Topic: o.Content.Topic},
	}
	out.Body.Text = a.render(text, lang, c)
	if footer := a.footer(o, lang, m.now); !footer.Empty() {
		out.Body.Text = out.Body.Text.Append(texts.Literal("\n\n"), footer)
	}
	out.Body.Image = imageOf(o.Content.Image)
	return out
}

// imageOf is the operator's picture; nil for none.
func imageOf(image string) *conversation.Image {
	switch {
	case isAddress(image):
		return &conversation.Image{URL: image}
	case image != "":
		return &conversation.Image{Path: image}
	}
	return nil
}

func languageIn(c *audience.Customer, chat audience.Chat, brand []language.Code) language.Code {
	return conversation.ReplyLanguage(c.Person, chat.Locale, brand)
}

// render fills in the operator's text in a language, else in the first of the brand's that has it.
func (a *Agenda) render(t Text, lang language.Code, c *audience.Customer) texts.Rich {
	form := texts.FormUnknown
	switch c.Person.Honorific {
	case "ms":
		form = texts.FormFemale
	case "mr":
		form = texts.FormMale
	}
	if t.Ref != "" {
		return a.Texts.Say(lang, t.Ref, texts.Vars{"address": a.Texts.Address(lang, c.Person.Name, form), "name": c.Person.Name})
	}
	markup := t.Plain
	if markup == "" {
		lang, markup = t.in(lang, a.Languages)
	}
	return a.Texts.Render(lang, markup, texts.Vars{"address": a.Texts.Address(lang, c.Person.Name, form), "name": c.Person.Name})
}

// in is the text in a language that it has.
func (t Text) in(lang language.Code, brand []language.Code) (language.Code, string) {
	if text, ok := t.By[lang]; ok {
		return lang, text
	}
	for _, list := range [][]language.Code{brand, language.All} {
		for _, other := range list {
			if text, ok := t.By[other]; ok {
				return other, text
			}
		}
	}
	return lang, ""
}

// footer says until when it holds.
func (a *Agenda) footer(o *Occurrence, lang language.Code, now time.Time) texts.Rich {
	if o.Content.Valid == 0 {
		return nil
	}
	end := o.Due.Add(o.Content.Valid).In(a.Zone)
	vars := texts.Vars{"date": texts.DateOf(end, now), "time": texts.ClockOf(end)}
	if o.Content.Kind == KindFlash || o.Content.Valid < 24*time.Hour {
		return a.Texts.Say(lang, "offer.valid_time", vars)
	}
	return a.Texts.Say(lang, "offer.valid", vars)
}

// withFooter adds what names the delivery. The buttons' tokens live in the outbox row, which is kept; a store that
// clears sent rows must keep {delivery, verb} by token instead.
func (a *Agenda) withFooter(out conversation.Outgoing, o *Occurrence, c *audience.Customer, chat audience.Chat, id int64) conversation.Outgoing {
	lang := languageIn(c, chat, a.Languages)
	out.Report = conversation.Ref{Kind: ReportDelivery, ID: id}
	row := []conversation.Button{conversation.Act(a.Texts.Label(lang, "offer.why_button", nil), skillName, verbWhy, pressData{Delivery: id})}
	if topic := o.Content.Topic; topic != "" {
		row = append(row, conversation.Act(a.Texts.Label(lang, "offer.mute_button", nil), skillName, verbMute, pressData{Delivery: id, Topic: topic}))
	}
	out.Body.Rows = append(out.Body.Rows, row)
	return out
}
