package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// maxBody is the largest request that the API reads, in bytes.
const maxBody = 1 << 20

// badInput is a request that makes no sense as it is (400).
type badInput string

func (e badInput) Error() string { return string(e) }

func bad(format string, args ...any) error { return badInput(fmt.Sprintf(format, args...)) }

// route is one call of the API.
type route struct {
	method string
	serve  func(r *http.Request) (any, error)
}

// handler answers the route as JSON and refuses other methods.
func (rt route) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != rt.method && (rt.method != http.MethodGet || r.Method != http.MethodHead) {
			w.Header().Set("Allow", rt.method)
			writeError(w, http.StatusMethodNotAllowed, r.URL.Path+" wants "+rt.method)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		result, err := rt.serve(r)
		if err != nil {
			writeFailure(w, err)
			return
		}
		writeJSON(w, http.StatusOK, result)
	})
}

// done is the answer of calls that have nothing to say.
type done struct {
	OK bool `json:"ok"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		status = http.StatusInternalServerError
		buf.Reset()
		buf.WriteString(`{"error":"the answer cannot be written as JSON"}` + "\n")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes())
}

func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, struct {
		Error string `json:"error"`
	}{text})
}

// stillBusy is an idle call that ran out of time.
type stillBusy []string

func (b stillBusy) Error() string { return "not at rest: " + strings.Join(b, "; ") }

// writeFailure turns an error into a status.
func writeFailure(w http.ResponseWriter, err error) {
	var (
		input badInput
		busy  stillBusy
		large *http.MaxBytesError
	)
	switch {
	case errors.As(err, &busy):
		writeJSON(w, http.StatusGatewayTimeout, struct {
			Error string   `json:"error"`
			Busy  []string `json:"busy"`
		}{busy.Error(), busy})
	case errors.As(err, &large):
		writeError(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a request has at most %d bytes", large.Limit))
	case errors.As(err, &input), errors.Is(err, lookalike.ErrUnsupported):
		writeError(w, http.StatusBadRequest, err.Error())
	case errors.Is(err, lookalike.ErrNotFound):
		writeError(w, http.StatusNotFound, err.Error())
	case errors.Is(err, lookalike.ErrRefused):
		writeError(w, http.StatusConflict, err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		writeError(w, http.StatusGatewayTimeout, err.Error())
	default:
		writeError(w, http.StatusInternalServerError, err.Error())
	}
}

// readJSON reads the request's one JSON object; an empty body is an empty object.
func readJSON(r *http.Request, into any) error {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return bad("the body is not the JSON object that this call wants: %v", err)
	}
	return nil
}

// decimal is an amount of money, in JSON a number or a string.
type decimal string

var decimalForm = regexp.MustCompile(`^\d{1,15}(\.\d{1,6})?$`)

// UnmarshalJSON keeps the digits as they were written, so that no cent is lost in a float.
func (d *decimal) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if !decimalForm.MatchString(text) {
		return fmt.Errorf("%s is not an amount such as 49.90", raw)
	}
	*d = decimal(text)
	return nil
}

var daysForm = regexp.MustCompile(`^(\d{1,4})d(.*)$`)

// duration reads a Go duration that may start with days, such as "2d" or "1d12h".
func duration(what, text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	if m := daysForm.FindStringSubmatch(text); m != nil {
		days, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, bad("%s: %v", what, err)
		}
		total, rest = time.Duration(days)*24*time.Hour, m[2]
		if rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 {
		return 0, bad("%s: %q is not a length of time such as 90s or 48h", what, text)
	}
	return total + d, nil
}
