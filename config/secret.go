package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"regexp"
	"strings"
	"unicode"
)

// Secret is a token or password. In the file it is x, nearly always as ${NAME},
// or x_file, the path of a file that holds it; never both. However it is
// printed, it is <secret>; only Reveal gives the text.
type Secret struct {
	// A pointer, so that even printing a struct with an unexported Secret
	// field shows an address and not the text.
	text *string
}

// NewSecret wraps a text that must not be printed.
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the text, for the call that needs it; "" when there is none.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsSet reports whether there is a text.
func (s Secret) IsSet() bool { return s.text != nil && *s.text != "" }

// Equal compares in constant time for texts of equal length.
func (s Secret) Equal(text string) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(text)) == 1
}

// String returns <secret>, or "" when there is none.
func (s Secret) String() string {
	if !s.IsSet() {
		return ""
	}
	return maskText
}

// Format prints <secret> for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText writes <secret> into JSON and every other text format.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML writes <secret> into YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue keeps the text out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

func (Secret) describe() string { return "a secret" }

const (
	// maxSecretBytes bounds a secret file: longer ones are the wrong file.
	maxSecretBytes = 16 << 10
)

// secret decodes x or x_file of a struct.
func (d *decoder) secret(n *node, v reflect.Value, f field, s spot) {
	direct, file := n.find(f.name), n.find(f.name+"_file")
	if direct != nil {
		direct.value.hide()
	}
	switch {
	case direct != nil && file != nil:
		d.r.Errorf(file.at, fmt.Sprintf("keep %s or %s_file", f.name, f.name), "%s and %s_file are both given", f.name, f.name)
	case direct != nil:
		d.secretText(direct, v)
	case file != nil:
		d.secretFile(file.value, v)
	case f.rules.required && !n.partial:
		at := structAt(n, s)
		at.n = nil
		d.r.Errorf(at, fmt.Sprintf("add “%s: ${NAME}” or “%s_file: /path” %s", f.name, f.name, below(s)), "%s has no %q", or(s.name, "the file"), f.name)
	}
}

func below(s spot) string {
	if s.name == "" {
		return "at the top level"
	}
	return "below " + s.name
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (d *decoder) secretText(e *entry, v reflect.Value) {
	n := e.value
	switch {
	case n.kind == Null:
		d.r.Errorf(n.at(), fmt.Sprintf("write %s: ${NAME} and set NAME in the environment", e.key), "%s has no value", e.key)
		return
	case !d.scalar(n, "a secret"):
		return
	}
	text := strings.TrimSpace(n.text)
	if problem := secretProblem(text); problem != "" {
		d.r.Errorf(n.at(), "copy it again", "%s %s", e.key, problem)
		return
	}
	v.Set(reflect.ValueOf(NewSecret(text)))
}

func (d *decoder) secretFile(n *node, v reflect.Value) {
	if !d.scalar(n, "a path") {
		return
	}
	path := n.at().Resolve(n.text)
	text, err := readSecret(path)
	if err != nil {
		d.r.add(d.r.opts.Unset, n.at(), "the file must hold the secret alone and be readable by the program", "cannot read the secret file: "+readReason(err))
		return
	}
	if problem := secretProblem(text); problem != "" {
		d.r.Errorf(n.at(), "the file must hold the secret alone", "the secret in the file %s", problem)
		return
	}
	v.Set(reflect.ValueOf(NewSecret(text)))
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return "", errIsFolder
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxSecretBytes {
		return "", errTooLarge
	}
	return strings.TrimSpace(strings.TrimPrefix(string(data), "\ufeff")), nil
}

// secretProblem says what cannot be part of a token, without showing it.
func secretProblem(text string) string {
	switch {
	case text == "":
		return "is empty"
	case strings.ContainsAny(text, "\r\n"):
		return "contains a line break"
	case strings.IndexFunc(text, unicode.IsControl) >= 0:
		return "contains a control character"
	case text == maskText:
		return "is the mask " + maskText + ", not the secret itself"
	}
	return ""
}

// hide keeps a node and all below it out of messages and excerpts. A bare
// ${NAME} stays visible: it says which variable is meant.
func (n *node) hide() {
	if n == nil {
		return
	}
	switch n.kind {
	case Scalar:
		if !isReference(n.written) {
			n.secret = true
			n.maskLines()
		}
	case List:
		for _, item := range n.items {
			item.hide()
		}
	case Mapping:
		for _, e := range n.entries {
			e.value.hide()
		}
	}
}

// maskLines masks the lines of a scalar, also of one over several lines.
func (n *node) maskLines() {
	n.src.mask(n.line, n.col, n.col+n.width)
	if n.block || strings.Contains(n.text, "\n") || len([]rune(n.text)) > n.width {
		indent := indentOf(n.src.line(n.line))
		for line := n.line + 1; line <= len(n.src.lines); line++ {
			text := n.src.line(line)
			if strings.TrimSpace(text) != "" && indentOf(text) <= indent {
				break
			}
			n.src.mask(line, 1, len([]rune(text))+1)
		}
	}
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// reference is a scalar that is nothing but a variable without a default.
var reference = regexp.MustCompile(`^\$\{[A-Za-z_][A-Za-z0-9_]*\}$`)

func isReference(text string) bool { return reference.MatchString(strings.TrimSpace(text)) }

var secretName = regexp.MustCompile(`(?i)token|secret|passw|passphrase|api_?key|credential`)

// looksSecret tells by a key's name that its value is not for the screen.
func looksSecret(key string) bool {
	return secretName.MatchString(key) && !strings.HasSuffix(key, "_file")
}
