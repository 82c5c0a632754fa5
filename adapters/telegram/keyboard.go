package telegram

import (
	"strings"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
)

// Figures of keyboards. Telegram documents none but the token's; the others keep labels readable on a small phone.
const (
	maxToken     = 64  // bytes. Source: core.telegram.org/bots/api#inlinekeyboardbutton, November 2026
	maxButtons   = 100 // more are refused by the server
	maxColumns   = 8
	maxLabel     = 48 // characters; the app itself cuts what does not fit
	rowWidth     = 36 // characters of one row, the gaps between its buttons included
	gapWidth     = 2  // what a button needs besides its label
	menuColumns  = 2
	menuAfterKey = "👇" // the words of a message that is only there to carry a keyboard
)

// key is an inline button. The library's own type would send an empty copy_text with every one.
type key struct {
	Text         string `json:"text"`
	URL          string `json:"url,omitempty"`
	CallbackData string `json:"callback_data,omitempty"`
	Style        string `json:"style,omitempty"`
}

type inlineKeyboard struct {
	Rows [][]key `json:"inline_keyboard"`
}

type menuKey struct {
	Text string `json:"text"`
}

// menuKeyboard stays under the input until another one comes.
type menuKeyboard struct {
	Rows       [][]menuKey `json:"keyboard"`
	Persistent bool        `json:"is_persistent"`
	Resize     bool        `json:"resize_keyboard"`
}

// inline lays out the buttons. It answers nil when there are none. Links that Telegram takes for no button, such as
// tel:, come back to be shown in the text. A token that is too long is our own mistake.
func inline(rows [][]conversation.Button) (keyboard *inlineKeyboard, asText []conversation.Button, err error) {
	keyboard = &inlineKeyboard{}
	count := 0
	for _, row := range rows {
		var keys []key
		for _, b := range row {
			if b.URL != "" && !linkable(b.URL) {
				asText = append(asText, b)
				continue
			}
			k, err := keyOf(b)
			if err != nil {
				return nil, nil, err
			}
			if count++; count <= maxButtons {
				keys = append(keys, k)
			}
		}
		keyboard.Rows = append(keyboard.Rows, wrap(keys)...)
	}
	if len(keyboard.Rows) == 0 {
		return nil, asText, nil
	}
	return keyboard, asText, nil
}

func keyOf(b conversation.Button) (key, error) {
	k := key{Text: cutLabel(b.Label), URL: b.URL, CallbackData: b.Token}
	if b.Style == "primary" || b.Style == "danger" {
		k.Style = b.Style
	}
	if k.URL != "" {
		k.CallbackData = ""
		return k, nil
	}
	if k.CallbackData == "" || len(k.CallbackData) > maxToken {
		return k, payload("bad_button", "a button's token has %d bytes, not 1 to %d", len(k.CallbackData), maxToken)
	}
	return k, nil
}

// cutLabel keeps a label short and on one line.
func cutLabel(label string) string {
	label = strings.Join(strings.Fields(clean(label)), " ")
	if label == "" {
		return fitting.Ellipsis
	}
	if utf8.RuneCountInString(label) <= maxLabel {
		return label
	}
	runes := []rune(label)[:maxLabel-1]
	cut := string(runes)
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)/2 {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, " ") + fitting.Ellipsis
}

// wrap breaks one row into rows of about the same length, in as few as the labels can be read in.
func wrap(row []key) [][]key {
	if len(row) == 0 {
		return nil
	}
	longest := 0
	for _, k := range row {
		longest = max(longest, utf8.RuneCountInString(k.Text))
	}
	columns := min(len(row), maxColumns, max(rowWidth/(longest+gapWidth), 1))
	lines := (len(row) + columns - 1) / columns
	out := make([][]key, 0, lines)
	for left := lines; left > 0; left-- {
		n := (len(row) + left - 1) / left
		out, row = append(out, row[:n]), row[n:]
	}
	return out
}

// menu is the keyboard that stays under the input, nil without labels.
func menu(labels []string) *menuKeyboard {
	if len(labels) == 0 {
		return nil
	}
	m := &menuKeyboard{Persistent: true, Resize: true}
	for len(labels) > 0 {
		n := min(menuColumns, len(labels))
		row := make([]menuKey, 0, n)
		for _, label := range labels[:n] {
			row = append(row, menuKey{Text: cutLabel(label)})
		}
		m.Rows, labels = append(m.Rows, row), labels[n:]
	}
	return m
}
