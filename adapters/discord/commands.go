package discord

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
)

// Figures of commands. Source: docs.discord.com/developers/interactions/application-commands, November 2026.
const (
	maxCommands    = 100
	maxDescription = 100
)

// commandName is what the platform takes for a name, in any language; capital letters are refused.
var commandName = regexp.MustCompile(`^[-_'\pL\pN\p{Devanagari}\p{Thai}]{1,32}$`)

// localeOf finds the platform's tag of a language, empty where the app does not speak it: there is no Azerbaijani.
func localeOf(code string) discordgo.Locale {
	switch code {
	case "", "az":
		return ""
	case "en":
		return discordgo.EnglishUS
	}
	for tag := range discordgo.Locales {
		if strings.EqualFold(string(tag), code) {
			return tag
		}
	}
	return ""
}

// SetCommands fills the one list of commands, with names and descriptions per language. The default ones are those of
// the empty code, else English, else the first language by code. A list that is refused is logged: nobody needs it to
// talk with the bot. The error is ctx's.
func (a *Adapter) SetCommands(ctx context.Context, menus map[string][]conversation.CommandInfo) error {
	codes := slices.Sorted(maps.Keys(menus))
	me := a.me.Load()
	if len(codes) == 0 || me == nil {
		return nil
	}
	base := codes[0]
	if _, ok := menus["en"]; ok && base != "" {
		base = "en"
	}
	var all []*discordgo.ApplicationCommand
	byName := map[string]*discordgo.ApplicationCommand{}
	for _, code := range append([]string{base}, codes...) {
		for _, c := range menus[code] {
			cmd := byName[c.Name]
			if cmd == nil {
				if len(all) == maxCommands || !validName(c.Name) {
					continue
				}
				cmd = newCommand(c)
				byName[c.Name], all = cmd, append(all, cmd)
			}
			localise(cmd, localeOf(code), c)
		}
	}
	_, err := a.call(ctx, &exchange{
		what: "set the commands", verb: http.MethodPut, path: "applications/" + me.app + "/commands", payload: all, repeat: true,
	})
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		a.log.Warn("the list of commands could not be set", "error", err)
	}
	return nil
}

func validName(name string) bool {
	return commandName.MatchString(name) && strings.ToLower(name) == name
}

// newCommand takes one optional line of text along, for what people type behind a command.
func newCommand(c conversation.CommandInfo) *discordgo.ApplicationCommand {
	return &discordgo.ApplicationCommand{
		Type: discordgo.ChatApplicationCommand, Name: c.Name, Description: fitting.Cut(c.Description, maxDescription),
		NameLocalizations: &map[discordgo.Locale]string{}, DescriptionLocalizations: &map[discordgo.Locale]string{},
		Options: []*discordgo.ApplicationCommandOption{{
			Type: discordgo.ApplicationCommandOptionString, Name: "text", Description: fitting.Ellipsis,
		}},
	}
}

func localise(cmd *discordgo.ApplicationCommand, tag discordgo.Locale, c conversation.CommandInfo) {
	if tag == "" {
		return
	}
	(*cmd.DescriptionLocalizations)[tag] = fitting.Cut(c.Description, maxDescription)
	if local := strings.ToLower(c.Local); local != "" && local != cmd.Name && validName(local) {
		(*cmd.NameLocalizations)[tag] = local
	}
}
