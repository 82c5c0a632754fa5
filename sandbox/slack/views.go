package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Figures of views. Source: docs.slack.dev/reference/views.
const (
	maxTitle    = 24
	maxMetadata = 3000
	maxPushed   = 3
)

// view is a modal or a home tab. The last fields are the look-alike's own.
type view struct {
	ID            string      `json:"id"`
	TeamID        string      `json:"team_id"`
	Type          string      `json:"type"`
	Title         *textObject `json:"title,omitempty"`
	Submit        *textObject `json:"submit,omitempty"`
	Close         *textObject `json:"close,omitempty"`
	Blocks        []block     `json:"blocks"`
	Metadata      string      `json:"private_metadata"`
	CallbackID    string      `json:"callback_id"`
	ExternalID    string      `json:"external_id"`
	ClearOnClose  bool        `json:"clear_on_close"`
	NotifyOnClose bool        `json:"notify_on_close"`
	Hash          string      `json:"hash"`
	RootID        string      `json:"root_view_id"`
	PreviousID    *string     `json:"previous_view_id"`
	AppID         string      `json:"app_id"`
	InstalledTeam string      `json:"app_installed_team_id"`
	BotID         string      `json:"bot_id"`
	State         any         `json:"state"`
}

// home is what a person sees in the App Home.
type home struct {
	Person string    `json:"person"`
	View   *view     `json:"view"`
	At     time.Time `json:"at"`

	asked time.Time // when the person last opened the tab
}

// readView reads and checks a view that the app gives.
func (l *Lookalike) readView(data json.RawMessage, kind string) (*view, error) {
	var in struct {
		Type          string          `json:"type"`
		Title         *textObject     `json:"title"`
		Submit        *textObject     `json:"submit"`
		Close         *textObject     `json:"close"`
		Blocks        json.RawMessage `json:"blocks"`
		Metadata      string          `json:"private_metadata"`
		CallbackID    string          `json:"callback_id"`
		ExternalID    string          `json:"external_id"`
		ClearOnClose  bool            `json:"clear_on_close"`
		NotifyOnClose bool            `json:"notify_on_close"`
		SubmitOff     bool            `json:"submit_disabled"`
	}
	if len(data) == 0 || json.Unmarshal(data, &in) != nil {
		return nil, refuse("invalid_arguments", "[ERROR] missing or broken [json-pointer:/view]")
	}
	if in.Type != kind {
		return nil, refuse("invalid_arguments", "[ERROR] unsupported type: "+in.Type+" [json-pointer:/view/type]")
	}
	blocks, err := l.readBlocks(in.Blocks, maxViewBlocks)
	if err != nil {
		r := new(refusal)
		asRefusal(err, &r)
		return nil, refuse("invalid_arguments", append([]string{"[ERROR] in the view's blocks"}, r.messages...)...)
	}
	v := &view{
		Type: kind, Title: in.Title, Submit: in.Submit, Close: in.Close, Blocks: blocks, Metadata: in.Metadata,
		CallbackID: in.CallbackID, ExternalID: in.ExternalID, ClearOnClose: in.ClearOnClose, NotifyOnClose: in.NotifyOnClose,
		TeamID: l.app.team, AppID: l.app.app, InstalledTeam: l.app.team, BotID: l.app.bot,
		State: map[string]any{"values": map[string]any{}},
	}
	return v, v.check()
}

// check refuses what Slack refuses of a view besides its blocks.
func (v *view) check() error {
	if utf8.RuneCountInString(v.Metadata) > maxMetadata || utf8.RuneCountInString(v.CallbackID) > maxID {
		return refuse("invalid_arguments", "[ERROR] must be less than 3001 characters [json-pointer:/view/private_metadata]")
	}
	if v.Type == "home" {
		return nil
	}
	if err := checkText(v.Title, "plain_text", maxTitle, "title"); err != nil {
		return refuse("invalid_arguments", "[ERROR] must be between 1 and 24 characters [json-pointer:/view/title]")
	}
	for _, t := range []*textObject{v.Submit, v.Close} {
		if t != nil && checkText(t, "plain_text", maxTitle, "submit") != nil {
			return refuse("invalid_arguments", "[ERROR] must be between 1 and 24 characters [json-pointer:/view/submit]")
		}
	}
	for _, b := range v.Blocks {
		if b.Type == "input" && v.Submit == nil {
			return refuse("invalid_arguments", "[ERROR] missing required field: submit [json-pointer:/view]")
		}
	}
	return nil
}

