package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/adapters/lenient"
	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// handleLife is how long an interaction's token can be used to answer: 15 min, and a little for the way.
	// Source: docs.discord.com/developers/interactions/receiving-and-responding.
	handleLife = 14 * time.Minute
	// notYet is how long a token that the platform does not know may be one whose first response is still on its way.
	notYet = 4 * time.Second
	// maxLoans bounds how many tokens are remembered; what became of a forgotten one is asked for.
	maxLoans = 4096
	// flagLoading marks a deferred response that has no text yet.
	// Source: docs.discord.com/developers/resources/message#message-object-message-flags.
	flagLoading = 1 << 7
)

// handle is what an interaction lends for answering it, as Inbound.Handle.
type handle struct {
	App     string    `json:"app"`
	Token   string    `json:"token"`
	Until   time.Time `json:"until"`
	Only    bool      `json:"only,omitempty"`    // among other people: the answers are for the person's eyes
	Message string    `json:"message,omitempty"` // a press or a form: the message that it was made on
}

// lendable says whether an interaction lends an answer: a command does, and among other people everything, because
// what is said by its token is for the person's eyes only. A press in a private chat is answered by ordinary messages.
func lendable(in *conversation.Inbound) bool {
	return in.Command != "" || !in.Private
}

// lend keeps what an answer by the interaction's token needs.
func lend(d map[string]json.RawMessage, in *conversation.Inbound) []byte {
	h := handle{
		App: text(d["application_id"]), Token: text(d["token"]), Until: time.Now().Add(handleLife),
		Only: !in.Private, Message: in.MessageID,
	}
	if !isID(h.App) || !pathSafe(h.Token) || h.Message != "" && !isID(h.Message) {
		return nil
	}
	raw, err := json.Marshal(h)
	if err != nil {
		return nil
	}
	return raw
}

// lentBy reads what an interaction has lent, nil when there is nothing that can be used.
func lentBy(raw []byte) *handle {
	var h handle
	if len(raw) == 0 || json.Unmarshal(raw, &h) != nil || !isID(h.App) || !pathSafe(h.Token) {
		return nil
	}
	if left := time.Until(h.Until); left <= 0 || left > handleLife+notYet {
		return nil
	}
	return &h
}

// pathSafe says whether an interaction's token can be put into a path.
func pathSafe(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '_' && c != '-' && c != '=' && c != '.' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
}

// loanState is what has become of an interaction's first response.
type loanState int

const (
	loanUnsure loanState = iota // nobody here knows: the platform is asked
	loanFree                    // "thinking…" stands there and waits for the text
	loanTaken                   // the text stands there
	loanGone                    // there is nothing to be answered by the token
)

// loan is one interaction's token and what it was used for.
type loan struct {
	responded chan struct{} // closed when the first response was made, or could not be

	mu      sync.Mutex
	state   loanState
	by      string // the part that has taken the place of "thinking…"
	id      string // its message, as far as the platform told
	content string // its text, when it was asked for
}

// ended notes how the first response went.
func (l *loan) ended(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.state = loanFree
	case calling.CodeOf(err) == codeHandleGone:
		l.state = loanGone
	default:
		l.state = loanUnsure // no answer, or somebody else has responded
	}
	close(l.responded)
}

// take claims the place of "thinking…" for a part of a message; a part may claim it again.
func (l *loan) take(part string) loanState {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.state == loanFree:
		l.state, l.by = loanTaken, part
		return loanFree
	case l.state == loanTaken && l.by == part && part != "":
		return loanFree
	}
	return l.state
}

// loans are the tokens that were lent to this process.
type loans struct {
	mu   sync.Mutex
	ring *recall.Ring[*loan]
}

func newLoans() *loans { return &loans{ring: recall.NewRing[*loan](maxLoans)} }

// open notes an interaction whose first response is about to be made.
func (s *loans) open(token string) *loan {
	l := &loan{responded: make(chan struct{})}
	s.keep(token, l)
	return l
}

func (s *loans) keep(token string, l *loan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring.Put(token, l)
}

func (s *loans) of(token string) *loan {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ring.Of(token)
}

// loanOf is what is known of a handle's token, once its first response has been made. What this process does not know,
// because another one took the event in or because an answer was lost, it asks the platform for.
func (a *Adapter) loanOf(ctx context.Context, h *handle) (*loan, error) {
	l := a.loans.of(h.Token)
	if l != nil {
		select {
		case <-l.responded:
		case <-ctx.Done():
			return nil, notYetError()
		}
		l.mu.Lock()
		unsure := l.state == loanUnsure
		l.mu.Unlock()
		if !unsure {
			return l, nil
		}
	}
	ex, err := a.call(ctx, &exchange{
		what: "look at a response", verb: http.MethodGet, path: h.path() + "/messages/@original", lent: true,
	})
	l = &loan{responded: make(chan struct{}), state: loanTaken}
	close(l.responded)
	switch {
	case err == nil:
		m := object(ex.body)
		l.id, l.content = text(m["id"]), text(m["content"])
		if flags, _ := lenient.Number(m["flags"]); flags&flagLoading != 0 {
			l.state = loanFree
		}
	case calling.CodeOf(err) != codeHandleGone && calling.CodeOf(err) != codeGone:
		return nil, err
	case time.Until(h.Until) > handleLife-notYet:
		return nil, notYetError()
	default:
		l.state = loanGone
	}
	a.loans.keep(h.Token, l)
	return l, nil
}

// path is where the token's messages are.
func (h *handle) path() string { return "webhooks/" + h.App + "/" + h.Token }

func notYetError() *conversation.SendError {
	return &conversation.SendError{Kind: conversation.Temporary, Code: "not_yet", Err: errNotResponded}
}
