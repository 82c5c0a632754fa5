package telegram

import (
	"encoding/json"
	"errors"
	"strings"
)

const (
	// maxCallbackData is in bytes. Source: core.telegram.org/bots/api#inlinekeyboardbutton.
	maxCallbackData = 64
	// maxRow and maxButtons are what clients show; what is beyond is left out without a word.
	maxRow     = 8
	maxButtons = 100
	// maxCopyText counts UTF-16 units. Source: core.telegram.org/bots/api#copytextbutton.
	maxCopyText = 256
)

// keyboard is what a reply_markup says.
type keyboard struct {
	inline *inline
	menu   [][]menuKey // a reply keyboard
	remove bool        // takes the reply keyboard away
}

// parseMarkup reads a reply_markup. Nothing, and what is no keyboard at all, is no error.
func parseMarkup(raw string) (keyboard, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" || raw == "null" {
		return keyboard{}, nil
	}
	if !json.Valid([]byte(raw)) {
		return keyboard{}, badRequest("can't parse reply keyboard markup JSON object")
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &fields) != nil {
		return keyboard{}, badRequest("object expected as reply markup")
	}
	switch {
	case fields["inline_keyboard"] != nil:
		kb, err := parseInline(fields["inline_keyboard"])
		return keyboard{inline: kb}, err
	case fields["keyboard"] != nil:
		menu, err := parseMenu(fields["keyboard"])
		return keyboard{menu: menu}, err
	case string(fields["remove_keyboard"]) == "true":
		return keyboard{remove: true}, nil
	}
	return keyboard{}, nil
}

// parseInline reads the rows of an inline keyboard; an empty one is none.
func parseInline(raw json.RawMessage) (*inline, error) {
	var rows [][]json.RawMessage
	if string(raw) == "null" || json.Unmarshal(raw, &rows) != nil {
		return nil, badRequest("field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays")
	}
	kb, total := &inline{}, 0
	for _, row := range rows {
		var buttons []inlineButton
		for _, one := range row {
			b, err := parseInlineButton(one)
			if err != nil {
				return nil, err
			}
			if b.Text == "" || len(buttons) == maxRow || total == maxButtons {
				continue
			}
			buttons = append(buttons, b)
			total++
		}
		if len(buttons) > 0 {
			kb.Keyboard = append(kb.Keyboard, buttons)
		}
	}
	if len(kb.Keyboard) == 0 {
		return nil, nil
	}
	return kb, nil
}

// parseInlineButton takes the first action that the button has, in the server's order; one without any is refused.
func parseInlineButton(raw json.RawMessage) (inlineButton, error) {
	var given struct {
		inlineButton
		LoginURL *webApp `json:"login_url"`
	}
	if err := buttonText(raw, "inline keyboard button"); err != nil {
		return inlineButton{}, err
	}
	if json.Unmarshal(raw, &given) != nil {
		return inlineButton{}, badRequest("can't parse inline keyboard button: object expected")
	}
	b := inlineButton{Text: given.Text, Style: given.Style}
	if b.Text == "" {
		return b, nil
	}
	if strings.TrimSpace(b.Text) == "" {
		return b, badRequest("inline keyboard button text must be non-empty")
	}
	switch {
	case given.URL != "":
		b.URL = given.URL
		return b, checkButtonURL(&b.URL, "inline keyboard button URL")
	case given.CallbackData != "":
		b.CallbackData = given.CallbackData
		if len(b.CallbackData) > maxCallbackData {
			return b, badRequest("BUTTON_DATA_INVALID")
		}
	case given.Pay:
		return b, badRequest("BUTTON_TYPE_INVALID")
	case given.SwitchInline != nil:
		b.SwitchInline = given.SwitchInline
	case given.SwitchCurrent != nil:
		b.SwitchCurrent = given.SwitchCurrent
	case given.LoginURL != nil:
		return b, badRequest("BOT_DOMAIN_INVALID")
	case given.WebApp != nil:
		b.WebApp = given.WebApp
		return b, checkButtonURL(&b.WebApp.URL, "inline keyboard button Web App URL")
	case given.CopyText != nil && given.CopyText.Text != "":
		b.CopyText = given.CopyText
		if utf16Len(b.CopyText.Text) > maxCopyText {
			return b, badRequest("BUTTON_COPY_TEXT_INVALID")
		}
	default:
		return b, badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	}
	return b, nil
}

// buttonText checks the one field that every button must have.
func buttonText(raw json.RawMessage, kind string) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return badRequest("can't parse %s: %s must be an Object", kind, strings.ToUpper(kind[:1])+kind[1:])
	}
	text, ok := fields["text"]
	if !ok {
		return badRequest("can't parse %s: Can't find field \"text\"", kind)
	}
	var s string
	if json.Unmarshal(text, &s) != nil {
		return badRequest("can't parse %s: Field \"text\" must be of type String", kind)
	}
	return nil
}

func checkButtonURL(raw *string, what string) error {
	checked, reason := checkedURL(*raw)
	if reason != "" {
		return badRequest("%s '%s' is invalid: %s", what, *raw, reason)
	}
	*raw = checked
	return nil
}

// parseMenu reads the rows of a reply keyboard, whose buttons are strings or objects.
func parseMenu(raw json.RawMessage) ([][]menuKey, error) {
	var rows [][]json.RawMessage
	if json.Unmarshal(raw, &rows) != nil {
		return nil, badRequest("field \"keyboard\" of the ReplyKeyboardMarkup must be an Array of Arrays")
	}
	var menu [][]menuKey
	for _, row := range rows {
		var keys []menuKey
		for _, one := range row {
			key, err := parseMenuKey(one)
			if err != nil {
				return nil, err
			}
			if key.Text != "" {
				keys = append(keys, key)
			}
		}
		if len(keys) > 0 {
			menu = append(menu, keys)
		}
	}
	return menu, nil
}

func parseMenuKey(raw json.RawMessage) (menuKey, error) {
	var k menuKey
	if json.Unmarshal(raw, &k.Text) == nil {
		return k, nil
	}
	if err := buttonText(raw, "keyboard button"); err != nil {
		return k, err
	}
	if err := json.Unmarshal(raw, &k); err != nil {
		return k, badRequest("can't parse keyboard button: %s", errors.Unwrap(err))
	}
	return k, nil
}
