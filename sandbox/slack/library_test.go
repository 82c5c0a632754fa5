package slack_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/slack"
)

// TestLibrary: the client library that most apps use understands the look-alike: an event, a post with a button, a
// press that opens a form, its submission, a file.
func TestLibrary(t *testing.T) {
	t.Parallel()
	limits := slack.Unlimited
	limits.AckWithin, limits.Trigger = time.Minute, time.Minute // of a busy machine, over real sockets
	l := open(t, slack.Config{Limits: limits})
	server, err := lookalike.Listen(t.Context(), "127.0.0.1:0", l.Handler())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	api := slackgo.New(l.BotToken(), slackgo.OptionAppLevelToken(l.AppToken()), slackgo.OptionAPIURL(server.URL()+"/api/"),
		slackgo.OptionHTTPClient(&http.Client{Transport: transport}))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	who, err := api.AuthTestContext(ctx)
	if err != nil || who.UserID != l.BotUser() {
		t.Fatalf("auth.test: %+v, %v", who, err)
	}
	client := socketmode.New(api)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(running) }()
	said := make(chan string, 1)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer(running, t, api, client, said)
	}()
	if err := l.Online(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Say(ctx, lookalike.Say{As: "ayla", Text: "salam <b> & co"}); err != nil {
		t.Fatal(err)
	}
	until(t, l, "the answer", func() bool { return len(l.Chat("ayla", "")) == 2 })
	m := l.Chat("ayla", "")[1]
	if m.From != "bot" || m.Text != "Echo: salam <b> & co" || len(m.Buttons) != 1 || m.Buttons[0] != "Form" {
		t.Errorf("the answer is %+v", m)
	}
	if err := l.Press(ctx, lookalike.Press{As: "ayla", Label: "form"}); err != nil {
		t.Fatal(err)
	}
	until(t, l, "a form", func() bool { _, open := l.OpenForm("ayla"); return open })
	if err := l.Submit(ctx, "ayla", map[string]string{"Why": "good"}); err != nil {
		t.Fatal(err)
	}
	select {
	case words := <-said:
		if words != "good" {
			t.Errorf("the form said %q", words)
		}
	case <-ctx.Done():
		t.Fatal("the form did not come")
	}
	if m := l.Chat("ayla", "")[2]; m.Attachment != lookalike.File || m.Text != "you said good\n📎 Report" {
		t.Errorf("the file is %+v", m)
	}
	stop()
	<-answered
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the client ended with %v", err)
	}
}

// answer is a small app.
func answer(ctx context.Context, t *testing.T, api *slackgo.Client, client *socketmode.Client, said chan<- string) {
	for {
		var e socketmode.Event
		select {
		case e = <-client.Events:
		case <-ctx.Done():
			return
		}
		switch data := e.Data.(type) {
		case slackevents.EventsAPIEvent:
			if err := client.AckCtx(ctx, e.Request.EnvelopeID, nil); err != nil && ctx.Err() == nil {
				t.Errorf("ack: %v", err)
			}
			m, ok := data.InnerEvent.Data.(*slackevents.MessageEvent)
			if !ok || m.BotID != "" {
				continue
			}
			button := slackgo.NewButtonBlockElement("act", "value", slackgo.NewTextBlockObject("plain_text", "Form", false, false))
			text := slackgo.NewTextBlockObject("mrkdwn", "*Echo:* "+m.Text, false, false)
			if _, _, err := api.PostMessageContext(ctx, m.Channel, slackgo.MsgOptionText("fallback", false), slackgo.MsgOptionBlocks(
				slackgo.NewSectionBlock(text, nil, nil), slackgo.NewActionBlock("", button))); err != nil {
				t.Errorf("post: %v", err)
			}
		case slackgo.InteractionCallback:
			if err := client.AckCtx(ctx, e.Request.EnvelopeID, nil); err != nil && ctx.Err() == nil {
				t.Errorf("ack: %v", err)
			}
			interact(ctx, t, api, data, said)
		}
	}
}

func interact(ctx context.Context, t *testing.T, api *slackgo.Client, data slackgo.InteractionCallback, out chan<- string) {
	words := func(s string) *slackgo.TextBlockObject {
		return slackgo.NewTextBlockObject("plain_text", s, false, false)
	}
	switch data.Type {
	case slackgo.InteractionTypeBlockActions:
		input := slackgo.NewInputBlock("why", words("Why"), nil, slackgo.NewPlainTextInputBlockElement(nil, "text"))
		if _, err := api.OpenViewContext(ctx, data.TriggerID, slackgo.ModalViewRequest{
			Type: slackgo.VTModal, Title: words("A form"), Submit: words("Send"), PrivateMetadata: data.Channel.ID,
			Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{input}},
		}); err != nil {
			t.Errorf("open a view: %v", err)
		}
	case slackgo.InteractionTypeViewSubmission:
		said := data.View.State.Values["why"]["text"].Value
		content := "a report"
		if _, err := api.UploadFileContext(ctx, slackgo.UploadFileParameters{
			Content: content, FileSize: len(content), Filename: "report.txt", Title: "Report", Channel: data.View.PrivateMetadata,
			InitialComment: "you said " + said,
		}); err != nil {
			t.Errorf("upload: %v", err)
		}
		out <- said
	}
}
