package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/clock"
	"github.com/rapport-chat/rapport/config"
	discordlike "github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
	slacklike "github.com/rapport-chat/rapport/sandbox/slack"
	telegramlike "github.com/rapport-chat/rapport/sandbox/telegram"
)

// stand is the platforms' look-alikes, each serving on loopback.
type stand struct {
	telegram *telegramlike.Lookalike
	discord  *discordlike.Lookalike
	slack    *slacklike.Lookalike
	servers  map[string]*lookalike.Server // by platform
}

// sandboxToken is the look-alike's own; no real bot has it.
const sandboxToken = "7000000001:sandbox-look-alike-of-telegram"

// newStand starts the look-alikes on what they kept in dir. patience is how long they wait for the service to answer a
// press, a command or a form; 0 for as long as the platforms do.
func newStand(ctx context.Context, dir string, set settings, now func() time.Time, patience time.Duration) (*stand, error) {
	s := &stand{servers: map[string]*lookalike.Server{}}
	var err error
	s.telegram, err = telegramlike.New(telegramlike.Config{
		Token: sandboxToken, Dir: filepath.Join(dir, "telegram"), Now: now, Limits: telegramlike.Limits{AnswerWithin: patience},
	})
	if err != nil {
		return nil, err
	}
	s.discord, err = discordlike.New(discordlike.Config{Dir: filepath.Join(dir, "discord"), Now: now, Limits: discordlike.Limits{Respond: patience}})
	if err != nil {
		return nil, errors.Join(err, s.telegram.Close())
	}
	s.slack, err = slacklike.New(slacklike.Config{
		Dir: filepath.Join(dir, "slack"), Now: now, Channels: channelNames(set.staffChannels()),
		Limits: slacklike.Limits{AckWithin: patience, Trigger: patience},
	})
	if err != nil {
		return nil, errors.Join(err, s.telegram.Close(), s.discord.Close())
	}
	for _, p := range s.platforms() {
		if s.servers[p.Name()], err = lookalike.Listen(ctx, "127.0.0.1:0", p.Handler()); err != nil {
			delete(s.servers, p.Name())
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// platforms are the look-alikes in the order in which the page shows them.
func (s *stand) platforms() []lookalike.Platform {
	return []lookalike.Platform{s.telegram, s.discord, s.slack}
}

// awaitBots returns when every channel of the service has reached its look-alike: on Discord a bot hears nothing of
// what is said before its gateway connection stands.
func (s *stand) awaitBots(ctx context.Context, svc *service) error {
	if err := svc.awaitChannels(ctx); err != nil {
		return err
	}
	return errors.Join(s.discord.Online(ctx), s.slack.Online(ctx))
}

// privateChat is the id of a person's chat with the bot: on Discord and Slack a channel of its own.
func (s *stand) privateChat(p lookalike.Platform, person lookalike.Person) string {
	switch p {
	case lookalike.Platform(s.discord):
		return s.discord.Direct(person.Name)
	case lookalike.Platform(s.slack):
		return s.slack.Direct(person.Name)
	}
	return person.ID
}

// channels is the operator's section with the look-alikes in the platforms' place.
func (s *stand) channels(c channelSettings) channelSettings {
	c.Telegram = &telegram.Config{Token: config.NewSecret(sandboxToken), APIURL: s.servers["telegram"].URL()}
	var offers discord.OffersPlace
	if had := c.Discord; had != nil && (had.Offers == discord.OffersInChannel || had.Offers == "" && had.OffersChannel != "") {
		offers = discord.OffersInChannel // the look-alike's only channel, whatever the operator's is called
	}
	c.Discord = &discord.Config{Token: config.NewSecret(s.discord.Token()), APIURL: s.servers["discord"].URL(), Offers: offers}
	c.Slack = &slack.Config{
		BotToken: config.NewSecret(s.slack.BotToken()), AppToken: config.NewSecret(s.slack.AppToken()), APIURL: s.servers["slack"].URL() + "/api/",
		Mode: slack.ModeSocket,
	}
	return c
}

// channelNames are the places where staff work, by name or id, as the look-alike makes them.
func channelNames(places []string) []string {
	names := make([]string, 0, len(places))
	for _, place := range places {
		names = append(names, strings.TrimPrefix(place, "#"))
	}
	return names
}

func (s *stand) close() error {
	var errs []error
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	for _, p := range s.platforms() {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// keptClock is a movable business clock whose lead over the machine's survives a restart.
type keptClock struct {
	*clock.Movable
	path string
}

// openClock goes on with the lead in the file, or starts at now in zone.
func openClock(path, now string, zone *time.Location) (*keptClock, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		lead, err := time.ParseDuration(strings.TrimSpace(string(raw)))
		if err != nil {
			return nil, err
		}
		return &keptClock{clock.NewMovable(lead), path}, nil
	}
	start, err := time.ParseInLocation("2006-01-02T15:04:05", now, zone)
	if err != nil {
		if start, err = time.Parse(time.RFC3339, now); err != nil {
			return nil, errors.New("--now is not a time such as 2026-12-02T11:00:00")
		}
	}
	k := &keptClock{clock.NewMovable(time.Until(start)), path}
	return k, k.keep()
}

// keep writes the lead down; a torn file cannot be left behind.
func (k *keptClock) keep() error {
	tmp := k.path + ".new"
	if err := os.WriteFile(tmp, []byte(k.Offset().String()+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, k.path)
}
