package lookalike

// Command is one line of a platform's menu of commands, for the page.
type Command struct {
	Name string // with its slash, as it is typed
	Hint string
}

// Place is somewhere a person can write or look besides the private chat, for the page.
type Place struct {
	In    string // as Say and Chat take it
	Label string
}
