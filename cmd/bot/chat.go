package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rapport-chat/rapport/adapters/console"
	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/persistence"
)

type chatCmd struct {
	As     string   `default:"guest" placeholder:"NAME" help:"Who is writing."`
	Locale string   `placeholder:"LANG" help:"What the person's app would report: az, tr, ru or en."`
	JSON   bool     `help:"One JSON line per message: {\"text\",\"buttons\",\"article\"}."`
	Text   []string `arg:"" optional:"" help:"One message; without it, a dialogue: type a number to press a button."`
}

// Run passes what is typed through the real engine and store.
func (c *chatCmd) Run(ctx context.Context, con terminal, cli *commandLine) (err error) {
	if _, ok := language.Parse(c.Locale); c.Locale != "" && !ok {
		return usageError{fmt.Errorf("--locale %q is not one of az, tr, ru, en", c.Locale)}
	}
	if len(c.Text) > 0 && strings.TrimSpace(strings.Join(c.Text, " ")) == "" {
		return usageError{errors.New("there is nothing to say: write the message, as in: bot chat \"when do you open?\"; without one, “bot chat” is a dialogue")}
	}
	path := cli.configPath(true)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	business := clock.NewMovable(0)
	db, err := openDatabase(ctx, set, path, persistence.Options{Clock: business, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	lines := make(chan string)
	said := &counted{Printer: c.printer(con.out)}
	channel := console.New(c.As, c.Locale, lines, said)
	set.HTTP.Addr = ""
	w := wiring{set: set, path: path, log: log, business: business, channels: []conversation.Channel{channel}}
	if len(c.Text) > 0 {
		w.wait = -1 // nothing more comes
	}
	s, err := wire(ctx, db, w)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	stages := newStages(ctx)
	defer stages.stop()
	stages.start("service", func(ctx context.Context) error {
		defer stop() // a service that ended answers nothing more
		return s.Run(ctx)
	})
	if err := c.talk(ctx, con, s, lines); err != nil && ctx.Err() == nil {
		return err
	}
	stop()
	if err := stages.wait(); err != nil {
		return err
	}
	if len(c.Text) > 0 && said.messages.Load() == 0 {
		return errNoAnswer
	}
	return nil
}

// errNoAnswer ends a single message that nothing was said to.
var errNoAnswer = errors.New("no answer came: the bot keeps silent where a colleague answers, and when it is stopped; “bot chat” without a message shows the dialogue")

// counted is a Printer that counts what was shown. It is safe for concurrent use if the Printer is.
type counted struct {
	console.Printer
	messages atomic.Int64
}

// Print implements console.Printer.
func (p *counted) Print(m console.Message) error {
	err := p.Printer.Print(m)
	if err == nil {
		p.messages.Add(1)
	}
	return err
}

// talk sends the one message, or line after line, and returns when the last one has been answered.
func (c *chatCmd) talk(ctx context.Context, con terminal, s *service, lines chan<- string) error {
	if err := s.awaitChannels(ctx); err != nil {
		return err
	}
	if len(c.Text) > 0 {
		return s.sayAndRest(ctx, lines, strings.Join(c.Text, " "))
	}
	in := bufio.NewScanner(con.in)
	for in.Scan() {
		if err := s.sayAndRest(ctx, lines, in.Text()); err != nil {
			return err
		}
	}
	return in.Err()
}

// sayAndRest hands a line over and waits until it has been answered, however long that takes. The empty line after it is
// taken once the line itself is kept: until then nothing that could be looked at knows of it.
func (s *service) sayAndRest(ctx context.Context, lines chan<- string, line string) error {
	if strings.TrimSpace(line) == "" {
		return nil
	}
	for _, next := range []string{line, ""} {
		select {
		case lines <- next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	calm := 0
	for calm < calmLooks {
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(lookEvery)); err != nil {
			return err
		}
		calm++
		if len((&seam{service: s}).Busy()) > 0 {
			calm = 0
		}
	}
	return nil
}

// calmLooks is how often nothing may be busy before a line counts as answered.
const calmLooks = 10

func (c *chatCmd) printer(out io.Writer) console.Printer {
	if c.JSON {
		return jsonPrinter{json.NewEncoder(out)}
	}
	return console.Text{W: out}
}

// jsonPrinter writes a line per message for scripts.
type jsonPrinter struct{ out *json.Encoder }

// Print implements console.Printer.
func (p jsonPrinter) Print(m console.Message) error {
	line := struct {
		Text    string   `json:"text"`
		Buttons []string `json:"buttons"`
		Article string   `json:"article"`
	}{Text: m.Text, Buttons: []string{}}
	for _, b := range m.Buttons {
		line.Buttons = append(line.Buttons, b.Label)
		if id := articleOf(b); id != "" {
			line.Article = id
		}
	}
	return p.out.Encode(line)
}

// articleOf is the article that a "helped?" button stands under.
func articleOf(b console.Choice) string {
	if b.Action.Skill != "knowledge" || b.Action.Verb != "yes" {
		return ""
	}
	var data struct {
		Article string `json:"a"`
	}
	if json.Unmarshal(b.Action.Data, &data) != nil {
		return ""
	}
	return data.Article
}
