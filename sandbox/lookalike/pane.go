package lookalike

// Command is one line of a platform's menu of commands, for the page.
type Command struct {
	Name string // with its slash, as it is typed
	Hint string
}
