// Package fitting brings what a message carries within a platform's bounds: how long a text is there, how it is cut, and
// how much of a picture is read. The bounds themselves are the channels'.
package fitting

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/rapport-chat/rapport/adapters/lenient"
)

// Ellipsis stands where a text was cut, and for one that is empty.
const Ellipsis = "…"

// Units counts UTF-16 units: a character outside the basic plane is two. Where a platform only speaks of "characters",
// this is the careful reading.
func Units(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

// Cut keeps a text to limit units, the ellipsis included, and never leaves it empty. A backslash is not left at the cut:
// where texts are escaped, it would escape the ellipsis.
func Cut(s string, limit int) string {
	s = strings.TrimSpace(lenient.Clean(s))
	if s == "" {
		return Ellipsis
	}
	if Units(s) <= limit {
		return s
	}
	runes := []rune(s)
	runes = runes[:min(len(runes), limit)]
	for Units(string(runes)) > limit-1 {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), ` \`) + Ellipsis
}

// Label is Cut for what stands on one line, such as the label of a button.
func Label(s string, limit int) string { return Cut(strings.Join(strings.Fields(s), " "), limit) }

// WebAddress says whether an address is one of the web of at most limit units, which is what most buttons take.
func WebAddress(address string, limit int) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && Units(address) <= limit
}

// ReadPicture reads a picture's file, and of one that is too large a byte more than limit, so that it shows.
func ReadPicture(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the picture: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	return data, nil
}
