package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	placeLife    = 10 * time.Minute // how long a channel's name is taken to stay with its id
	noPlaceLife  = 30 * time.Second // how long a name that was not found is not looked for again
	maxPages     = 50               // of 1000 channels
	staffRetry   = 15 * time.Second // until all staff channels are found
	staffRefresh = 10 * time.Minute // channels are renamed, and archived
)

var errBadAnswer = errors.New("the answer is not what was asked for")

// places know channels by name, and which of them are the staff's.
type places struct {
	mu     sync.Mutex
	names  map[string]string // ids by name
	asked  time.Time         // when the list was last read
	wanted []string          // the staff's channels as they were given: ids or names
	staff  map[string]bool   // ids
	told   map[string]bool   // names that were reported as missing
	blind  bool              // the server does not list channels for us
	ids    map[string]string // ids by name that were learned in other ways while it does not
}

func newPlaces(wanted []string) *places {
	p := &places{names: map[string]string{}, staff: map[string]bool{}, told: map[string]bool{}, ids: map[string]string{}}
	for _, w := range wanted {
		w = strings.TrimSpace(w)
		switch {
		case isPlace(w):
			p.staff[w] = true
		case w != "":
			p.wanted = append(p.wanted, channelName(w))
		}
	}
	return p
}

// channelName is a channel's name as the platform spells it.
func channelName(s string) string {
	return strings.ToLower(strings.TrimLeft(strings.TrimSpace(s), "#"))
}

func (p *places) isStaff(chat string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.staff[chat]
}

// known answers the id of a name. asked is false when the list should be read again.
func (p *places) known(name string) (id string, asked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id = p.names[name]
	if id == "" {
		id = p.ids[name]
	}
	life := placeLife
	if id == "" && !p.blind {
		life = noPlaceLife
	}
	return id, !p.asked.IsZero() && time.Since(p.asked) < life
}

// found takes a list of channels, and answers the staff's channels that are newly missing.
func (p *places) found(names map[string]string) (missing []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.names, p.asked, p.blind = names, time.Now(), false
	for _, w := range p.wanted {
		if id := names[w]; id != "" {
			p.staff[id] = true
			delete(p.told, w)
		} else if !p.told[w] {
			p.told[w] = true
			missing = append(missing, w)
		}
	}
	return missing
}

// complete says whether all of the staff's channels are known.
func (p *places) complete() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.wanted {
		if p.names[w] == "" && p.ids[w] == "" {
			return false
		}
	}
	return true
}

// placeKinds are what to ask a list of channels for. The platform refuses a list as a whole when the scope for one of its
// kinds is missing, so then the kinds are asked for one by one.
var placeKinds = [][]string{{"public_channel,private_channel"}, {"public_channel", "private_channel"}}

// listPlaces reads the channels that the bot can see.
func (a *Adapter) listPlaces(ctx context.Context) error {
	names := map[string]string{}
	var err error
	for _, kinds := range placeKinds {
		if err = a.listKinds(ctx, kinds, names); err == nil || !lacksScope(err) {
			break
		}
	}
	if lacking(err) {
		if a.places.unlisted() {
			a.log.Warn("channels cannot be found by their names; staff's are written to by the names in the config", "error", err)
		}
		return err
	}
	if err != nil {
		return err
	}
	for _, name := range a.places.found(names) {
		a.log.Error("a channel where staff work is not there, or the app was not invited to it: /invite it", "name", "#"+name)
	}
	return nil
}

// listKinds adds the channels of each of some kinds to names. Of several kinds those may be missing for which the app
// has no scope, but not all.
func (a *Adapter) listKinds(ctx context.Context, kinds []string, names map[string]string) error {
	var lacking error
	refused := 0
	for _, kind := range kinds {
		form := url.Values{"types": {kind}, "exclude_archived": {"true"}, "limit": {"1000"}}
		err := a.eachPage(ctx, "conversations.list", form, maxPages, func(answer map[string]json.RawMessage) bool {
			for _, raw := range list(answer["channels"]) {
				c := object(raw)
				if id, name := text(c["id"]), channelName(text(c["name"])); isPlace(id) && name != "" && !truth(c["is_archived"]) {
					names[name] = id
				}
			}
			return true
		})
		switch {
		case lacksScope(err):
			lacking = err
			refused++
		case err != nil:
			return err
		}
	}
	if refused == len(kinds) {
		return lacking
	}
	if lacking != nil {
		a.log.Warn("some channels cannot be found by their names, the app lacks a scope: see bot doctor", "error", lacking)
	}
	return nil
}

// lacking says whether a call was refused because the server does not have the method, or not for this app: another try
// changes nothing about it.
func lacking(err error) bool {
	switch calling.CodeOf(err) {
	case codeNoMethod, codeNoScope, "no_permission":
		return true
	}
	return false
}

// lacksScope says whether a call was refused because the app was not given a permission.
func lacksScope(err error) bool { return calling.CodeOf(err) == codeNoScope }

// findStaff looks for the staff's channels before the first event is taken.
func (a *Adapter) findStaff(ctx context.Context) {
	if a.places.complete() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	if err := a.listPlaces(ctx); err != nil && !lacking(err) {
		a.log.Warn("the channels where staff work could not be looked up yet", "error", err)
	}
}

// watchStaff keeps the staff's channels known until ctx ends.
func (a *Adapter) watchStaff(ctx context.Context) {
	if len(a.places.wanted) == 0 {
		return
	}
	for {
		wait := staffRefresh
		if !a.places.complete() && !a.places.isBlind() {
			wait = staffRetry
		}
		if calling.Pause(ctx, wait) != nil {
			return
		}
		if err := a.listPlaces(ctx); err != nil && ctx.Err() == nil && !lacking(err) {
			a.log.Warn("the channels could not be listed", "error", err)
		}
	}
}

// chatOf is the id of the place that an address names: a channel's id or #name, or a person.
func (a *Adapter) chatOf(ctx context.Context, chat string) (string, error) {
	switch {
	case isPlace(chat):
		return chat, nil
	case isUser(chat):
		return a.open(ctx, chat)
	case strings.HasPrefix(chat, "#") && len(chat) > 1:
	default:
		return "", payload("bad_address", "the chat is neither an id of the platform nor a #name")
	}
	name := channelName(chat)
	id, asked := a.places.known(name)
	if id != "" && asked {
		return id, nil
	}
	if !asked {
		if err := a.listPlaces(ctx); err != nil {
			switch {
			case id != "":
				return id, nil // an older answer is better than none
			case lacking(err):
				return "#" + name, nil // the platform takes a name for a new message, too
			}
			return "", err
		}
		id, _ = a.places.known(name)
	}
	if id == "" && a.places.isBlind() {
		return "#" + name, nil
	}
	if id == "" {
		return "", &conversation.SendError{
			Kind: conversation.PersonUnreachable, Code: codeNoChannel,
			Err: errors.New("there is no channel of that name, or the app was not invited to it"),
		}
	}
	return id, nil
}

// retryAfter is the wait that an error asks for.
func retryAfter(err error) time.Duration {
	var se *conversation.SendError
	if errors.As(err, &se) {
		return se.RetryAfter
	}
	return 0
}

// forget has the channels listed anew when the next name is looked up.
func (p *places) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = time.Time{}
}
