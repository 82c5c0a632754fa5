package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// pulse is how often the stream looks whether the service is at rest and whether its clock was moved.
	pulse = 300 * time.Millisecond
	// beat is how often something is written at least, so that a browser that is gone is noticed.
	beat = 15 * time.Second
	// leap is the difference from real time above which the clock counts as moved.
	leap = 2 * time.Second
)

// notice is one line of the stream. What it names has changed; the browser fetches it anew.
type notice struct {
	Kind     string   `json:"kind"` // "chat", "typing", "note", "work" or "clock"
	Platform string   `json:"platform,omitempty"`
	Person   string   `json:"person,omitempty"` // empty for everybody
	In       string   `json:"in,omitempty"`
	Note     string   `json:"note,omitempty"`
	Busy     []string `json:"busy,omitempty"`
}

// events streams what changes, until the browser leaves or the sandbox ends.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := stream{w: w, flush: http.NewResponseController(w)}
	changes, wait := p.changes(ctx)
	defer wait()
	defer cancel()
	look := time.NewTicker(pulse)
	defer look.Stop()
	heart := time.NewTicker(beat)
	defer heart.Stop()
	watch := watcher{box: p.box}
	err := out.send(watch.look(true)...)
	for err == nil {
		select {
		case <-ctx.Done():
			return
		case e := <-changes:
			err = out.send(noticeOf(e))
		case <-look.C:
			err = out.send(watch.look(false)...)
		case <-heart.C:
			err = out.comment("still here")
		}
	}
}

// changes joins the events of all platforms. wait returns when nothing writes to it any more, after ctx has ended.
func (p *page) changes(ctx context.Context) (joined <-chan lookalike.Event, wait func()) {
	all := make(chan lookalike.Event)
	var running sync.WaitGroup
	for _, platform := range p.box.cfg.Platforms {
		events := platform.Subscribe(ctx)
		running.Go(func() {
			for e := range events {
				select {
				case all <- e:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	return all, running.Wait
}

// noticeOf says in the stream's words what happened on a platform.
func noticeOf(e lookalike.Event) notice {
	n := notice{Kind: "chat", Platform: e.Platform, Person: e.Person, In: e.In, Note: e.Note}
	switch {
	case e.Note != "":
		n.Kind = "note"
	case e.Typing:
		n.Kind = "typing"
	}
	return n
}

// watcher notices what no platform tells: that the service has come to rest, and that its clock was moved.
type watcher struct {
	box  *Sandbox
	busy string
	lead time.Duration // of the business clock over the machine's
}

// look answers what has changed since the last look, or how everything stands.
func (w *watcher) look(first bool) []notice {
	var found []notice
	if lead := time.Until(w.box.Service().Now()); first || (lead-w.lead).Abs() > leap {
		w.lead = lead
		found = append(found, notice{Kind: "clock"})
	}
	busy := w.box.Busy()
	if text := strings.Join(busy, "; "); first || text != w.busy {
		w.busy = text
		found = append(found, notice{Kind: "work", Busy: busy})
	}
	return found
}

// stream writes server-sent events.
type stream struct {
	w     http.ResponseWriter
	flush *http.ResponseController
}

func (s stream) send(list ...notice) error {
	for _, n := range list {
		line, err := json.Marshal(n)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(s.w, "data: %s\n\n", line); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return s.flush.Flush()
}

func (s stream) comment(text string) error {
	if _, err := fmt.Fprintf(s.w, ": %s\n\n", text); err != nil {
		return err
	}
	return s.flush.Flush()
}
