package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// telling is a service that says all that the page can show.
type telling struct {
	*service
	state any
	due   time.Time
}

func (s *telling) Brand() string { return "Nar <Coffee>" }

func (s *telling) Upcoming(context.Context) (time.Time, string, bool) {
	return s.due, "offer:friday_discount", !s.due.IsZero()
}

func (s *telling) State(context.Context, string, string) (any, error) {
	if err, ok := s.state.(error); ok {
		return nil, err
	}
	return s.state, nil
}

// newPage is a rig with the page in its place, and one customer.
func newPage(t *testing.T) (rig, *telling) {
	t.Helper()
	r := newRig(t)
	if _, err := r.telegram.Introduce(lookalike.Person{Name: "ayla", Locale: "az"}); err != nil {
		t.Fatal(err)
	}
	s := &telling{service: r.service, state: map[string]any{"language": "az"}}
	box := sandbox.New(sandbox.Config{Platforms: []lookalike.Platform{r.telegram}, Service: s})
	box.Handle("/", sandbox.Page(box))
	r.client = &http.Client{Transport: lookalike.Transport(box.Handler())}
	return r, s
}

// page fetches HTML.
func (r rig) page(path string) string {
	r.t.Helper()
	status, body, header := r.do(http.MethodGet, path, "")
	if status != http.StatusOK || header.Get("Content-Type") != "text/html; charset=utf-8" {
		r.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return body
}

var (
	inlined = regexp.MustCompile(`(?i)<[^>]+\s(on[a-z]+|style)\s*=|<script(\s[^>]*)?>[^<]|href="\s*javascript:`)
	values  = regexp.MustCompile(`="[^"]*"`)
)

// inline finds a handler, a style or a script that stands in the page itself, which its policy forbids.
func inline(body string) string {
	return inlined.FindString(values.ReplaceAllStringFunc(body, func(value string) string {
		if strings.Contains(value, "javascript:") {
			return value
		}
		return `=""`
	}))
}

// TestPageIsStrict: nothing inline, nothing from elsewhere, and the headers that hold a browser to it.
func TestPageIsStrict(t *testing.T) {
	t.Parallel()
	r, _ := newPage(t)
	status, body, header := r.do(http.MethodGet, "/", "")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	policy := header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	if found := inline(body); found != "" {
		t.Errorf("inline: %s", found)
	}
	if found := regexp.MustCompile(`(src|href)="(https?:)?//[^"]*"`).FindString(body); found != "" {
		t.Errorf("from elsewhere: %s", found)
	}
	for _, found := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(body, -1) {
		if status, _, header := r.do(http.MethodGet, found[1], ""); status != http.StatusOK || !strings.Contains(header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d, %s", found[1], status, header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{"/nowhere", "/assets/index.html", "/fragment/pane/myspace", "/fragment/side/myspace", "/media/telegram/none.png", "/media/x/y"} {
		if status, _, _ := r.do(http.MethodGet, path, ""); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
	if status, _, _ := r.do(http.MethodPost, "/clock", `{"next":true}`, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("another site's page may move the clock: %d", status)
	}
}

// TestPageEscapes: what people and the service say is text, wherever it stands.
func TestPageEscapes(t *testing.T) {
	t.Parallel()
	r, s := newPage(t)
	const evil = `<img src=x onerror=alert(1)>"'</textarea><script>alert(2)</script>`
	quoted, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	s.state = map[string]any{evil: evil, "tickets": []any{map[string]any{"state": evil, evil: []string{evil}}}}
	r.must(http.MethodPost, "/api/telegram/say", fmt.Sprintf(`{"as":"ayla","text":%s}`, quoted))
	r.bot("sendMessage", fmt.Sprintf(`{"chat_id":%s,"text":%s,"reply_markup":{"inline_keyboard":[[{"text":%s,"callback_data":"x"}]]}}`, r.telegram.Person("ayla").ID, quoted, quoted))
	r.bot("setMyCommands", fmt.Sprintf(`{"commands":[{"command":"help","description":%s}]}`, quoted))
	for _, path := range []string{"/", "/?telegram=%3Cscript%3E&telegram.in=%22%3E%3Cscript%3E&focus=%3Cscript%3E", "/fragment/side/telegram?as=ayla"} {
		body := r.page(path)
		if strings.Contains(body, "<img src=x") || strings.Contains(body, "<script>") || inline(body) != "" {
			t.Errorf("%s lets markup through", path)
		}
	}
	if body := r.page("/"); !strings.Contains(body, "Nar &lt;Coffee&gt;") || !strings.Contains(body, "&lt;img src=x onerror=alert(1)&gt;") {
		t.Error("the page does not show what was said")
	}
}

// TestPane: a chat by days, with ticks, edits, keyboards and the commands of the app's language.
func TestPane(t *testing.T) {
	t.Parallel()
	r, _ := newPage(t)
	id := r.telegram.Person("ayla").ID
	if body := r.page("/fragment/pane/telegram?as=ayla"); !strings.Contains(body, "Ayla has not written yet") {
		t.Error("an empty chat proposes nothing")
	}
	if body := r.page("/fragment/pane/telegram?as=leyla&locale=ru"); !strings.Contains(body, "data-start") || !strings.Contains(body, "сколько у меня баллов") {
		t.Error("a newcomer has no Start, or no example in Russian")
	}
	if len(r.telegram.People()) != 1 {
		t.Error("looking at a chat invents people")
	}
	r.bot("setMyCommands", `{"commands":[{"command":"help","description":"in English"}]}`)
	r.bot("setMyCommands", `{"commands":[{"command":"help","description":"azərbaycanca"}],"language_code":"az"}`)
	r.must(http.MethodPost, "/api/telegram/say", `{"as":"ayla","text":"salam"}`)
	r.must(http.MethodPost, "/api/telegram/edit", `{"as":"ayla","message":"1","text":"salam!"}`)
	body := r.page("/fragment/pane/telegram?as=ayla")
	for _, want := range []string{">salam!<", "edited", "azərbaycanca", `class="msg out`, ">sent<"} {
		if !strings.Contains(body, want) {
			t.Errorf("the pane lacks %s", want)
		}
	}
	r.bot("sendMessage", `{"chat_id":`+id+`,"text":"hi","reply_markup":{"keyboard":[[{"text":"Kartım"}]]}}`)
	body = r.page("/fragment/pane/telegram?as=ayla")
	for _, want := range []string{`class="msg in`, ">read<", `data-key-press="Kartım"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the pane lacks %s", want)
		}
	}
	r.must(http.MethodPost, "/api/telegram/block", `{"as":"ayla"}`)
	if body := r.page("/fragment/pane/telegram?as=ayla"); !strings.Contains(body, ">Unblock<") {
		t.Error("a blocked bot cannot be unblocked")
	}
}

// TestFacts: the state is shown whatever it holds, in words, the newest first, empty parts in one line.
func TestFacts(t *testing.T) {
	t.Parallel()
	r, s := newPage(t)
	s.state = map[string]any{
		"points": map[string]int{"pending": 7, "spendable": 1234567}, "tickets": []any{}, "tier": nil, "language": "az",
		"deliveries": []any{
			map[string]any{"offer": "older", "due": start.AddDate(0, 0, -2), "state": "sent"},
			map[string]any{"offer": "newer", "due": start.Add(time.Hour), "state": "suppressed", "reason": "quiet_hours", "note": ""},
		},
		"deep": map[string]any{"a": map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": map[string]any{"f": map[string]any{"g": "bottom"}}}}}}},
		"tags": []string{"one", "two"}, "opted_out": true,
	}
	body := r.page("/fragment/side/telegram?as=ayla")
	for _, want := range []string{"1\u202f234\u202f567", "Azərbaycanca", "Nothing yet: tier, tickets.", "today 12:00", "bottom", "opted out", `badge good`, `badge warn`, ">two<"} {
		if !strings.Contains(body, want) {
			t.Errorf("the side lacks %q", want)
		}
	}
	if strings.Index(body, "newer") > strings.Index(body, "older") || strings.Index(body, "Spendable") > strings.Index(body, "Pending") {
		t.Error("the order is not the one to read")
	}
	s.state = errors.New("the database is away")
	if body := r.page("/fragment/side/telegram?as=ayla"); !strings.Contains(body, "the database is away") {
		t.Error("a failure is not told")
	}
	if body := r.page("/fragment/side/telegram?as=nobody"); !strings.Contains(body, "has never written") {
		t.Error("a stranger is not told")
	}
}

// TestMoveClock: to what is due next, to a time in the brand's zone, never back.
func TestMoveClock(t *testing.T) {
	t.Parallel()
	r, s := newPage(t)
	for body, want := range map[string]int{
		`{"next":true}`: http.StatusBadRequest, `{"to":"2026-12-01T10:00"}`: http.StatusBadRequest, `{"to":"tomorrow"}`: http.StatusBadRequest,
		`{}`: http.StatusBadRequest, `{"to":"2101-01-01T00:00"}`: http.StatusInternalServerError,
	} {
		if status, answer, _ := r.do(http.MethodPost, "/clock", body); status != want || !strings.Contains(answer, "error") {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	s.due = start.Add(47 * time.Hour)
	if body := r.page("/fragment/clock"); !strings.Contains(body, "offer friday discount") || !strings.Contains(body, "Fri 4 Dec, 10:00") {
		t.Errorf("what is due next: %s", body)
	}
	r.must(http.MethodPost, "/clock", `{"next":true}`)
	if got := s.Now(); !got.Equal(s.due) {
		t.Errorf("the clock shows %v, want %v", got, s.due)
	}
	r.must(http.MethodPost, "/clock", `{"to":"2026-12-31T23:59"}`)
	if want := time.Date(2026, 12, 31, 19, 59, 0, 0, time.UTC); !s.Now().Equal(want) {
		t.Errorf("the clock shows %v, want %v", s.Now(), want)
	}
}

// TestMedia: pictures are shown, anything else is handed over as a file that no browser runs.
func TestMedia(t *testing.T) {
	t.Parallel()
	r, _ := newPage(t)
	r.must(http.MethodPost, "/api/telegram/say", `{"as":"ayla","attach":"photo"}`)
	image := r.telegram.Chat("ayla", "")[0].Image
	status, _, header := r.do(http.MethodGet, "/media/telegram/"+image, "")
	if status != http.StatusOK || header.Get("Content-Type") != "image/png" || !strings.Contains(header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the picture: %d %v", status, header)
	}
}

// TestEvents: the stream says what has changed, and ends with its reader.
func TestEvents(t *testing.T) {
	t.Parallel()
	r, s := newPage(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sandbox.test/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended before %s: %v", want, lines.Err())
	}
	next(`{"kind":"clock"}`)
	next(`{"kind":"work"`)
	r.must(http.MethodPost, "/api/telegram/say", `{"as":"ayla","text":"salam"}`)
	next(`{"kind":"chat","platform":"telegram","person":"ayla"}`)
	r.bot("sendChatAction", `{"chat_id":`+r.telegram.Person("ayla").ID+`,"action":"typing"}`)
	next(`"kind":"typing"`)
	s.setBusy("the till")
	next(`the till`)
	r.must(http.MethodPost, "/api/clock", `{"advance":"1h"}`)
	next(`{"kind":"clock"}`)
}

// TestManyCustomers: thousands of customers and messages do not make the page long.
func TestManyCustomers(t *testing.T) {
	t.Parallel()
	l, err := telegram.New(telegram.Config{Limits: telegram.Limits{PerChat: -1, PerSecond: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for i := range 300 {
		if _, err := l.Say(t.Context(), lookalike.Say{As: fmt.Sprintf("customer-%d", i), Text: "salam"}); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: fmt.Sprintf("line-%d-", i)}); err != nil {
			t.Fatal(err)
		}
	}
	box := sandbox.New(sandbox.Config{Platforms: []lookalike.Platform{l}, Service: &service{now: start}})
	w := httptest.NewRecorder()
	sandbox.Page(box).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?telegram=ayla", nil))
	body := w.Body.String()
	if n := strings.Count(body, "data-switch="); n > 10 {
		t.Errorf("%d tabs", n)
	}
	if !strings.Contains(body, "50 earlier messages") || strings.Contains(body, "line-49-") || !strings.Contains(body, "line-299-") {
		t.Error("not the newest 250 messages are shown")
	}
}

// TestFileNames: a file is shown with its name, once.
func TestFileNames(t *testing.T) {
	t.Parallel()
	l, err := slack.New(slack.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, text := range []string{"", "have a look"} {
		if _, err := l.Say(t.Context(), lookalike.Say{As: "nigar", Text: text, Attach: lookalike.File, In: slack.Staff}); err != nil {
			t.Fatal(err)
		}
	}
	box := sandbox.New(sandbox.Config{Platforms: []lookalike.Platform{l}, Service: &service{now: start}})
	w := httptest.NewRecorder()
	sandbox.Page(box).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?slack=nigar&slack.in=staff", nil))
	body := w.Body.String()
	if n, files := strings.Count(body, "note.txt"), strings.Count(body, `class="file"`); n != 2 || files != 2 || !strings.Contains(body, "have a look") {
		t.Errorf("%d names for %d of 2 files", n, files)
	}
}
