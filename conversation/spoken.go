package conversation

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// spoken is the language that the event's own text is clearly written in: that of its words when they are ones that we
// know as a whole ("tmm", "v sud podam"), else what it looks like, where the language that the person is known to use
// weighs. One word in Latin letters, such as the name of a command or of a product, does not change what a person is
// known to speak, and neither does anything that nobody has written as words.
func (e *Engine) spoken(in Inbound, p Person, asks reading) (language.Code, bool) {
	if in.Kind != KindMessage || in.Command != "" {
		return "", false
	}
	text := wordsOnly(in.Text)
	if text == "" {
		return "", false
	}
	known := e.known(in, p)
	word := p.Spoken != "" && len(strings.Fields(text)) < 2
	if asks.ok && azerbaijaniLetters(text) {
		asks.code, word = language.Azerbaijani, false
	}
	if asks.ok && asks.intent != texts.IntentStopUnclear && !(word && asks.code != language.Russian) {
		if asks.code == "" && known == "" {
			asks.code = e.read(in, e.cfg.Languages[0]).code // nothing speaks against the language of the reply
		}
		return asks.code, slices.Contains(e.cfg.Languages, asks.code) // words that languages share say nothing
	}
	g := language.DetectKnowing(text, e.cfg.Languages, known)
	if word && g.Code != language.Russian || g.Common < g.Words && couldBeCode.MatchString(clipWords(in.Text)) ||
		g.Common == 0 && !g.Cyrillic && !strings.ContainsAny(language.Lower(text, language.Azerbaijani), vowels) {
		return "", false
	}
	return g.Code, g.Sure() && (known == "" || g.Code == known || evident(g, p.Spoken != ""))
}

// azerbaijaniLetters says whether a text has a Latin letter that only Azerbaijani has.
func azerbaijaniLetters(text string) bool {
	return strings.ContainsAny(language.Lower(text, language.Azerbaijani), "əǝ")
}

// How much of a message must be common words of another language than the one known.
const (
	// evidentShare: one in so many words.
	evidentShare = 3
	// evidentFrom is the number of words from which one common word is not enough when the person has written before.
	evidentFrom = 4
)

// evident says whether a message is written in words of the guessed language, and not only in letters that look like
// it: gibberish looks like some language too. history is set for a person who has written before.
func evident(g language.Guess, history bool) bool {
	switch {
	case g.Common == 0:
		return g.Cyrillic && g.Words > 1
	case history && g.Words >= evidentFrom && g.Common < 2:
		return g.Cyrillic
	}
	return g.Cyrillic || g.Common*evidentShare >= g.Words
}

// notWords are the parts of a message that tell no language: what stands between angle brackets (mentions, emoji and
// links of Slack and Discord), addresses, mentions, tags, commands, short codes of emoji, and code.
var notWords = regexp.MustCompile("(?s)```.*?(```|$)|`[^`]*`|<[^<>]*>|(?i:(https?|ftp|tg|slack)://\\S+|\\bwww\\.\\S+|\\S+@\\S+\\.\\S+)|" +
	`[@#/][\pL\pN_.-]+|:[a-zA-Z0-9_+-]+:`)

// wordsOnly is a text without what tells no language, with single spaces.
func wordsOnly(text string) string {
	text = notWords.ReplaceAllString(clipWords(text), " ")
	kept := strings.Fields(text)
	kept = slices.DeleteFunc(kept, func(w string) bool {
		return strings.IndexFunc(w, unicode.IsLetter) < 0 || strings.IndexFunc(w, unicode.IsDigit) >= 0 && !readsAsWord(w) ||
			inHalves.MatchString(w)
	})
	return strings.Join(kept, " ")
}

// vowels are the Latin ones of our languages: what has none of them is no word of any.
const vowels = "aeiouyəǝıöü"

// Codes of invitations and vouchers are random, so that their letters look like some language or other.
var (
	// inHalves is a word that is a code, however it was typed.
	inHalves = regexp.MustCompile(`^\PL*(?i:[A-Z0-9]{4}-[A-Z0-9]{4})\PL*$`)
	// inCapitals is one typed without its dash, if there is a digit in it.
	inCapitals = regexp.MustCompile(`^\PL*[A-Z0-9]{8}\PL*$`)
	// couldBeCode is a whole text that may be one without its dash, and may be words.
	couldBeCode = regexp.MustCompile(`^\PL*(?i:[A-Z0-9]{4} ?[A-Z0-9]{4})\PL*$`)
)

// readsAsWord says whether a word with digits is one in which they stand for letters ("4ox", "6ekil"), and no number
// of an order or a model, and no code.
func readsAsWord(w string) bool {
	letters, digits := 0, 0
	for _, r := range w {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	return digits == 1 && letters >= 2 && !inCapitals.MatchString(w)
}

// maxSpoken is how many bytes of a message tell its language.
const maxSpoken = 4096

func clipWords(text string) string {
	if len(text) > maxSpoken {
		text = strings.ToValidUTF8(text[:maxSpoken], "")
	}
	return text
}

// known is the language that the person is thought to use before the event is read, empty when nothing says so.
func (e *Engine) known(in Inbound, p Person) language.Code {
	if p.Spoken != "" {
		return p.Spoken
	}
	if code, ok := language.Parse(in.From.Locale); ok && slices.Contains(e.cfg.Languages, code) {
		return code
	}
	return ""
}

// ReplyLanguage is the language in which a person is spoken to: the chosen one; else what the messages are clearly
// written in, the newest first; else the platform's; else the brand's default, the first of brand.
func ReplyLanguage(p Person, locale string, brand []language.Code) language.Code {
	if p.Chosen != "" {
		return p.Chosen
	}
	if p.Spoken != "" {
		return p.Spoken
	}
	if code, ok := language.Parse(locale); ok {
		for _, b := range brand {
			if b == code {
				return code
			}
		}
	}
	return brand[0]
}
