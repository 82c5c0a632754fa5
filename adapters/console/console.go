// Package console is the channel of a terminal: what is typed is a customer's message, and the number of a button
// presses it. It proves that a channel costs one folder and one line, and is what bot chat uses.
package console

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Name is the channel's name.
const Name = "console"

// Printer shows what the bot says. Buttons are numbered from 1 in the order of Labels, over all messages that are
// still to be answered.
type Printer interface {
	Print(m Message) error
}

// Message is what the bot said, as a terminal shows it.
type Message struct {
	ID      string // of the message; an edit or a deletion names that of an earlier one
	Text    string
	Buttons []Choice
	Image   string // where the picture is, empty for none
	File    string // the name of the file that goes along, empty for none
	Edited  bool   // replaces an earlier message
	Deleted bool
}

// Choice is a button under a message.
type Choice struct {
	Number int
	Label  string
	URL    string              // opens a link instead of being pressed
	Action conversation.Action // what it means, for scripts
}

// Adapter is the terminal of one person.
type Adapter struct {
	person  string
	locale  string
	printer Printer
	lines   <-chan string // what is typed; closed at the end

	mu      sync.Mutex
	choices []choice // by number
	said    []said   // what stands on the terminal, newest last
	sent    int
	session string // keeps the ids of one start apart from those of another
	events  int
}

var _ conversation.Channel = (*Adapter)(nil)

// New is the terminal of person, whose platform reports locale, empty for none. lines are what is typed. A line is taken
// once the one before it is kept, and an empty one says nothing: with it whoever types learns that the last one is kept.
func New(person, locale string, lines <-chan string, printer Printer) *Adapter {
	return &Adapter{person: person, locale: locale, printer: printer, lines: lines, session: rand.Text()}
}

// Name implements conversation.Channel.
func (a *Adapter) Name() string { return Name }

// Connect implements conversation.Channel. Each person has an account of their own, so that two terminals on one
// database do not wait for each other.
func (a *Adapter) Connect(context.Context) (string, error) { return Name + ":" + a.person, nil }

// Limits implements conversation.Channel: a terminal has none that matter.
func (a *Adapter) Limits() conversation.Limits {
	return conversation.Limits{TextLength: 100_000, PerSecond: 1000, PerChat: time.Millisecond, EditsText: true, MayWriteFirst: true}
}

// Run hands over what is typed until ctx ends or there is no more.
func (a *Adapter) Run(ctx context.Context, in conversation.Receiver) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-a.lines:
			if !ok {
				<-ctx.Done() // what was said last is still being answered
				return nil
			}
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if !keep(ctx, in, a.event(line)) {
				return nil
			}
		}
	}
}

// Waits between tries to keep what was typed.
const (
	firstWait = 100 * time.Millisecond
	longWait  = 5 * time.Second
)

// keep hands an event over until it is durable; false when ctx has ended before.
func keep(ctx context.Context, in conversation.Receiver, e conversation.Inbound) bool {
	for wait := firstWait; in.Receive(ctx, e) != nil; wait = min(2*wait, longWait) {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
	return true
}

// event is what a typed line means.
func (a *Adapter) event(line string) conversation.Inbound {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events++
	in := conversation.Inbound{
		Address: conversation.Address{Channel: Name, Account: Name + ":" + a.person, Chat: a.person},
		EventID: a.session + ":" + strconv.Itoa(a.events), Kind: conversation.KindMessage, Private: true, Text: line,
		From: conversation.Sender{UserID: a.person, Name: a.person, Locale: a.locale}, At: time.Now(),
		MessageID: strconv.Itoa(a.events),
	}
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(a.choices) && a.choices[n-1].token != "" {
		in.Kind, in.Text, in.Token, in.MessageID = conversation.KindPress, "", a.choices[n-1].token, a.choices[n-1].message
		return in
	}
	if name, args, ok := command(line); ok {
		in.Command, in.Args = name, args
	}
	return in
}

// command reads "/name arguments".
func command(line string) (name, args string, ok bool) {
	rest, ok := strings.CutPrefix(line, "/")
	if !ok || rest == "" {
		return "", "", false
	}
	name, args, _ = strings.Cut(rest, " ")
	return strings.ToLower(name), strings.TrimSpace(args), true
}
