package desk_test

import (
	"context"
	"testing"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
)

// handOver opens a ticket for somebody who is known.
func (o *office) handOver(who string, h conversation.Handoff) {
	o.t.Helper()
	id, err := o.db.FindCustomer(o.t.Context(), "telegram", who)
	if err != nil {
		o.t.Fatal(err)
	}
	err = o.db.ForCustomer(o.t.Context(), id, func(ctx context.Context, tx conversation.Tx, _ conversation.Person) error {
		return tx.OpenTicket(ctx, h)
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.rest()
}

func TestTopicsGoToTheirChannels(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.desk.Config.Topics.Entries = []config.MapEntry[desk.Topic]{
			{ID: "complaint", Value: desk.Topic{Channel: "#care", Languages: map[language.Code]string{language.Russian: "#care-ru"}}},
			{ID: "broken", Value: desk.Topic{Channel: "#gone"}},
		}
		o.call = func(i outbox.Item) outbox.Outcome {
			if i.To.Chat == "#gone" {
				return outbox.Failed
			}
			return outbox.Sent
		}
		for who, test := range map[string]struct {
			handoff conversation.Handoff
			want    string
		}{
			"ayla":  {conversation.Handoff{Topic: "complaint", Reason: "low_score", Lang: "az"}, "#care"},
			"vera":  {conversation.Handoff{Topic: "complaint", Reason: "low_score", Lang: "ru"}, "#care-ru"},
			"murad": {conversation.Handoff{Reason: "complaint", Lang: "az"}, "#care"}, // a reason that is a topic
			"leyla": {conversation.Handoff{Topic: "parking", Reason: "asked", Lang: "az"}, "#support"},
			"fidan": {conversation.Handoff{Topic: "broken", Reason: "asked", Lang: "az"}, "#support"}, // after its own channel refused
		} {
			o.customer(who, "what are your opening hours")
			before := len(o.items[staffBot])
			o.handOver(who, test.handoff)
			items := o.items[staffBot][before:]
			if len(items) != 1 || items[0].To.Chat != test.want {
				t.Errorf("the ticket of %s makes %d messages, want one in %s", who, len(items), test.want)
			}
		}
	})
}
