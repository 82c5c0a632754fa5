// Package browsertest drives the sandbox's page in Chromium, as a person with a mouse, a keyboard or a phone would.
package browsertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/rapport-chat/rapport/sandbox"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// patience is how long a page may take for what it has to do; a machine under load is slow.
const patience = 40 * time.Second

// chromium is the one browser of all tests here.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop []func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := len(chromium.stop) - 1; i >= 0; i-- {
		chromium.stop[i]()
	}
	os.Exit(code)
}

// find is the browser's program.
func find() (string, error) {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium: run scripts/need.sh chromium")
}

// startChromium starts the browser, with a new profile in a folder of its own.
func startChromium() {
	path, err := find()
	if err != nil {
		chromium.err = err
		return
	}
	dir, err := os.MkdirTemp("", "rapport-chromium-")
	if err != nil {
		chromium.err = err
		return
	}
	chromium.stop = append(chromium.stop, func() { _ = os.RemoveAll(dir) })
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(patience),
	)
	chromium.stop = append(chromium.stop, cancel)
	chromium.ctx, cancel = chromedp.NewContext(ctx)
	chromium.stop = append(chromium.stop, cancel)
	chromium.err = chromedp.Run(chromium.ctx)
}

// screen is what the person sits at.
type screen struct {
	width, height int64
	dark          bool
}

var (
	desk  = screen{width: 1400, height: 900}
	phone = screen{width: 360, height: 640}
)

// trial is a sandbox with a page open on it.
type trial struct {
	t        *testing.T
	ctx      context.Context
	telegram *telegram.Lookalike
	service  *service
	bot      *http.Client
	url      string
}

// open starts a sandbox with two customers and opens its page. Anything that the page complains about in the console,
// a breach of its own policy for one, fails the test.
func open(t *testing.T, on screen) trial {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	s := newService()
	l, err := telegram.New(telegram.Config{Limits: telegram.Limits{PerChat: -1, PerSecond: -1}, Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, p := range []lookalike.Person{{Name: "ayla", Locale: "az"}, {Name: "james", Locale: "en"}} {
		if _, err := l.Introduce(p); err != nil {
			t.Fatal(err)
		}
	}
	box := sandbox.New(sandbox.Config{Platforms: []lookalike.Platform{l}, Service: s})
	box.Handle("/", sandbox.Page(box))
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // the page's stream never ends by itself

	ctx, cancel := context.WithTimeout(chromium.ctx, 3*patience)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx) // a tab; each sandbox is another origin
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page's script failed: %v", e.ExceptionDetails)
		case *log.EventEntryAdded:
			if e.Entry.Source != log.SourceNetwork { // refusals by the API are part of some tests
				t.Errorf("the browser complains: %s: %s", e.Entry.Source, e.Entry.Text)
			}
		}
	})
	tr := trial{t: t, ctx: ctx, telegram: l, service: s, url: server.URL, bot: &http.Client{Transport: lookalike.Transport(l.Handler())}}
	scheme := "light"
	if on.dark {
		scheme = "dark"
	}
	tr.do("open the page",
		log.Enable(), runtime.Enable(),
		emulation.SetDeviceMetricsOverride(on.width, on.height, 1, on.width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
		chromedp.Navigate(server.URL+"/"),
	)
	tr.until(`document.documentElement.classList.contains('live')`)
	return tr
}

// do runs steps in the browser.
func (tr trial) do(what string, steps ...chromedp.Action) {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(tr.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, steps...); err != nil {
		tr.t.Fatalf("%s: %v\nthe page: %s", what, err, tr.text("body"))
	}
}

// until waits for a JavaScript expression to be true.
func (tr trial) until(expression string) {
	tr.t.Helper()
	tr.do("wait for "+expression, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patience)))
}

// sees waits until the chat shows the text.
func (tr trial) sees(text string) {
	tr.t.Helper()
	tr.until(fmt.Sprintf(`document.querySelector('.log').innerText.includes(%q)`, text))
}

// ask evaluates an expression.
func ask[T any](tr trial, expression string) T {
	tr.t.Helper()
	var value T
	tr.do("evaluate "+expression, chromedp.Evaluate(expression, &value))
	return value
}

// text is what stands in the first element, for messages of failed tests.
func (tr trial) text(selector string) string {
	var text string
	ctx, cancel := context.WithTimeout(tr.ctx, patience/8)
	defer cancel()
	_ = chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ''`, selector), &text))
	return strings.Join(strings.Fields(text), " ")
}

// click clicks the first element that is visible.
func (tr trial) click(selector string) {
	tr.t.Helper()
	tr.do("click "+selector, chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible))
}

// keys types on the keyboard, wherever the focus is.
func (tr trial) keys(text string) {
	tr.t.Helper()
	tr.do("type", chromedp.KeyEvent(text))
}

// calls makes a call of Telegram's API, as the service under trial would, and answers the result.
func (tr trial) calls(method, body string) []byte {
	tr.t.Helper()
	req, err := http.NewRequestWithContext(tr.t.Context(), http.MethodPost, "http://telegram.test/bot"+tr.telegram.Token()+"/"+method, strings.NewReader(body))
	if err != nil {
		tr.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := tr.bot.Do(req)
	if err != nil {
		tr.t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		tr.t.Fatalf("%s: %d %s, %v", method, res.StatusCode, answer, err)
	}
	return answer
}

// pressID fetches the bot's updates until there is a press, and answers its id.
func (tr trial) pressID() string {
	tr.t.Helper()
	for offset := 0; tr.ctx.Err() == nil; {
		var got struct {
			Result []struct {
				ID    int `json:"update_id"`
				Press struct {
					ID string `json:"id"`
				} `json:"callback_query"`
			} `json:"result"`
		}
		if err := json.Unmarshal(tr.calls("getUpdates", fmt.Sprintf(`{"timeout":20,"offset":%d}`, offset)), &got); err != nil {
			tr.t.Fatal(err)
		}
		for _, u := range got.Result {
			if offset = u.ID + 1; u.Press.ID != "" {
				return u.Press.ID
			}
		}
	}
	tr.t.Fatal("no press came")
	return ""
}
