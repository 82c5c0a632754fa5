package texts

import (
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// Intent is what a whole message plainly asks for, without a knowledge base: a
// command in ordinary words, or small talk.
type Intent string

// The intents of commands.
const (
	IntentStart    Intent = "start"
	IntentHelp     Intent = "help"
	IntentBalance  Intent = "balance"
	IntentCard     Intent = "card"
	IntentHistory  Intent = "history"
	IntentRewards  Intent = "rewards"
	IntentEarn     Intent = "earn" // how to earn points
	IntentJoin     Intent = "join" // become a member
	IntentReferral Intent = "referral"
	IntentOffers   Intent = "offers"
	IntentFeedback Intent = "feedback"
	IntentLanguage Intent = "language" // NamedLanguage tells which, if one was named
	IntentProfile  Intent = "profile"
	IntentLink     Intent = "link"
	IntentPrivacy  Intent = "privacy"
	IntentMyData   Intent = "mydata"
	IntentForget   Intent = "forget"
	IntentStop     Intent = "stop"
	IntentAgent    Intent = "agent"
	IntentCallBack Intent = "call_back" // "call me"
)

// The intents that depend on what was said before, and small talk.
const (
	// IntentStopUnclear is a stop word that may mean something else: inside a
	// sentence, or a word that also says "enough" or "is it enough?". Ask.
	IntentStopUnclear Intent = "stop_unclear"
	IntentCancel      Intent = "cancel" // cancel: an order, a dialogue, or the messages. Ask.
	IntentSkip        Intent = "skip"
	IntentLater       Intent = "later"
	IntentResume      Intent = "resume"
	IntentNone        Intent = "none" // "none of these"
	IntentYes         Intent = "yes"
	IntentNo          Intent = "no"
	IntentOK          Intent = "ok" // yes after a question; elsewhere it needs no answer
	IntentThanks      Intent = "thanks"
	IntentGreeting    Intent = "greeting"
	IntentHowAreYou   Intent = "how_are_you"
	IntentBye         Intent = "bye"
	IntentWait        Intent = "wait" // "one minute": no answer, and no stop word
	IntentAlo         Intent = "alo"  // "are you there?"
	IntentBot         Intent = "bot"  // "are you a bot?"
	IntentInsult      Intent = "insult"
	IntentComplaint   Intent = "complaint"
	IntentThreat      Intent = "threat" // to take the complaint to a court or to the public
)

// Affirms reports whether the intent says yes to a question that was just asked.
func (i Intent) Affirms() bool { return i == IntentYes || i == IntentOK }

// NeedsNoAnswer reports whether silence is a fitting reply when nothing was asked.
func (i Intent) NeedsNoAnswer() bool {
	return i == IntentThanks || i == IntentOK || i == IntentWait || i == IntentBye
}

// maxIntentWords is how long a message may be to be matched as a whole; the longest
// phrase has eight words, a greeting and a "please" come on top.
const maxIntentWords = 14

// maxIntentBytes is the same in bytes, for not looking at long texts at all.
const maxIntentBytes = 400

// maxSentences is how many short sentences may say one thing together.
const maxSentences = 6

// maxMentionWords bounds the messages that Mentions looks into; the rest is not read.
const maxMentionWords = 400

// MatchIntent tells what the message as a whole asks for, however it is typed: with
// or without diacritics, in capitals, in another alphabet, with a greeting, a
// "please" or a mark of anger around it. It is false for everything else, so an
// ordinary question goes on to the knowledge base. The code is the language of the
// words, empty when several languages share them. When languages disagree about a
// word, the preferred ones are asked first, in their order.
func MatchIntent(text string, prefer ...language.Code) (Intent, language.Code, bool) {
	if intent, lang, ok := matchWhole(text, prefer); ok {
		return intent, lang, true
	}
	if intent, lang, ok := matchSentences(text, prefer); ok {
		return intent, lang, true
	}
	for _, lang := range language.All {
		if v := vocabularyOf(lang); v.mentions(v.keys(text), IntentStop) {
			return IntentStopUnclear, lang, true
		}
	}
	return "", "", false
}

// matchWhole looks the text up as one phrase with words around it.
func matchWhole(text string, prefer []language.Code) (Intent, language.Code, bool) {
	if intent, ok := matchSigns(text); ok {
		return intent, "", true
	}
	if len(text) > maxIntentBytes {
		return "", "", false
	}
	if strings.ContainsFunc(text, isCyrillic) {
		prefer = append(slices.Clone(prefer), language.Russian)
	}
	var found Intent
	var in language.Code
	for _, lang := range order(prefer) {
		v := vocabularyOf(lang)
		intent, ok := v.match(v.keys(text))
		switch {
		case !ok:
		case found == "":
			found, in = intent, lang
		case found == intent && !slices.Contains(prefer, in):
			in = ""
		}
	}
	switch {
	case found == IntentStop && isDoubtful(text):
		found = IntentStopUnclear
	case found == IntentGreeting && strings.Count(text, "?") > 1:
		found = IntentAlo // "hello??"
	}
	return found, in, found != ""
}

// matchSentences reads a message of a few short sentences or lines that all ask for
// the same, small talk aside ("Salam. Balansım nə qədərdir? Neçə xalım var?").
func matchSentences(text string, prefer []language.Code) (Intent, language.Code, bool) {
	if len(text) > maxSentences*maxIntentBytes/2 {
		return "", "", false
	}
	sentences := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".!?…\n", r) })
	if len(sentences) < 2 || len(sentences) > maxSentences {
		return "", "", false
	}
	var found Intent
	var in language.Code
	for _, sentence := range sentences {
		if strings.TrimSpace(sentence) == "" {
			continue
		}
		intent, lang, ok := matchWhole(sentence, prefer)
		switch {
		case !ok:
			return "", "", false
		case found == "" || (found.isSmallTalk() && !intent.isSmallTalk()):
			found, in = intent, lang
		case found != intent && !intent.isSmallTalk():
			return "", "", false
		}
	}
	return found, in, found != ""
}

