package telegram

import (
	"cmp"
	"encoding/json"
	"html"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
)

// formatted turns a text parameter into plain text and entities, by parse_mode or by the entities that came with it,
// trims it as the server does, and adds the entities that the server finds by itself.
func formatted(text, mode, given string) (string, []entity, error) {
	var (
		plain = text
		found []entity
		err   error
	)
	switch strings.ToLower(mode) {
	case "":
		if given != "" {
			if json.Unmarshal([]byte(given), &found) != nil {
				return "", nil, badRequest("can't parse entities: can't parse MessageEntity")
			}
		}
	case "html":
		plain, found, err = parseHTML(text)
	case "markdownv2":
		plain, found, err = parseMarkdownV2(text)
	case "markdown":
		plain, found, err = parseMarkdown(text)
	default:
		return "", nil, badRequest("unsupported parse_mode")
	}
	if err != nil {
		return "", nil, badRequest("can't parse entities: %s", err)
	}
	plain, found = trimmed(plain, found)
	return plain, withDetected(plain, found), nil
}

// trimmed takes the white space off both ends and moves the entities along.
func trimmed(text string, list []entity) (string, []entity) {
	left := strings.TrimLeftFunc(text, unicode.IsSpace)
	shift := utf16Len(text) - utf16Len(left)
	left = strings.TrimRightFunc(left, unicode.IsSpace)
	size := utf16Len(left)
	var kept []entity
	for _, e := range list {
		start, end := max(e.Offset-shift, 0), min(e.Offset+e.Length-shift, size)
		if end <= start {
			continue
		}
		e.Offset, e.Length = start, end-start
		kept = append(kept, e)
	}
	sortEntities(kept)
	return left, kept
}

func sortEntities(list []entity) {
	slices.SortStableFunc(list, func(a, b entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length))
	})
}

var detectors = []struct {
	kind string
	re   *regexp.Regexp
}{
	{"bot_command", regexp.MustCompile(`(?:^|[\s(])(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)`)},
	{"url", regexp.MustCompile(`(https?://[^\s<>"]*[^\s<>".,;:!?)])`)},
	{"email", regexp.MustCompile(`([A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)`)},
	{"mention", regexp.MustCompile(`(?:^|[^\w/@])(@[A-Za-z][A-Za-z0-9_]{2,31})`)},
	{"hashtag", regexp.MustCompile(`(?:^|\s)(#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)`)},
}

// withDetected adds commands, links, addresses, mentions and hashtags that stand in the text outside given entities.
func withDetected(text string, list []entity) []entity {
	for _, d := range detectors {
		for _, m := range d.re.FindAllStringSubmatchIndex(text, -1) {
			e := entity{Type: d.kind, Offset: utf16Len(text[:m[2]]), Length: utf16Len(text[m[2]:m[3]])}
			if !slices.ContainsFunc(list, func(o entity) bool { return blocks(o, e) }) {
				list = append(list, e)
			}
		}
	}
	sortEntities(list)
	return list
}

// blocks says whether o leaves no place for a detected entity e: they overlap and o is not mere style.
func blocks(o, e entity) bool {
	if e.Offset >= o.Offset+o.Length || o.Offset >= e.Offset+e.Length {
		return false
	}
	switch o.Type {
	case "bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote":
		return false
	}
	return true
}

// checkedURL is the address as Telegram would accept it in a link or a button; reason says why not.
func checkedURL(raw string) (checked, reason string) {
	if raw == "" || strings.ContainsAny(raw, " \n\t") {
		return "", "Wrong HTTP URL"
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	switch {
	case !ok:
		raw = "http://" + raw
	case strings.EqualFold(scheme, "tg") || strings.EqualFold(scheme, "ton") || strings.EqualFold(scheme, "tonsite"):
		if rest == "" {
			return "", "Wrong HTTP URL"
		}
		return raw, ""
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return "", "Unsupported URL protocol"
	}
	u, err := url.Parse(raw)
	if err != nil || !publicName(u.Hostname()) {
		return "", "Wrong HTTP URL"
	}
	return raw, ""
}

// publicName says whether the host is an address or has a dot, as Telegram wants it: "localhost" is refused.
func publicName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	i := strings.LastIndexByte(host, '.')
	return i > 0 && i < len(host)-1
}

// htmlTags are how the page shows an entity; the text between is always escaped.
var htmlTags = map[string][2]string{
	"bold": {"<b>", "</b>"}, "italic": {"<i>", "</i>"}, "underline": {"<u>", "</u>"},
	"strikethrough": {"<s>", "</s>"}, "code": {"<code>", "</code>"}, "pre": {"<pre>", "</pre>"},
	"blockquote": {"<blockquote>", "</blockquote>"}, "expandable_blockquote": {"<blockquote>", "</blockquote>"},
	"spoiler": {`<span class="spoiler">`, "</span>"},
}

// pageHTML is the text with its formatting, built from escaped pieces only.
func pageHTML(text string, list []entity) string {
	units := utf16.Encode([]rune(text))
	cuts := []int{0, len(units)}
	for _, e := range list {
		cuts = append(cuts, min(e.Offset, len(units)), min(e.Offset+e.Length, len(units)))
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out strings.Builder
	for i := 0; i+1 < len(cuts); i++ {
		from, to := cuts[i], cuts[i+1]
		var closing []string
		for _, e := range list {
			if e.Offset > from || e.Offset+e.Length < to {
				continue
			}
			open, end := pageTag(e, units)
			out.WriteString(open)
			closing = append(closing, end)
		}
		out.WriteString(strings.ReplaceAll(html.EscapeString(string(utf16.Decode(units[from:to]))), "\n", "<br>"))
		for _, end := range slices.Backward(closing) {
			out.WriteString(end)
		}
	}
	return out.String()
}

func pageTag(e entity, units []uint16) (open, end string) {
	target := e.URL
	if e.Type == "url" {
		target = e.of(units)
	}
	if target != "" && (strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")) {
		return `<a rel="noopener noreferrer" target="_blank" href="` + html.EscapeString(target) + `">`, "</a>"
	}
	tags := htmlTags[e.Type]
	return tags[0], tags[1]
}
