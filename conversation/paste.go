package conversation

import (
	"unicode/utf16"

	"github.com/rapport-chat/rapport/texts"
)

// Clients cut what is too long for one message into pieces, which come as messages of their own within a second or two.
// Telegram's cut at 4096 units of UTF-16, where there is white space if possible.
const (
	pieceLength = 4000 // units from which on a message may be a piece that another follows
	maxPieces   = 64   // of one message, so that somebody who never ends is answered, too
)

// cut says whether the newest of the parts may be a piece of a message that goes on: it is as long as messages get.
func cut(parts []Inbound) bool {
	if len(parts) == 0 || len(parts) >= maxPieces {
		return false
	}
	units := 0
	for _, r := range parts[len(parts)-1].Text {
		units += utf16.RuneLen(r) // never -1: a range over a string has no surrogates
	}
	return units >= pieceLength
}

// speaksForItself says whether an event that came after a piece is none of its message: a plain wish such as "stop".
func (e *Engine) speaksForItself(in Inbound) bool {
	asks := e.read(in, "")
	return asks.intent != "" && asks.intent != texts.IntentStopUnclear
}
