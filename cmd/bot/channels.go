package main

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/adapters/discord"
	"github.com/rapport-chat/rapport/adapters/slack"
	"github.com/rapport-chat/rapport/adapters/telegram"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/desk"
	"github.com/rapport-chat/rapport/language"
)

// channelKind is one row of the table of channels: a fourth channel is a folder and a line here.
type channelKind struct {
	name string
	// open makes the channel; nil when the config does not have it.
	open func(set settings, log *slog.Logger) (conversation.Channel, error)
}

var channelKinds = []channelKind{
	{telegram.Name, func(set settings, log *slog.Logger) (conversation.Channel, error) {
		if set.Channels.Telegram == nil {
			return nil, nil
		}
		return telegram.New(*set.Channels.Telegram, log)
	}},
	{discord.Name, func(set settings, log *slog.Logger) (conversation.Channel, error) {
		if set.Channels.Discord == nil {
			return nil, nil
		}
		sorry, err := set.sorry()
		if err != nil {
			return nil, err
		}
		return discord.New(*set.Channels.Discord, log, discord.WithSorry(sorry))
	}},
	{slack.Name, func(set settings, log *slog.Logger) (conversation.Channel, error) {
		if set.Channels.Slack == nil {
			return nil, nil
		}
		cfg := *set.Channels.Slack
		cfg.StaffChannels = set.staffChannels()
		return slack.New(cfg, log)
	}},
}

// sorry are the words that tell a person that something could not be kept, in the language of the app where the brand
// speaks it.
func (s settings) sorry() (func(locale string) string, error) {
	c, _, err := s.catalogue()
	if err != nil {
		return nil, err
	}
	return func(locale string) string {
		lang := s.Brand.Languages[0]
		tag, _, _ := strings.Cut(locale, "-")
		if slices.Contains(s.Brand.Languages, language.Code(tag)) {
			lang = language.Code(tag)
		}
		return c.Label(lang, "error.later", nil)
	}, nil
}

// openChannels makes every channel that the config has.
func openChannels(set settings, log *slog.Logger) ([]conversation.Channel, error) {
	var all []conversation.Channel
	for _, kind := range channelKinds {
		channel, err := kind.open(set, log)
		if err != nil {
			return nil, err
		}
		if channel != nil {
			all = append(all, channel)
		}
	}
	return all, nil
}

// staffChannels are the places where staff work, the main one first.
func (s settings) staffChannels() []string {
	return desk.Channels(s.Staff, &s.Desk)
}
