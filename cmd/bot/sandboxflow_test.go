package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/persistence/dbtest"
)

// box is a running sandbox, driven through its JSON API as a script would.
type box struct {
	t    *testing.T
	url  string
	bot  *process
	data string
	file string // the config
}

// said is one entry of a transcript.
type said struct {
	ID      string   `json:"id"`
	From    string   `json:"from"`
	Text    string   `json:"text"`
	Buttons []string `json:"buttons"`
	Image   string   `json:"image"`
	Edited  bool     `json:"edited"`
}

var readyLine = regexp.MustCompile(`sandbox ready (http://\S+)`)

// startBox starts `bot sandbox` with the example business, as a process.
func startBox(t *testing.T) *box {
	t.Helper()
	return startBoxOn(t, "config.example.yaml")
}

// startBoxOn starts it with another config.
func startBoxOn(t *testing.T, file string) *box {
	t.Helper()
	b := &box{t: t, data: dbtest.Folder(t), file: file}
	b.start()
	return b
}

// start starts the program on the box's data.
func (b *box) start() {
	b.t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		b.t.Fatal(err)
	}
	b.bot = startBot(b.t, root, nil, "sandbox", "-c", b.file, "--addr", "127.0.0.1:0", "--data", b.data, "--patience", longest.String())
	deadline := time.After(longest)
	for {
		if m := readyLine.FindStringSubmatch(b.bot.out.String()); m != nil {
			b.url = m[1]
			return
		}
		select {
		case <-b.bot.out.more:
		case <-b.bot.exited:
			b.t.Fatalf("the sandbox ended: %s", b.bot.err)
		case <-deadline:
			b.t.Fatalf("the sandbox is not ready: %s", b.bot.err)
		}
	}
}

// killAndRestart is a power cut.
func (b *box) killAndRestart() {
	b.t.Helper()
	b.bot.kill()
	b.start()
}

// post calls the API and fails the test unless it answers 200.
func (b *box) post(path string, body any) map[string]any {
	b.t.Helper()
	status, answer := b.try(path, body)
	if status != http.StatusOK {
		b.t.Fatalf("POST %s %v: %d %v", path, body, status, answer)
	}
	return answer
}

// try calls the API and answers its status.
func (b *box) try(path string, body any) (int, map[string]any) {
	b.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.Post(b.url+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		b.t.Fatalf("POST %s: %v; it said\n%s", path, err, tail(b.bot.err.String()))
	}
	defer resp.Body.Close()
	answer := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func (b *box) get(path string, into any) {
	b.t.Helper()
	resp, err := http.Get(b.url + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("GET %s: %d %s", path, resp.StatusCode, raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		b.t.Fatalf("GET %s: %v in %s", path, err, raw)
	}
}

// person is somebody who writes on a platform.
type person struct {
	box      *box
	platform string
	name     string
}

func (b *box) person(platform, name string) *person { return &person{b, platform, name} }

// say writes, waits until everything is at rest and answers what the bot said since.
func (p *person) say(text string) []said {
	p.box.t.Helper()
	before := len(p.chat())
	p.box.post("/api/"+p.platform+"/say", map[string]string{"as": p.name, "text": text})
	return p.since(before + 1)
}

// press presses the newest button with that label and answers what the bot said since.
func (p *person) press(label string) []said {
	p.box.t.Helper()
	before := len(p.chat())
	p.box.post("/api/"+p.platform+"/press", map[string]string{"as": p.name, "label": label})
	return p.since(before)
}

// since waits for rest and answers the transcript from an entry on.
func (p *person) since(n int) []said {
	p.box.t.Helper()
	p.box.idle()
	chat := p.chat()
	return chat[min(n, len(chat)):]
}

func (p *person) chat() []said {
	p.box.t.Helper()
	var chat []said
	p.box.get("/api/"+p.platform+"/chat?as="+url.QueryEscape(p.name), &chat)
	return chat
}

// state is what the service knows of the person.
func (p *person) state() map[string]any {
	p.box.t.Helper()
	var state map[string]any
	p.box.get("/api/state?as="+url.QueryEscape(p.name)+"&platform="+p.platform, &state)
	return state
}

func (b *box) idle() {
	b.t.Helper()
	b.post("/api/idle", map[string]string{"within": longest.String()})
}

func (b *box) advance(by string) {
	b.t.Helper()
	b.post("/api/clock", map[string]string{"advance": by})
	b.idle()
}

func (b *box) clockTo(at string) {
	b.t.Helper()
	b.post("/api/clock", map[string]string{"to": at})
	b.idle()
}

// text is everything that was said, a line each.
func text(all []said) string {
	var out strings.Builder
	for _, m := range all {
		fmt.Fprintf(&out, "%s: %s %v\n", m.From, m.Text, m.Buttons)
	}
	return out.String()
}

// want fails unless what was said holds all parts.
func want(t *testing.T, got []said, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text(got), part) {
			t.Errorf("%q is missing in\n%s", part, text(got))
		}
	}
}
