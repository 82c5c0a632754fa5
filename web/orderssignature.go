package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/engagement/loyalty"
)

// The headers of a signed request.
const (
	HeaderSource    = "Rapport-Source"    // the name under sources:
	HeaderTimestamp = "Rapport-Timestamp" // seconds since 1970
	HeaderSignature = "Rapport-Signature" // see Signature
)

// signatureWindow is how far a request's time may be from ours, on the real clock.
const signatureWindow = 5 * time.Minute

// Signature is the hexadecimal HMAC-SHA256 of the timestamp, the method, the path with its query, and the body, each
// but the last ended by a line feed.
func Signature(secret, timestamp, method, path string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s\n%s\n%s\n", timestamp, method, path)
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// nobody signs in place of a source that does not exist, so that an unknown name takes as long to refuse as a wrong
// signature.
var nobody = loyalty.Source{Secret: config.NewSecret("nobody knows this, and nobody needs to")}

// verify finds out which source signed a request. It says the same of an unknown source and of a wrong signature.
func (t *Till) verify(r *http.Request, body []byte) (string, loyalty.Source, error) {
	name := r.Header.Get(HeaderSource)
	source, known := t.Sources[name]
	if !known {
		source = nobody
	}
	stamp := r.Header.Get(HeaderTimestamp)
	given, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get(HeaderSignature), "sha256="))
	want, _ := hex.DecodeString(Signature(source.Secret.Reveal(), stamp, r.Method, r.URL.RequestURI(), body))
	if same := hmac.Equal(given, want); err != nil || !same || !known || !source.Secret.IsSet() {
		return "", source, refuse(http.StatusUnauthorized, "bad_signature", "the source is unknown or the signature is wrong")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return "", source, refuse(http.StatusUnauthorized, "bad_timestamp", "the timestamp is seconds since 1970")
	}
	if off := t.Real.Now().Sub(time.Unix(seconds, 0)).Abs(); off > signatureWindow {
		return "", source, refuse(http.StatusUnauthorized, "stale", "the timestamp is off by %s: set the clock", off.Round(time.Second))
	}
	return name, source, nil
}