// isSmallTalk reports whether the intent gives way to another in the same message.
func (i Intent) isSmallTalk() bool {
	switch i {
	case IntentGreeting, IntentThanks, IntentOK, IntentHowAreYou, IntentBye, IntentAlo, IntentWait:
		return true
	}
	return false
}

// Mentions reports whether the message says so somewhere inside a longer text: that
// it is a complaint or a threat, that a person is wanted, or that it has a stop word.
// Other intents are never found inside a text.
func Mentions(text string, intent Intent) bool {
	for _, lang := range language.All {
		v := vocabularyOf(lang)
		if v.mentions(v.keys(text), intent) {
			return true
		}
	}
	return false
}

// NamedLanguage tells which language the message asks for: "in English please",
// "по-русски", "azerbaycanca yaz".
func NamedLanguage(text string) (language.Code, bool) {
	for _, lang := range language.All {
		v := vocabularyOf(lang)
		if named, ok := v.lookupNamed(text); ok {
			return named, true
		}
	}
	return "", false
}

// order lists the languages of the service, the preferred ones first.
func order(prefer []language.Code) []language.Code {
	out := make([]language.Code, 0, len(language.All))
	for _, lang := range append(slices.Clone(prefer), language.All...) {
		if slices.Contains(language.All, lang) && !slices.Contains(out, lang) {
			out = append(out, lang)
		}
	}
	return out
}

// isDoubtful reports whether a stop word is asked rather than said: "stop?".
func isDoubtful(text string) bool { return strings.ContainsAny(text, "?？؟") }

// signs are whole messages without a letter.
var signs = map[string]Intent{
	"👍": IntentOK, "👌": IntentOK, "✅": IntentOK, "+": IntentYes, "✔": IntentOK, "💯": IntentOK,
	"👎": IntentNo, "-": IntentNo, "❌": IntentNo,
	"🙏": IntentThanks, "❤": IntentThanks, "😊": IntentThanks, "🙂": IntentThanks, "🌹": IntentThanks,
	"😘": IntentThanks, "🤝": IntentThanks, "😀": IntentThanks, "👏": IntentThanks, "🥰": IntentThanks,
	"👋": IntentGreeting,
	"?": IntentAlo, "!": IntentAlo, "？": IntentAlo,
}

// matchSigns reads a message of one repeated sign, skin tones and variation
// selectors aside: "👍🏽", "🙏🙏", "???".
func matchSigns(text string) (Intent, bool) {
	var found Intent
	for _, r := range text {
		if r == ' ' || r == '\n' || r == 0xFE0F || r == joiner || (r >= 0x1F3FB && r <= 0x1F3FF) {
			continue
		}
		intent, ok := signs[string(r)]
		if !ok || (found != "" && found != intent) {
			return "", false
		}
		found = intent
	}
	return found, found != ""
}
