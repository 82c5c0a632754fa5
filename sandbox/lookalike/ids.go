package lookalike

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name of an invented person, in bytes.
const maxName = 64

// Seed is a number that depends only on the words given: the same person gets the same platform id in every run.
func Seed(words ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return binary.BigEndian.Uint64(sum[:8])
}

// NameKey brings a person's name into the form in which look-alikes keep it: trimmed and in lower case.
func NameKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// CheckName refuses what cannot be a person's name: nothing, more than 64 bytes, control characters, and "bot", which
// stands for the bot in transcripts.
func CheckName(name string) error {
	key := NameKey(name)
	switch {
	case key == "":
		return fmt.Errorf("a person needs a name: %w", ErrUnsupported)
	case len(key) > maxName:
		return fmt.Errorf("a name has at most %d bytes: %w", maxName, ErrUnsupported)
	case key == "bot":
		return fmt.Errorf("%q is the bot, not a person: %w", key, ErrUnsupported)
	case !utf8.ValidString(name) || strings.IndexFunc(key, unicode.IsControl) >= 0:
		return fmt.Errorf("a name is plain text: %w", ErrUnsupported)
	}
	return nil
}

// DisplayName is a person's name as people write their own.
func DisplayName(name string) string {
	for i, r := range name {
		return string(unicode.ToTitle(r)) + name[i+len(string(r)):]
	}
	return name
}
