package discord

import (
	"maps"
	"slices"
	"strconv"
	"time"
)

// loan is an interaction that the bot has answered, as it is kept: its token lends further answers for a while, and its
// form stands open in the person's app. What waits for its first response ends with the process, as its person does.
type loan struct {
	ID       string    `json:"id"`
	Token    string    `json:"token"`
	Kind     int       `json:"kind"`
	Person   string    `json:"person"`
	Channel  string    `json:"channel"`
	Message  string    `json:"message,omitempty"`
	Original string    `json:"original,omitempty"`
	Sent     []string  `json:"sent,omitempty"`
	Deferred bool      `json:"deferred,omitempty"`
	Modal    *modal    `json:"modal,omitempty"`
	At       time.Time `json:"at"`
}

// keepLoan keeps an interaction that was answered as it stands now.
func (l *Lookalike) keepLoan(i *interaction) error { return l.save(record{Loan: i.loan()}) }

func (i *interaction) loan() *loan {
	return &loan{
		ID: i.id, Token: i.token, Kind: i.kind, Person: i.person.Name, Channel: i.chat.id, Message: i.message,
		Original: i.original, Sent: i.sent, Deferred: i.state == deferred, Modal: i.modal, At: i.at,
	}
}

// replayLoan takes an answered interaction back into memory.
func (l *Lookalike) replayLoan(k *loan) {
	if id, err := strconv.ParseUint(k.ID, 10, 64); err == nil {
		l.lastID = max(l.lastID, id)
	}
	p, c := l.people.Find(k.Person), l.chats[k.Channel]
	if p == nil || c == nil {
		return
	}
	i := &interaction{
		id: k.ID, token: k.Token, kind: k.Kind, person: p, chat: c, message: k.Message, original: k.Original, sent: k.Sent,
		state: answered, modal: k.Modal, at: k.At, first: make(chan struct{}),
	}
	if k.Deferred {
		i.state = deferred
	}
	close(i.first)
	l.interactions[i.token] = i
}

// loans are the interactions to be kept.
func (l *Lookalike) loans() []any {
	var out []any
	for _, token := range slices.Sorted(maps.Keys(l.interactions)) {
		i := l.interactions[token]
		if (i.state == answered || i.state == deferred) && time.Since(i.at) <= tokenLife {
			out = append(out, record{Loan: i.loan()})
		}
	}
	return out
}
