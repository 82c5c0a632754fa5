package telegram

import (
	"context"
	"maps"
	"slices"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	maxCommands    = 100 // Source: core.telegram.org/bots/api#setmycommands, November 2026
	maxDescription = 256
)

// SetCommands fills the menus of commands, by two-letter language code; the empty one is for everybody else. Without
// it English, or else the first language by code, is. A menu that the platform refuses is logged: nobody needs it to
// talk with the bot. The error is ctx's.
func (a *Adapter) SetCommands(ctx context.Context, menus map[string][]conversation.CommandInfo) error {
	codes := slices.Sorted(maps.Keys(menus))
	if len(codes) == 0 {
		return nil
	}
	if codes[0] != "" {
		fallback := codes[0]
		if _, ok := menus["en"]; ok {
			fallback = "en"
		}
		menus = maps.Clone(menus)
		menus[""] = menus[fallback]
		codes = append([]string{""}, codes...)
	}
	var refused []string
	var why error
	for _, code := range codes {
		if err := a.setMenu(ctx, code, menus[code]); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			refused, why = append(refused, code), err
		}
	}
	if why != nil {
		a.log.Warn("the menu of commands could not be set", "menus", len(refused), "of", len(codes), "languages", refused, "error", why)
	}
	return nil
}

func (a *Adapter) setMenu(ctx context.Context, code string, menu []conversation.CommandInfo) error {
	commands := make([]models.BotCommand, 0, len(menu))
	for _, c := range menu[:min(len(menu), maxCommands)] {
		words := []rune(clean(c.Description))
		commands = append(commands, models.BotCommand{Command: c.Name, Description: string(words[:min(len(words), maxDescription)])})
	}
	_, err := a.call(ctx, "setMyCommands", func(ctx context.Context) error {
		_, err := a.bot.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: commands, LanguageCode: code})
		return err
	})
	return err
}
