package telegram

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// messagesOf is what a long text becomes: the apps send it as several messages, each within the limit, and nobody is
// told that they belong together. They cut after a blank where one is near.
// Source: github.com/telegramdesktop/tdesktop/issues/5972.
func messagesOf(text string) []string {
	var list []string
	for utf16Len(text) > maxText {
		at := cutAt(text)
		if piece := strings.TrimSpace(text[:at]); piece != "" {
			list = append(list, piece)
		}
		text = strings.TrimSpace(text[at:])
	}
	return append(list, text)
}

// cutAt is how many bytes of a text that is longer than a message go into the first one.
func cutAt(text string) int {
	at, blank, units := 0, 0, 0
	for {
		r, size := utf8.DecodeRuneInString(text[at:])
		if units += utf16.RuneLen(r); units > maxText {
			break
		}
		if at += size; unicode.IsSpace(r) && units > maxText/2 {
			blank = at
		}
	}
	if blank > 0 {
		return blank
	}
	return at
}
