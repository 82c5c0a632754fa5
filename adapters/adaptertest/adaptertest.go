// Package adaptertest is the suite that every channel passes: what a conversation may rely on, whichever platform is
// behind it. A channel's test opens the channel against a platform that it can misuse, normally a look-alike, and hands
// both over:
//
//	adaptertest.Run(t, adaptertest.Setup{Bubble: true, Open: func(t *testing.T, log *slog.Logger) adaptertest.Rig {…}})
//
// The suite knows no platform. What a platform does not have, such as groups, is left out of the Rig, and what is
// nobody's business but the platform's, such as its exact error texts, stays in the channel's own tests.
package adaptertest

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Setup says how to come by a channel.
type Setup struct {
	// Bubble runs each case in a testing/synctest bubble, where waiting takes no time. The channel must then reach
	// its platform without sockets.
	Bubble bool
	// Open makes a channel and a platform of its own for one case. All that the channel logs must go to log.
	Open func(t *testing.T, log *slog.Logger) Rig
}

// Rig is a channel and the platform behind it.
type Rig struct {
	Channel conversation.Channel
	Human   Human
	// Secrets must never show in an error or a log line.
	Secrets []string
	// Fail makes the platform refuse or lose the next sending call so that its error has to be of that kind. Kinds
	// that the platform cannot bring about are left out.
	Fail map[conversation.ErrorKind]func(ctx context.Context) error
	// RetryAfter is what the platform asks for with Fail[RateLimited].
	RetryAfter time.Duration
	// Down makes the platform refuse all connections, until it is called with false.
	Down func(ctx context.Context, down bool) error
	// Listens says that the channel asks its platform for events, or holds a connection on which they come, so that it
	// has to tell when it receives nothing. Channels that are called do not know.
	Listens bool
	// Redeliver makes the platform hand over its last events once more; nil where no platform would.
	Redeliver func(ctx context.Context) error
	// Blocked is the kind of error for a person who cannot be written to any more.
	Blocked conversation.ErrorKind
	// TellsBlock, TellsEdit and TellsDelete say that the platform reports these doings of a person.
	TellsBlock, TellsEdit, TellsDelete bool
	// Attachments are the kinds that Human.Attach knows.
	Attachments []string
	// Group is a place with several people; nil where there is none.
	Group *Group
	// Forms is how a person fills in a native form; nil where there are none.
	Forms Forms
	// Close ends the platform. It is called after the channel has stopped.
	Close func() error
}

// Human is what a person does in the private chat with the bot. Names are lower case, such as "ayla"; a person is
// invented when first named.
type Human interface {
	Say(ctx context.Context, as, text string) (messageID string, err error)
	Attach(ctx context.Context, as, kind string) error
	// Command sends a slash command such as "/balance now".
	Command(ctx context.Context, as, text string) error
	// Press presses the button with exactly that label on the newest message that has it.
	Press(ctx context.Context, as, label string) error
	Edit(ctx context.Context, as, messageID, text string) error
	Delete(ctx context.Context, as, messageID string) error
	Block(ctx context.Context, as string) error
	Unblock(ctx context.Context, as string) error
	// Chat is what the person sees, oldest first.
	Chat(as string) []Message
}

// Message is one message as a person sees it.
type Message struct {
	ID      string
	Bot     bool
	Text    string // without markup
	Buttons []string
	Picture bool
	Edited  bool
}

// Group is a place with several people.
type Group struct {
	Say func(ctx context.Context, as, text string) error
	// Mention is how a person speaks to the bot there, such as "@bot". The bot sees nothing else, or tells the rest
	// by Mentioned.
	Mention string
}

// Forms is the person's side of native forms.
type Forms interface {
	// OpenForm lists the labels of the fields of the form that is open for the person.
	OpenForm(as string) (labels []string, open bool)
	// Submit sends the open form, by label.
	Submit(ctx context.Context, as string, values map[string]string) error
}

// one is a case: what it is about, and what it takes.
type one struct {
	name    string
	applies func(Rig) bool // nil for always
	slow    bool           // takes seconds where waiting takes time: left out there
	run     func(s *session)
}

// Run runs the suite.
func Run(t *testing.T, setup Setup) {
	t.Helper()
	for _, group := range [][]one{receiving, sending, trouble, running} {
		for _, c := range group {
			if c.slow && !setup.Bubble {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				body := func(t *testing.T) {
					t.Helper()
					s := open(t, setup)
					if c.applies == nil || c.applies(s.rig) {
						c.run(s)
					}
				}
				if setup.Bubble {
					synctest.Test(t, body)
					return
				}
				body(t)
			})
		}
	}
}
