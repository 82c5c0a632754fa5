package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const saveAsUTF8 = "save the file as UTF-8 (in most editors: Save as…, Encoding: UTF-8)"

const isUTF16 = "the file is encoded in UTF-16 (Windows calls it “Unicode”), not in UTF-8"

// readText turns a file's bytes into text. A wrong encoding is named in the
// problem and translated, so that the other problems are found as well.
func readText(data []byte) (text string, problem string, badLine int) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return translated(data, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)), isUTF16, 1
	}
	if order, ok := looksLikeUTF16(data); ok {
		return translated(data, unicode.UTF16(order, unicode.IgnoreBOM)), isUTF16, 1
	}
	if utf8.Valid(data) {
		if i := bytes.IndexByte(data, 0); i >= 0 {
			return strings.ReplaceAll(string(data), "\x00", "\uFFFD"), "the file contains a zero byte: it is not a text file", lineOf(data, i)
		}
		return newlines(string(data)), "", 0
	}
	name, table := legacyEncoding(data)
	return translated(data, table), fmt.Sprintf("the file is not encoded in UTF-8; it looks like %s", name), lineOf(data, firstInvalid(data))
}

func translated(data []byte, from encoding.Encoding) string {
	text, err := from.NewDecoder().Bytes(data)
	if err != nil {
		text = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	return newlines(strings.ReplaceAll(string(text), "\x00", "\uFFFD"))
}

// newlines makes every line end in a line feed alone.
func newlines(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// looksLikeUTF16 recognises a file without a mark by the zeros in every other
// byte that Latin letters have in UTF-16.
func looksLikeUTF16(data []byte) (order unicode.Endianness, ok bool) {
	sample := data[:min(len(data), 512)&^1]
	if len(sample) < 4 {
		return unicode.LittleEndian, false
	}
	var even, odd int
	for i := 0; i < len(sample); i += 2 {
		if sample[i] == 0 {
			even++
		}
		if sample[i+1] == 0 {
			odd++
		}
	}
	few := len(sample) / 5 // 40 % of the pairs
	switch {
	case odd > few && even == 0:
		return unicode.LittleEndian, true
	case even > few && odd == 0:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// legacyEncoding guesses which code page a file was saved in. Cyrillic words
// are made of high bytes only; Turkish ones have a few between Latin letters.
func legacyEncoding(data []byte) (string, encoding.Encoding) {
	var pairs, high int
	for i, b := range data {
		if b < 0x80 {
			continue
		}
		high++
		if i > 0 && data[i-1] >= 0xC0 && b >= 0xC0 {
			pairs++
		}
	}
	if pairs*2 > high {
		return "Windows-1251 (Cyrillic)", charmap.Windows1251
	}
	return "Windows-1254 (Turkish)", charmap.Windows1254
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return 0
}

func lineOf(data []byte, offset int) int {
	return 1 + bytes.Count(data[:offset], []byte("\n"))
}
