package desk

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rapport-chat/rapport/texts"
)

// Question is what a customer asked, out of everything that was said when a person was called: the first line that
// looks like a question, else the longest one, without a greeting and without numbers that belong to the customer.
func Question(words string) string {
	best := ""
	for line := range strings.Lines(words) {
		line = withoutGreeting(tidy(line))
		if intent, _, plain := texts.MatchIntent(line); line == "" || plain && intent != texts.IntentStopUnclear {
			continue // "call a person" is what opened the ticket, not what it is about
		}
		if strings.ContainsAny(line, "?？") {
			best = line
			break
		}
		if utf8.RuneCountInString(line) > utf8.RuneCountInString(best) {
			best = line
		}
	}
	return shortened(tidy(ownFacts.ReplaceAllString(best, "")), maxAskedRunes)
}

// ownFacts are what may name a person: addresses of e-mail, telephone and order numbers, user names.
var ownFacts = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.]+|@\w{4,}|[#№]?\+?\d[\d ()-]{4,}\d`)

// Title is a question as the heading of an article.
func Title(question string) string {
	title := shortened(tidy(question), maxTitleRunes)
	first, size := utf8.DecodeRuneInString(title)
	if first == utf8.RuneError {
		return title
	}
	// A dotted capital is right only where the language has one, so that letter stays as it was typed.
	if first == 'i' {
		return title
	}
	return string(unicode.ToUpper(first)) + title[size:]
}

// Answer is a reply as an article says it to everybody: without the greeting, the leave-taking and the sender's name.
func Answer(reply, sender string) string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(reply, "\r\n", "\n")), "\n")
	for len(lines) > 0 {
		lines[0] = withoutGreeting(strings.TrimSpace(lines[0]))
		if lines[0] != "" {
			break
		}
		lines = lines[1:]
	}
	for len(lines) > 0 {
		last := strings.TrimSpace(lines[len(lines)-1])
		if last != "" && !isSignature(last, sender) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// greetings begin a message in the four languages; a name or a form of address may follow.
var greetings = regexp.MustCompile(`(?i)^(salam(lar)?|s[ae]lam ?[əea]leyk[üu]m|xoş gördük|hər vaxtınız xeyir|sabahınız xeyir|axşamınız xeyir|` +
	`merhaba(lar)?|selam(lar)?|iyi günler|günaydın|iyi akşamlar|здравствуйте|добрый (день|вечер)|доброе утро|привет(ствую)?|` +
	`hello|hi|hey|good (morning|day|afternoon|evening)|dear)($|[\s,.!…:)–-])`)

// addressed is a name with a form of address after a greeting: "Aygün xanım!", "Анна,", "Mr Smith,".
var addressed = regexp.MustCompile(`^(\p{Lu}[\p{L}'’.-]*|xanım|bəy|hanım|bey|hörmətli|sayın|mr|mrs|ms)(\s+(\p{Lu}[\p{L}'’.-]*|xanım|bəy|hanım|bey))?\s*[,!.]\s*`)

// withoutGreeting drops a greeting, with the name that is greeted, from the beginning.
func withoutGreeting(s string) string {
	for {
		found := greetings.FindString(s)
		if found == "" {
			return s
		}
		rest := strings.TrimLeft(s[len(found):], " \t,.!…:)–-")
		// "Hi Anna, yes" greets Anna; "Salam, Bəli, var" greets nobody: the name stands before any other mark.
		if !strings.ContainsAny(found, ",.!…:)–") {
			rest = addressed.ReplaceAllString(rest, "")
		} else if name := addressed.FindString(rest); name != "" && strings.ContainsAny(name, "!") {
			rest = rest[len(name):]
		}
		s = rest
	}
}

// farewells are how a message ends before the name.
var farewells = regexp.MustCompile(`(?i)^(hörmətlə|təşəkkür(lər)?|sağ olun|saygılar(ımızla|ımla)?|sevgiler|teşekkürler|iyi günler( dileriz)?|` +
	`с уважением|спасибо|хорошего дня|всего доброго|(best|kind|warm)? ?(regards|wishes)|sincerely|thanks|thank you|cheers|have a (nice|good) day)($|[\s,.!–-].*$)`)

// isSignature says whether a line is a leave-taking or the sender's name.
func isSignature(line, sender string) bool {
	bare := strings.Trim(line, " .,!–—-")
	if bare == "" || sendersName(bare, sender) {
		return true
	}
	found := farewells.FindStringSubmatch(line)
	if found == nil {
		return false
	}
	rest := strings.Trim(found[len(found)-1], " .,!–—-")
	return rest == "" || sendersName(rest, sender)
}

// sendersName says whether words are the sender's name, or its first part.
func sendersName(words, sender string) bool {
	first, _, _ := strings.Cut(sender, " ")
	return sender != "" && (strings.EqualFold(words, sender) || strings.EqualFold(words, first))
}

// tidy puts a text on one line with single spaces.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// shortened keeps at most that many runes, with a mark where something is left out.
func shortened(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}
