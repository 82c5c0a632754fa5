package desk

import "strings"

// reads what a platform escapes.
var unescape = strings.NewReplacer("&gt;", ">", "&lt;", "<", "&amp;", "&")

// Marked tells whether a message of staff begins with the reply mark, and answers what follows it. The mark is also
// found as the platform escapes it, and inside a quote block, into which an editor may turn a typed ">". One ">" alone
// is a quote and never a mark.
func Marked(mark, text string) (rest string, marked bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	first, ok := cutMark(mark, lines[0])
	if !ok {
		return text, false
	}
	out := []string{first}
	for _, line := range lines[1:] {
		if more, again := cutMark(mark, line); again {
			line = more // the whole block was quoted
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n")), true
}

// cutMark takes the mark off a line. White space between its signs does not matter, nor do signs of quoting before a
// mark that has none of its own.
func cutMark(mark, line string) (rest string, ok bool) {
	rest = strings.TrimSpace(unescapeHead(line))
	if !strings.HasPrefix(mark, ">") {
		rest = strings.TrimSpace(strings.TrimLeft(rest, "> "))
	}
	for _, sign := range mark {
		rest = strings.TrimLeft(rest, " \u00a0\t")
		var found bool
		if rest, found = strings.CutPrefix(rest, string(sign)); !found {
			return line, false
		}
	}
	return strings.TrimSpace(rest), true
}

// unescapeHead reads the escaped signs at the beginning of a line; what follows them stays as it is.
func unescapeHead(line string) string {
	line = strings.TrimSpace(line)
	head := 0
	for {
		rest := line[head:]
		switch {
		case strings.HasPrefix(rest, "&gt;"), strings.HasPrefix(rest, "&lt;"):
			head += len("&gt;")
		case strings.HasPrefix(rest, "&amp;"):
			head += len("&amp;")
		case strings.HasPrefix(rest, ">"), strings.HasPrefix(rest, " "):
			head++
		default:
			return unescape.Replace(line[:head]) + line[head:]
		}
	}
}
