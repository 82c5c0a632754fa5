package audience

import (
	"context"
	"slices"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
)

// Customer is a person as expressions see one: all linked records together.
type Customer struct {
	Person   conversation.Person // of the root
	Records  []conversation.CustomerID
	Chats    []Chat   // private chats, the last used first
	Refusals []string // topics to which any record has a no in force
	Created  time.Time
	Tags     []string
	Likes    []string
	// Birthday is the day of the year; zero when it is not known. Its year is 0 when only the day is.
	Birthday Birthday

	Member bool
	Joined time.Time // zero: no member
	Tier   string
	Points int

	Orders []Order  // oldest first; returned ones are left out
	Bought []string // categories, article numbers and names of what was bought
	// NPS is the last score; nil when none was given.
	NPS *int
}

// Birthday is a day of the year, with or without a year.
type Birthday struct {
	Year  int
	Month time.Month
	Day   int
}

// Order is one purchase.
type Order struct {
	At    time.Time
	Total int64 // minor units of the brand's currency
}

// Chat is a private chat with the person.
type Chat struct {
	Conversation conversation.ConversationID
	Customer     conversation.CustomerID // the record that it belongs to
	To           conversation.Address
	Locale       string // what the platform reports
	LastUsed     time.Time
	Reachable    bool
	Lapsed       bool        // was gone since the last yes: it does not count any more
	Agreed       []Agreement // what is in force for it
}

// Agreement is a yes or no in force.
type Agreement struct {
	Topic   string
	Granted bool
	At      time.Time
}

// Root is the person's id.
func (c *Customer) Root() conversation.CustomerID { return c.Person.Root }

// Agreed tells whether a yes to the topic is in force for the chat, and since when.
func (c Chat) agreed(topic string) (since time.Time, ok bool) {
	for _, a := range c.Agreed {
		if a.Topic == topic && a.Granted {
			return a.At, true
		}
	}
	return time.Time{}, false
}

// Refused tells whether any record of the person has a no in force for the topic.
func (c *Customer) Refused(topic string) bool { return slices.Contains(c.Refusals, topic) }

// Preferred is the chat for one copy of what we start: of those that can be reached the one used last, and before
// these the ones whose owner agreed to the topic; an empty topic needs no yes. ok is false when none can be reached;
// agreed is false when one can but there was no yes.
func (c *Customer) Preferred(topic string) (chat Chat, since time.Time, agreed, ok bool) {
	for _, one := range c.Chats {
		if !one.Reachable {
			continue
		}
		at, yes := one.agreed(topic)
		if yes || topic == "" {
			return one, at, true, true
		}
		if !ok {
			chat, ok = one, true
		}
	}
	return chat, time.Time{}, false, ok
}

// LastOrder is when the newest purchase was; zero for never.
func (c *Customer) LastOrder() time.Time {
	if n := len(c.Orders); n > 0 {
		return c.Orders[n-1].At
	}
	return time.Time{}
}

// LastSeen is when the person wrote or pressed something last, anywhere.
func (c *Customer) LastSeen() time.Time {
	var last time.Time
	for _, chat := range c.Chats {
		if chat.LastUsed.After(last) {
			last = chat.LastUsed
		}
	}
	return last
}

// Language is what the person is spoken to in when we start.
func (c *Customer) Language(brand []language.Code) language.Code {
	locale := ""
	if chat, _, _, ok := c.Preferred(""); ok {
		locale = chat.Locale
	} else if len(c.Chats) > 0 {
		locale = c.Chats[0].Locale
	}
	return conversation.ReplyLanguage(c.Person, locale, brand)
}

// Zone is the person's time zone, else the brand's.
func (c *Customer) Zone(brand *time.Location) *time.Location {
	if c.Person.Zone != "" {
		if zone, err := time.LoadLocation(c.Person.Zone); err == nil {
			return zone
		}
	}
	return brand
}

// Needs says which facts an expression reads, so that a page costs no more queries than it must.
type Needs uint

// The groups of facts.
const (
	NeedsOrders Needs = 1 << iota
	NeedsBought
	NeedsLoyalty
	NeedsNPS
	NeedsFacts // birthday, tags, likes
)

// Has tells whether all of what is in the set.
func (n Needs) Has(what Needs) bool { return n&what == what }

// Query asks for people.
type Query struct {
	After conversation.CustomerID // roots above this id
	Limit int
	Only  []conversation.CustomerID // these people alone, given by any of their records; After and Limit do not count
	Needs Needs
}

// Store reads people.
type Store interface {
	// People lists people by the id of their root, ascending. Who was forgotten is left out.
	People(ctx context.Context, q Query) ([]Customer, error)
}
