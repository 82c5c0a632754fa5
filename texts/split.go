package texts

import "unicode"

// joiner glues emoji together; see Unicode Standard Annex 29.
const joiner = '\u200d'

// Split cuts a text into pieces of at most limit each, as counted by length (a
// platform's own unit; it must not shrink when text is added). It cuts at the end of
// a paragraph, else of a line, a sentence, a word, and inside a word only when one
// word is longer than a piece; never inside the label of a link when there is
// another place. Styles go on in the next piece. White space at the cuts is dropped,
// nothing else. A text that fits, or a limit below 1, comes back as one piece; an
// empty text has no pieces. A single character that is longer than the limit is a
// piece of its own.
func Split(r Rich, limit int, length func(string) int) []Rich {
	r = r.Trim()
	if len(r) == 0 {
		return nil
	}
	if limit < 1 || length(r.Plain()) <= limit {
		return []Rich{r}
	}
	var pieces []Rich
	text := []rune(r.Plain())
	labels := linkInteriors(r, len(text))
	for start := 0; start < len(text); {
		end := start + fitting(text[start:], limit, length)
		if end < len(text) {
			end = cut(text, labels, start, end)
		}
		var piece Rich
		piece, r = r.take(end - start)
		if piece = piece.Trim(); len(piece) > 0 {
			pieces = append(pieces, piece)
		}
		start = end
		for start < len(text) && isBlank(text[start]) {
			start++
		}
		_, r = r.take(start - end)
	}
	return pieces
}

// linkInteriors tells for each position whether a cut there falls inside a label.
func linkInteriors(r Rich, n int) []bool {
	inside := make([]bool, n+1)
	at, url := 0, ""
	for _, s := range r {
		// A link whose label has several styles is several spans with one address.
		if url != "" && s.URL == url {
			inside[at] = true
		}
		url = s.URL
		for i := range []rune(s.Text) {
			if i > 0 && s.URL != "" {
				inside[at+i] = true
			}
		}
		at += len([]rune(s.Text))
	}
	return inside
}

// fitting returns how many runes of text fit into the limit, at least 1.
func fitting(text []rune, limit int, length func(string) int) int {
	low, high := 1, 2
	for high < len(text) && length(string(text[:high])) <= limit {
		low, high = high, high*2
	}
	high = min(high, len(text))
	for low < high {
		mid := (low + high + 1) / 2
		if length(string(text[:mid])) <= limit {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return low
}

// cut picks the best place in (start, end] to end a piece.
func cut(text []rune, inLabel []bool, start, end int) int {
	quarter := start + (end-start)/4
	paragraph, line, sentence, word, label := 0, 0, 0, 0, 0
	for i := start + 1; i <= end; i++ {
		if !isBlank(text[i]) || (isBlank(text[i-1]) && text[i] != '\n') {
			if inLabel[i] || !(i > start && startsLink(inLabel, i)) {
				continue
			}
			label = i
			continue
		}
		if inLabel[i] {
			continue
		}
		word = i
		switch {
		case text[i] == '\n' && i+1 < len(text) && text[i+1] == '\n':
			paragraph, line, sentence = i, i, i
		case text[i] == '\n':
			line, sentence = i, i
		case endsSentence(text[start:i]):
			sentence = i
		}
	}
	for _, place := range []int{paragraph, line, sentence} {
		if place > quarter {
			return place
		}
	}
	switch {
	case word > start:
		return word
	case label > start:
		return label
	}
	return hardCut(text, start, end)
}

// startsLink reports whether the position is the edge of a label that goes on.
func startsLink(inLabel []bool, i int) bool {
	return i+1 < len(inLabel) && !inLabel[i] && inLabel[i+1]
}

// hardCut cuts where no good place is: at the last blank even inside a label, else
// between two characters that do not belong to one sign.
func hardCut(text []rune, start, end int) int {
	for i := end; i > start; i-- {
		if isBlank(text[i]) && !isBlank(text[i-1]) {
			return i
		}
	}
	for i := end; i > start; i-- {
		if !gluesLeft(text[i]) && text[i-1] != joiner {
			return i
		}
	}
	return end
}

// gluesLeft reports whether the rune belongs to the sign before it.
func gluesLeft(r rune) bool {
	return unicode.Is(unicode.M, r) || r == joiner || (r >= 0x1F3FB && r <= 0x1F3FF)
}

func endsSentence(text []rune) bool {
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case '.', '!', '?', '…':
			return true
		case '»', '”', '"', ')':
			continue
		default:
			return false
		}
	}
	return false
}

// isBlank leaves the no-break space out: a number must not lose its unit.
func isBlank(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }
