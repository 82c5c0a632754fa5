package telegram

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/texts"
)

// Only these four need escaping in Telegram's HTML. Source: core.telegram.org/bots/api#html-style, November 2026.
var (
	escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	escapeAttr = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

// html renders spans. Code and links stand alone, since Telegram nests nothing in code and no code in a link.
func html(r texts.Rich) string {
	var b strings.Builder
	for _, s := range r {
		open, end := tags(s)
		b.WriteString(open)
		b.WriteString(escapeText.Replace(s.Text))
		b.WriteString(end)
	}
	return b.String()
}

func tags(s texts.Span) (open, end string) {
	if s.URL != "" {
		open, end = `<a href="`+escapeAttr.Replace(s.URL)+`">`, "</a>"
	} else if s.Style&texts.Code != 0 {
		return "<code>", "</code>"
	}
	if s.Style&texts.Bold != 0 {
		open, end = open+"<b>", "</b>"+end
	}
	if s.Style&texts.Italic != 0 {
		open, end = open+"<i>", "</i>"+end
	}
	return open, end
}

// linkable says whether Telegram makes a link or a button of the address.
func linkable(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "tg":
		return u.Host != ""
	}
	return false
}

// presentable gives the text the form in which it is cut and sent: links that Telegram would drop, such as mailto, show
// their address, and in groups no name is one that pings.
func presentable(r texts.Rich, group bool) texts.Rich {
	var out texts.Rich
	for i, s := range r {
		s.Text = clean(s.Text)
		if group {
			s.Text = silenceMentions(s.Text)
		}
		if s.URL == "" || linkable(s.URL) {
			out = out.Append(texts.Rich{s})
			continue
		}
		shown := strings.TrimPrefix(s.URL, "mailto:")
		last := i+1 == len(r) || r[i+1].URL != s.URL
		s.URL = ""
		out = out.Append(texts.Rich{s})
		if last && !strings.Contains(s.Text, shown) {
			out = out.Append(texts.Literal(" (" + shown + ")"))
		}
	}
	return out
}

// wordJoiner is invisible and keeps "@" and a name from being read as one.
const wordJoiner = "\u2060"

func silenceMentions(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	at := false
	for _, r := range s {
		if at && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') {
			b.WriteString(wordJoiner)
		}
		b.WriteRune(r)
		at = r == '@'
	}
	return b.String()
}

// cutText shortens a text that must stay one message.
func cutText(r texts.Rich, limit int) texts.Rich {
	if fitting.Units(r.Plain()) <= limit {
		return r
	}
	pieces := texts.Split(r, limit-2, fitting.Units)
	return pieces[0].Append(texts.Literal(" …"))
}
