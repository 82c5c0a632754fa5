package telegram

import (
	"encoding/json"
	"regexp"
)

const (
	// maxCommands and maxCommandText are from core.telegram.org/bots/api#setmycommands and #botcommand.
	maxCommands    = 100
	maxCommandText = 256
)

// command is one line of the menu of commands.
type command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

var (
	commandForm  = regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
	languageForm = regexp.MustCompile(`^([a-z]{2})?$`)
)

// scopeKey names the list of commands for a scope and a language.
func scopeKey(p params) (string, error) {
	scope := struct {
		Type   string `json:"type"`
		ChatID any    `json:"chat_id"`
		UserID any    `json:"user_id"`
	}{Type: "default"}
	if raw := p.str("scope"); raw != "" {
		if json.Unmarshal([]byte(raw), &scope) != nil || scope.Type == "" {
			return "", badRequest("can't parse BotCommandScope")
		}
	}
	if !languageForm.MatchString(p.str("language_code")) {
		return "", badRequest("invalid language code specified")
	}
	key, err := json.Marshal([]any{scope.Type, scope.ChatID, scope.UserID, p.str("language_code")})
	return string(key), err
}

func (l *Lookalike) setMyCommands(p params) (any, error) {
	key, err := scopeKey(p)
	if err != nil {
		return nil, err
	}
	var list []command
	if json.Unmarshal([]byte(p.str("commands")), &list) != nil {
		return nil, badRequest("can't parse commands list JSON array")
	}
	if len(list) > maxCommands {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	for i, c := range list {
		if len(c.Command) > 0 && c.Command[0] == '/' {
			list[i].Command = c.Command[1:]
		}
		switch n := utf16Len(c.Description); {
		case !commandForm.MatchString(list[i].Command):
			return nil, badRequest("BOT_COMMAND_INVALID")
		case n == 0:
			return nil, badRequest("command description must be non-empty")
		case n > maxCommandText:
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	return true, l.keepCommands(key, list)
}

func (l *Lookalike) keepCommands(key string, list []command) error {
	if err := l.save(record{Commands: &commandList{Key: key, List: list}}); err != nil {
		return err
	}
	l.commands[key] = list
	return nil
}

func (l *Lookalike) getMyCommands(p params) (any, error) {
	key, err := scopeKey(p)
	if err != nil {
		return nil, err
	}
	if list := l.commands[key]; list != nil {
		return list, nil
	}
	return []command{}, nil
}

func (l *Lookalike) deleteMyCommands(p params) (any, error) {
	key, err := scopeKey(p)
	if err != nil {
		return nil, err
	}
	return true, l.keepCommands(key, nil)
}

// setText is setMyName and its kin: one text per language, with its longest length.
func setText(field string, longest int) func(*Lookalike, params) (any, error) {
	return func(l *Lookalike, p params) (any, error) {
		if !languageForm.MatchString(p.str("language_code")) {
			return nil, badRequest("invalid language code specified")
		}
		if utf16Len(p.str(field)) > longest {
			return nil, badRequest("bot %s is too long", field)
		}
		key := field + ":" + p.str("language_code")
		if err := l.save(record{Text: &storedText{Key: key, Value: p.str(field)}}); err != nil {
			return nil, err
		}
		l.texts[key] = p.str(field)
		return true, nil
	}
}

func getText(field string) func(*Lookalike, params) (any, error) {
	return func(l *Lookalike, p params) (any, error) {
		text := l.texts[field+":"+p.str("language_code")]
		if text == "" {
			text = l.texts[field+":"]
		}
		if text == "" && field == "name" {
			text = l.bot.FirstName
		}
		return map[string]string{field: text}, nil
	}
}

func (l *Lookalike) setChatMenuButton(p params) (any, error) {
	if raw := p.str("menu_button"); raw != "" {
		var b struct {
			Type string `json:"type"`
		}
		if json.Unmarshal([]byte(raw), &b) != nil || b.Type != "commands" && b.Type != "default" && b.Type != "web_app" {
			return nil, badRequest("can't parse menu button: unsupported type specified")
		}
	}
	return true, nil
}

func (l *Lookalike) getChatMenuButton(params) (any, error) {
	return map[string]string{"type": "commands"}, nil
}
