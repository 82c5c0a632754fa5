package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
	"github.com/rapport-chat/rapport/sandbox"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

type sandboxCmd struct {
	Addr string `default:"127.0.0.1:8080" help:"Where the page and its JSON API are served."`
	Data string `placeholder:"DIR" help:"Keep everything in this folder, and go on from what is in it (default: a temporary one)."`
	Now  string `default:"2026-12-02T11:00:00" help:"What the service's clock shows at first, in the brand's zone."`

	Patience time.Duration `hidden:"" help:"How long the platforms' look-alikes wait for the service to answer a press, a command or a form; as long as the platforms do by default."`
}

// Run runs the whole service against look-alikes of the platforms, with a page in front.
func (c *sandboxCmd) Run(ctx context.Context, con terminal, cli *commandLine) (err error) {
	path := cli.configPath(true)
	set, err := readSettings(path, config.Ignore, con, false)
	if err != nil {
		return err
	}
	dir, cleanUp, err := c.dataDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cleanUp()) }()
	business, err := openClock(filepath.Join(dir, "clock"), c.Now, set.Brand.Timezone.Location())
	if err != nil {
		return usageError{err}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return usageError{fmt.Errorf("--addr %s cannot be served: %w", c.Addr, err)}
	}
	log := newLog(con)
	stand, err := newStand(ctx, dir, set, business.Now, c.Patience)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() { err = errors.Join(err, stand.close()) }()
	set.Channels = stand.channels(set.Channels)
	set.Database.URL = config.NewSecret("sqlite://" + filepath.Join(dir, "rapport.db"))
	set.HTTP.Addr = "127.0.0.1:0"
	set.Knowledge.LearnedFile = filepath.Join(dir, "learned.yaml") // not among the operator's own
	channels, err := openChannels(set, log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	db, err := openDatabase(ctx, set, path, persistence.Options{Clock: business, Log: log})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := wire(ctx, db, wiring{set: set, path: path, log: log, business: business.Movable, channels: channels})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	if err := seed(ctx, s, stand); err != nil {
		return errors.Join(fmt.Errorf("make the invented customers: %w", err), ln.Close())
	}
	return c.serve(ctx, con, ln, s, stand, business)
}

// dataDir is the named folder, or a temporary one that is removed at the end.
func (c *sandboxCmd) dataDir() (dir string, cleanUp func() error, err error) {
	if c.Data != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return "", nil, usageError{fmt.Errorf("--data: %w", err)}
		}
		dir, err := filepath.Abs(c.Data) // the database's place is read as seen from the config's folder
		return dir, func() error { return nil }, err
	}
	dir, err = os.MkdirTemp("", "rapport-sandbox-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// serve runs the service and the page until ctx ends. The line on standard output says that everything answers.
func (c *sandboxCmd) serve(ctx context.Context, con terminal, ln net.Listener, s *service, st *stand, clk *keptClock) error {
	box := sandbox.New(sandbox.Config{Platforms: st.platforms(), Service: &seam{service: s, clock: clk}})
	box.Handle("/", sandbox.Page(box))
	stages := newStages(ctx)
	defer stages.stop()
	ready, ended := context.WithCancel(ctx)
	defer ended()
	stages.start("service", func(ctx context.Context) error {
		defer ended() // a service that ended gets nothing ready
		return s.Run(ctx)
	})
	stages.start("page", func(ctx context.Context) error { return serve(ctx, ln, box.Handler()) })
	if err := st.awaitBots(ready, s); err == nil {
		fmt.Fprintf(con.out, "sandbox ready http://%s\n", ln.Addr())
	}
	return stages.wait()
}

// seam is what the sandbox sees of the service.
type seam struct {
	*service
	clock *keptClock
}

var _ sandbox.Service = (*seam)(nil)

// Now implements sandbox.Service.
func (s *seam) Now() time.Time { return s.business.Now().In(s.set.Brand.Timezone.Location()) }

// Advance implements sandbox.Service.
func (s *seam) Advance(ctx context.Context, to time.Time) error {
	err := s.driver.AdvanceTo(ctx, to, s.rest)
	return errors.Join(err, s.clock.keep())
}

// Upcoming tells what is due next, for the page.
func (s *seam) Upcoming(ctx context.Context) (time.Time, string, bool) {
	return s.driver.UpcomingName(ctx)
}

// Brand is the business's name, for the page.
func (s *seam) Brand() string { return s.set.Brand.Name }

// rest waits until what one due time started has left, so that the clock does not run away from it. A platform that does
// not take what is sent to it does not hold the clock up: time goes on while it is down.
func (s *seam) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restWithin)
	defer cancel()
	for len(s.working(ctx, (*outbox.Worker).Retrying)) > 0 {
		if err := (clock.Real{}).WaitUntil(ctx, time.Now().Add(lookEvery)); err != nil {
			return fmt.Errorf("what was due does not come to rest: %v", s.Busy())
		}
	}
	return nil
}

const (
	restWithin = 10 * time.Minute
	lookEvery  = 5 * time.Millisecond
)

// Busy implements sandbox.Service.
func (s *seam) Busy() []string {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	return append(s.working(ctx, func(*outbox.Worker) bool { return false }), s.parts.desk.busy(ctx)...)
}

// working is Busy without what the agenda has yet to do, and without what the workers that are left out have. It looks
// along the way of an answer, so that what goes on while it looks is not missed: the channel, the inbox, the engine, the
// outbox.
func (s *seam) working(ctx context.Context, leaveOut func(*outbox.Worker) bool) []string {
	var busy []string
	for _, c := range s.channels {
		if at, ok := c.(interface{ Busy() []string }); ok {
			busy = append(busy, at.Busy()...)
		}
	}
	open, err := s.db.Conversations().Unsettled(ctx, 0, 1)
	if err != nil || len(open) > 0 {
		busy = append(busy, "events in the inbox")
	}
	return append(busy, s.busy(leaveOut)...)
}

// State implements sandbox.Service.
func (s *seam) State(ctx context.Context, platform, userID string) (any, error) {
	state, err := s.personState(ctx, platform, userID)
	if errors.Is(err, conversation.ErrNotFound) {
		return nil, fmt.Errorf("%w: nobody of that name has written yet", lookalike.ErrNotFound)
	}
	return state, err
}
