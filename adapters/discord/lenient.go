package discord

import "github.com/rapport-chat/rapport/adapters/lenient"

// What comes from the platform is read field by field and without errors, see adapters/lenient.
var (
	object = lenient.Object
	list   = lenient.List
	text   = lenient.Text
	truth  = lenient.Truth
	clean  = lenient.Clean
)
