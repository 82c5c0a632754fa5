package slack

// Read shows a text of the bot, for tests.
func Read(l *Lookalike, text string) (plain, page string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.read(text)
}
