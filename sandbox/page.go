package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

//go:embed page
var pageFiles embed.FS

// The page shows more of a service that can say more about itself. Each of these is optional.
type (
	// upcomer knows what is due next by itself, and its name as an operator would say it.
	upcomer interface {
		Upcoming(ctx context.Context) (at time.Time, name string, ok bool)
	}
	// branded knows the business in whose name the bot writes.
	branded interface{ Brand() string }
)

// page is the browser's side of the sandbox. What people do goes through the JSON API; the page itself only reads, and
// moves the clock to times that a browser cannot work out.
type page struct {
	box       *Sandbox
	templates *template.Template
	assets    map[string]asset
	mux       *http.ServeMux
}

// asset is a file of the page, with the name under which browsers may keep it for ever.
type asset struct {
	data        []byte
	contentType string
	version     string
}

// policy lets the page load its own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Page is the web page to mount at "/". It panics when its own embedded files are broken, which a test would show.
func Page(box *Sandbox) http.Handler {
	p := &page{box: box, assets: map[string]asset{}, mux: http.NewServeMux()}
	if err := p.load(); err != nil {
		panic(fmt.Sprintf("the sandbox's page: %v", err))
	}
	p.mux.HandleFunc("GET /{$}", p.index)
	p.mux.HandleFunc("GET /events", p.events)
	p.mux.HandleFunc("GET /fragment/pane/{p}", p.paneFragment)
	p.mux.HandleFunc("GET /fragment/side/{p}", p.sideFragment)
	p.mux.HandleFunc("GET /fragment/clock", p.clockFragment)
	p.mux.HandleFunc("GET /media/{p}/{name}", p.media)
	p.mux.HandleFunc("GET /assets/{name}", p.asset)
	p.mux.HandleFunc("POST /clock", p.moveClock)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		p.mux.ServeHTTP(w, r)
	})
}

// load reads the embedded files.
func (p *page) load() error {
	files, err := fs.Glob(pageFiles, "page/*")
	if err != nil {
		return err
	}
	for _, name := range files {
		ext := path.Ext(name)
		if ext == ".html" {
			continue
		}
		data, err := pageFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		p.assets[path.Base(name)] = asset{
			data: data, contentType: mime.TypeByExtension(ext), version: hex.EncodeToString(sum[:6]),
		}
	}
	p.templates, err = template.New("page").Funcs(template.FuncMap{
		"asset": func(name string) string { return "/assets/" + name + "?v=" + p.assets[name].version },
	}).ParseFS(pageFiles, "page/*.html")
	return err
}

// asset serves a file of the page; its address changes with its content.
func (p *page) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}

// shownTypes are the files that a browser may show in place; any other is handed over as a download.
var shownTypes = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// media serves a picture or a file of a transcript.
func (p *page) media(w http.ResponseWriter, r *http.Request) {
	platform, ok := p.box.Platform(r.PathValue("p"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	contentType, data, ok := platform.Media(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment")
	for _, shown := range shownTypes {
		if strings.HasPrefix(contentType, shown) {
			w.Header().Set("Content-Type", shown)
			w.Header().Del("Content-Disposition")
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// index is the whole page, readable as it comes; the script then keeps it up to date.
func (p *page) index(w http.ResponseWriter, r *http.Request) {
	p.render(w, "index", p.view(r.Context(), r.URL.Query()))
}

// paneFragment is one chat anew.
func (p *page) paneFragment(w http.ResponseWriter, r *http.Request) {
	platform, ok := p.box.Platform(r.PathValue("p"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	p.render(w, "pane", p.pane(platform, seat{Name: q.Get("as"), In: q.Get("in"), Locale: q.Get("locale")}))
}

// sideFragment is what the service knows of a customer, and the last calls of the platform.
func (p *page) sideFragment(w http.ResponseWriter, r *http.Request) {
	platform, ok := p.box.Platform(r.PathValue("p"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	p.render(w, "side", p.side(r.Context(), platform, r.URL.Query().Get("as")))
}

// clockFragment is the business clock.
func (p *page) clockFragment(w http.ResponseWriter, r *http.Request) {
	p.render(w, "clock", p.clockView(r.Context()))
}

// render writes a template whole or not at all.
func (p *page) render(w http.ResponseWriter, name string, data any) {
	var buf bytes.Buffer
	if err := p.templates.ExecuteTemplate(&buf, name, data); err != nil {
		http.Error(w, "the page cannot be shown: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(buf.Bytes())
}

// localTime is how a browser's field for date and time writes, without a zone.
const localTime = "2006-01-02T15:04"

// moveClock moves the business clock to what is due next, or to a local time in the brand's zone.
func (p *page) moveClock(w http.ResponseWriter, r *http.Request) {
	route{http.MethodPost, func(r *http.Request) (any, error) {
		var in struct {
			Next bool   `json:"next"`
			To   string `json:"to"`
		}
		if err := readJSON(r, &in); err != nil {
			return nil, err
		}
		to, err := p.target(r.Context(), in.Next, in.To)
		if err != nil {
			return nil, err
		}
		if err := p.box.Advance(r.Context(), to); err != nil {
			return nil, fmt.Errorf("advance the clock to %s: %w", to.Format(time.RFC3339), err)
		}
		return struct {
			Now time.Time `json:"now"`
		}{p.box.Service().Now()}, nil
	}}.handler().ServeHTTP(w, r)
}

// target is the moment that moveClock is asked for.
func (p *page) target(ctx context.Context, next bool, local string) (time.Time, error) {
	now := p.box.Service().Now()
	if next {
		at, _, ok := p.upcoming(ctx)
		if !ok {
			return at, bad("nothing is due")
		}
		if at.Before(now) {
			at = now
		}
		return at, nil
	}
	to, err := time.ParseInLocation(localTime, local, now.Location())
	switch {
	case err != nil:
		return to, bad("%q is not a date and a time such as 2026-12-04T10:00", local)
	case to.Before(now):
		return to, bad("the clock only goes forward, and it is %s already", now.Format(localTime))
	}
	return to, nil
}

// upcoming is what is due next, when the service can tell.
func (p *page) upcoming(ctx context.Context) (at time.Time, name string, ok bool) {
	if u, can := p.box.Service().(upcomer); can {
		return u.Upcoming(ctx)
	}
	return time.Time{}, "", false
}

// brand is the business in whose name the bot writes.
func (p *page) brand() string {
	if b, ok := p.box.Service().(branded); ok && b.Brand() != "" {
		return b.Brand()
	}
	return "Your business"
}

// state asks the service what it knows of somebody; nothing of a person who has never written.
func (p *page) state(ctx context.Context, platform lookalike.Platform, name string) (any, error) {
	person, ok := known(platform, name)
	if !ok {
		return nil, nil
	}
	state, err := p.box.Service().State(ctx, platform.Name(), person.ID)
	if errors.Is(err, lookalike.ErrNotFound) {
		return nil, nil
	}
	return state, err
}
