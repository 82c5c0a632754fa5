package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// badJSON says what is wrong with a body in words that do not need our source to be understood.
func badJSON(err error) string {
	var (
		kind   *json.UnmarshalTypeError
		syntax *json.SyntaxError
		moment *time.ParseError
	)
	switch {
	case errors.Is(err, io.EOF):
		return "the body is empty: send one JSON object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body breaks off in the middle of the object"
	case errors.As(err, &kind) && kind.Field == "":
		return fmt.Sprintf("the body is %s: send one JSON object, such as {\"id\": \"r-1\", ...}", article(kind.Value))
	case errors.As(err, &kind):
		return fmt.Sprintf("%s cannot be %s", kind.Field, article(kind.Value))
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &moment):
		return fmt.Sprintf("at: %s is no time, write 2026-12-02T14:05:00+04:00", strings.TrimSpace(moment.Value))
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// article puts "a" or "an" before a kind of JSON value, such as "array" or "number 1.5".
func article(kind string) string {
	if strings.HasPrefix(kind, "array") || strings.HasPrefix(kind, "object") {
		return "an " + kind
	}
	return "a " + kind
}
