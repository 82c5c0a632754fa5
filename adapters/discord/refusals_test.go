package discord_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	platform "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/texts"
)

// always answers every call alike.
type always struct {
	status int
	body   string
	header http.Header
}

func (a always) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body) // a server reads what it refuses
	}
	header := a.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// refusal is an error of the API.
func refusal(code string) string { return `{"message":"refused","code":` + code + `}` }

// TestRefusals maps the platform's codes, and answers that are not the API's own, to what they mean.
// Source: docs.discord.com/developers/topics/opcodes-and-status-codes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	page := "<html><body>error code: 1015</body></html>"
	for name, c := range map[string]struct {
		answer always
		kind   conversation.ErrorKind
		whole  bool          // the whole bot has to wait
		least  time.Duration // the wait, at least
	}{
		"closed chat":               {always{403, refusal("50007"), nil}, conversation.PersonGone, false, 0},
		"no server in common":       {always{403, refusal("50278"), nil}, conversation.PersonGone, false, 0},
		"unknown channel":           {always{404, refusal("10003"), nil}, conversation.PersonUnreachable, false, 0},
		"unknown user":              {always{404, refusal("10013"), nil}, conversation.PersonUnreachable, false, 0},
		"no access":                 {always{403, refusal("50001"), nil}, conversation.PersonUnreachable, false, 0},
		"no permission":             {always{403, refusal("50013"), nil}, conversation.PersonUnreachable, false, 0},
		"forbidden without a word":  {always{403, `{"message":null,"code":null}`, nil}, conversation.PersonUnreachable, false, 0},
		"an invalid form":           {always{400, refusal("50035"), nil}, conversation.OurPayload, false, 0},
		"an empty message":          {always{400, refusal("50006"), nil}, conversation.OurPayload, false, 0},
		"a code of tomorrow":        {always{400, refusal("99999"), nil}, conversation.OurPayload, false, 0},
		"too large":                 {always{413, refusal("40005"), nil}, conversation.OurPayload, false, 0},
		"filtered by the server":    {always{400, refusal("200000"), nil}, conversation.OurPayload, false, 0},
		"a dead token":              {always{401, `{"message":"401: Unauthorized","code":0}`, nil}, conversation.OurCredentials, false, 0},
		"the proxy":                 {always{403, refusal("40333"), nil}, conversation.Temporary, false, 0},
		"chats opened too fast":     {always{400, refusal("40003"), nil}, conversation.RateLimited, false, time.Second},
		"a channel's limit":         {always{429, `{"message":"slow","retry_after":1.5,"global":false}`, nil}, conversation.RateLimited, false, 1500 * time.Millisecond},
		"the bot's limit":           {always{429, `{"message":"slow","retry_after":20,"global":true}`, nil}, conversation.RateLimited, true, 20 * time.Second},
		"a wait in the header":      {always{429, `{"message":"slow"}`, http.Header{"Retry-After": {"7"}}}, conversation.RateLimited, false, 7 * time.Second},
		"a wait of no kind":         {always{429, `{"retry_after":"soon","global":null}`, nil}, conversation.RateLimited, false, time.Second},
		"a ban by the proxy":        {always{429, page, nil}, conversation.RateLimited, true, 30 * time.Second},
		"broken":                    {always{500, refusal("0"), nil}, conversation.Temporary, false, 0},
		"a page instead":            {always{400, page, nil}, conversation.Temporary, false, 0},
		"unavailable":               {always{503, page, nil}, conversation.Temporary, false, 0},
		"the proxy gave up":         {always{502, page, nil}, conversation.OutcomeUnknown, false, 0},
		"nothing that is a message": {always{200, `{"id":null}`, nil}, conversation.OutcomeUnknown, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := discord.New(discord.Config{Token: config.NewSecret(platform.DefaultToken), APIURL: "http://discord.test"},
				slog.New(slog.DiscardHandler), discord.WithTransport(c.answer))
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Send(t.Context(), conversation.Sending{Outgoing: conversation.Outgoing{
				To: conversation.Address{Chat: "1204400000000000500"}, Body: conversation.Body{Text: texts.Literal("hello")},
			}})
			var se *conversation.SendError
			if !errors.As(err, &se) || se.Kind != c.kind || se.Code == "" || se.WholeBot != c.whole || se.RetryAfter < c.least {
				t.Errorf("got %+v, want %s, whole bot %t, wait %s", se, c.kind, c.whole, c.least)
			}
			if strings.Contains(err.Error(), platform.DefaultToken) {
				t.Error("the token is in the error")
			}
		})
	}
}

// TestOnlyPeopleSpeak: what bots, webhooks and the platform itself write is nobody's message, our own among it; a member's
// chatter that does not mention us is none of ours.
func TestOnlyPeopleSpeak(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		for _, data := range []string{
			`{"id":"11","channel_id":"7","author":{"id":"` + s.l.BotID() + `","bot":true},"content":"ours"}`,
			`{"id":"12","channel_id":"7","author":{"id":"9","bot":true},"content":"another bot"}`,
			`{"id":"13","channel_id":"7","author":{"id":"9"},"webhook_id":"5","content":"a webhook"}`,
			`{"id":"14","channel_id":"7","author":{"id":"9","system":true},"content":"the platform"}`,
			`{"id":"15","channel_id":"7","author":{"id":"9"},"content":"","type":3}`,
			`{"id":"16","channel_id":"7","guild_id":"3","author":{"id":"9"},"content":"among members"}`,
			`{"id":"17","channel_id":"7","guild_id":"3","author":{"id":"9"},"content":"<@5> to another"}`,
		} {
			s.l.Inject("MESSAGE_CREATE", []byte(data))
		}
		s.l.Inject("MESSAGE_CREATE", []byte(`{"id":"18","channel_id":"7","guild_id":"3","author":{"id":"9"},"content":"<@`+s.l.BotID()+`> to us"}`))
		s.after(time.Second)
		if got := s.inbox.texts(); len(got) != 1 || got[0] != "to us" {
			s.Errorf("kept %q", got)
		}
	})
}
