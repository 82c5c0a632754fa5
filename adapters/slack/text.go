package slack

import (
	"context"
	"regexp"
	"strings"
)

// maxMentions bounds how many people of one text are asked for.
const maxMentions = 8

// entities are the only ones that the platform writes.
// Source: docs.slack.dev/messaging/formatting-message-text#escaping.
var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// readText reads a text of the platform as a person does: entities are signs, mentions are names, and an address stands
// as it was typed.
func readText(s string, nameOf func(user string) string) string {
	var b strings.Builder
	for s != "" {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			break
		}
		b.WriteString(entities.Replace(s[:at]))
		end := strings.IndexAny(s[at+1:], "<>\n")
		if end < 0 || s[at+1+end] != '>' { // not one of the platform's marks
			b.WriteByte('<')
			s = s[at+1:]
			continue
		}
		b.WriteString(readMark(s[at+1:at+1+end], nameOf))
		s = s[at+end+2:]
	}
	b.WriteString(entities.Replace(s))
	return b.String()
}

// readMark reads what stands between < and >.
func readMark(mark string, nameOf func(user string) string) string {
	target, shown, labelled := strings.Cut(mark, "|")
	target, shown = entities.Replace(target), entities.Replace(shown)
	switch {
	case strings.HasPrefix(target, "@"):
		if !labelled || shown == "" {
			shown = nameOf(target[1:])
		}
		return "@" + strings.TrimPrefix(shown, "@")
	case strings.HasPrefix(target, "#"):
		if !labelled || shown == "" {
			shown = target[1:]
		}
		return "#" + strings.TrimPrefix(shown, "#")
	case strings.HasPrefix(target, "!date^"):
		return shown
	case strings.HasPrefix(target, "!"):
		if !labelled || shown == "" {
			shown, _, _ = strings.Cut(target[1:], "^")
		}
		return "@" + strings.TrimPrefix(shown, "@")
	case strings.HasPrefix(target, "mailto:"), strings.HasPrefix(target, "tel:"):
		if !labelled {
			_, shown, _ = strings.Cut(target, ":")
		}
		return shown
	case !strings.Contains(target, ":"):
		return "<" + entities.Replace(mark) + ">"
	case !labelled, shown == "":
		return target
	case strings.HasSuffix(strings.TrimSuffix(target, "/"), "://"+strings.TrimSuffix(shown, "/")), target == shown:
		return shown // the platform has completed what was typed
	}
	return shown + " (" + target + ")"
}

var userMark = regexp.MustCompile(`<@([A-Z0-9]+)(?:\|[^<>]*)?>`)

// mentionsUs says whether a message speaks to the bot.
func (a *Adapter) mentionsUs(m fields) bool {
	us := a.me.Load().user
	for _, found := range userMark.FindAllStringSubmatch(text(m["text"]), -1) {
		if found[1] == us {
			return true
		}
	}
	return false
}

// said reads a text. Mentions of the bot are taken out.
func (a *Adapter) said(ctx context.Context, raw string) string {
	us := a.me.Load().user
	mentioned := false
	raw = userMark.ReplaceAllStringFunc(raw, func(m string) string {
		if userMark.FindStringSubmatch(m)[1] != us {
			return m
		}
		mentioned = true
		return ""
	})
	asked := 0
	words := readText(raw, func(id string) string {
		asked++
		if asked > maxMentions {
			return id
		}
		if name := a.userOf(ctx, id).name; name != "" {
			return name
		}
		return id
	})
	if mentioned {
		words = strings.TrimSpace(words)
	}
	return words
}