// use takes a trigger, which opens one view, in time.
func (l *Lookalike) use(name string) (*person, error) {
	t := l.triggers[name]
	switch {
	case t == nil:
		return nil, refuse("invalid_trigger_id")
	case time.Since(t.at) > l.cfg.Limits.Trigger:
		return nil, refuse("expired_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	}
	t.used = true
	return t.person, nil
}

// show puts a view before a person; on is the one under it.
func (l *Lookalike) show(p *person, v *view, on *view) {
	v.ID = id("V", "view", l.newTS())
	v.RootID = v.ID
	if on != nil {
		v.RootID, v.PreviousID = on.RootID, &on.ID
	}
	v.Hash = l.newTS()
	l.views[v.ID] = v
	l.modals[p.Name] = append(l.modals[p.Name], v)
	l.hub.Publish(lookalike.Event{Platform: l.Name(), Person: p.Name})
}

// forgetModals closes what is open for a person, when a new modal opens or one is left.
func (l *Lookalike) forgetModals(name string, from int) {
	open := l.modals[name]
	for _, v := range open[from:] {
		delete(l.views, v.ID)
	}
	l.modals[name] = open[:from]
	if from == 0 {
		delete(l.modals, name)
	}
}

// modals are what is open for a person, the one on top last: the person's client keeps it, whatever becomes of the app.
type modals struct {
	Person string  `json:"person"`
	Open   []*view `json:"open"`
}

// keepModals saves what is open for a person now.
func (l *Lookalike) keepModals(name string) error {
	return l.save(record{Modals: &modals{Person: name, Open: l.modals[name]}})
}

// replayModals takes what was open for a person back into memory.
func (l *Lookalike) replayModals(m *modals) {
	l.forgetModals(m.Person, 0)
	for _, v := range m.Open {
		l.views[v.ID] = v
		l.modals[m.Person] = append(l.modals[m.Person], v)
	}
}

func (l *Lookalike) viewsOpen(a args) (map[string]any, error) {
	v, err := l.readView(a.json("view"), "modal")
	if err != nil {
		return nil, err
	}
	p, err := l.use(a.str("trigger_id"))
	if err != nil {
		return nil, err
	}
	l.forgetModals(p.Name, 0)
	l.show(p, v, nil)
	return map[string]any{"view": v}, l.keepModals(p.Name)
}

func (l *Lookalike) viewsPush(a args) (map[string]any, error) {
	v, err := l.readView(a.json("view"), "modal")
	if err != nil {
		return nil, err
	}
	p, err := l.use(a.str("trigger_id"))
	if err != nil {
		return nil, err
	}
	open := l.modals[p.Name]
	if len(open) == 0 || len(open) >= maxPushed {
		return nil, refuse("push_limit_reached")
	}
	l.show(p, v, open[len(open)-1])
	return map[string]any{"view": v}, l.keepModals(p.Name)
}

func (l *Lookalike) viewsUpdate(a args) (map[string]any, error) {
	old := l.views[a.str("view_id")]
	for _, one := range l.views {
		if ext := a.str("external_id"); ext != "" && one.ExternalID == ext {
			old = one
		}
	}
	if old == nil {
		return nil, refuse("not_found")
	}
	if h := a.str("hash"); h != "" && h != old.Hash {
		return nil, refuse("hash_conflict")
	}
	v, err := l.readView(a.json("view"), old.Type)
	if err != nil {
		return nil, err
	}
	l.become(old, v)
	for name, open := range l.modals {
		if slices.Contains(open, old) {
			err = l.keepModals(name)
		}
	}
	return map[string]any{"view": old}, err
}

// become gives a view that is shown a new content.
func (l *Lookalike) become(old, v *view) {
	v.ID, v.RootID, v.PreviousID, v.Hash = old.ID, old.RootID, old.PreviousID, l.newTS()
	*old = *v
	l.hub.Publish(lookalike.Event{Platform: l.Name()})
}

func (l *Lookalike) viewsPublish(a args) (map[string]any, error) {
	p := l.byID[a.str("user_id")]
	if p == nil {
		return nil, errUserNotFound
	}
	if p.Deleted {
		return nil, refuse("not_enabled")
	}
	v, err := l.readView(a.json("view"), "home")
	if err != nil {
		return nil, err
	}
	h := &home{Person: p.Name, View: v, At: l.cfg.Now()}
	v.ID, v.Hash = id("V", "home", p.ID), l.newTS()
	v.RootID = v.ID
	if old := l.homes[p.Name]; old != nil {
		h.asked = old.asked
		if hash := a.str("hash"); hash != "" && old.View != nil && hash != old.View.Hash {
			return nil, refuse("hash_conflict")
		}
	}
	if err := l.save(record{Home: h}); err != nil {
		return nil, err
	}
	l.homes[p.Name] = h
	l.hub.Publish(lookalike.Event{Platform: l.Name(), Person: p.Name, In: homePlace})
	return map[string]any{"view": v}, nil
}

// homeEvery is how often reading the home tab counts as opening it.
const homeEvery = 30 * time.Second

// OpenHome opens the App Home: the app is told with app_home_opened.
func (l *Lookalike) OpenHome(as string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(as)
	if err != nil {
		return err
	}
	return l.visit(p, 0)
}

// visit opens the home tab, unless it was opened shortly before.
func (l *Lookalike) visit(p *person, again time.Duration) error {
	h := l.homes[p.Name]
	if h == nil {
		h = &home{Person: p.Name}
		l.homes[p.Name] = h
	}
	if p.Deleted {
		return fmt.Errorf("%s is deactivated: %w", p.Name, lookalike.ErrRefused)
	}
	if !h.asked.IsZero() && time.Since(h.asked) < again {
		return nil
	}
	h.asked = time.Now()
	inner := map[string]any{"type": "app_home_opened", "user": p.ID, "channel": p.DM, "tab": "home"}
	if h.View != nil {
		inner["view"] = h.View
	}
	return l.emit(inner)
}
