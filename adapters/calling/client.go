// Package calling is what the channels share about calling a platform over HTTP: how far a request came, bounds on every
// step, errors that name no address, and how long to wait after a failed call. What a platform's answers mean is its
// own channel's business.
package calling

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// NewTransport is http.DefaultTransport with bounds on every step. Idle connections are dropped early, since a request on
// one that the platform has closed meanwhile ends with an outcome that nobody knows.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           NewDialer().DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       20 * time.Second,
	}
}

// NewDialer opens connections for the transport, and for sockets beside it.
func NewDialer() *net.Dialer {
	return &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}
}

// NewClient makes calls of at most timeout. It follows no redirects: an address or a header may hold a secret, which is
// never carried to wherever a redirect points.
func NewClient(rt http.RoundTripper, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport:     rt,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// WithoutURL takes the address, which may hold a secret, out of an error of net/http.
func WithoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}

// ReadFile reads a file of at most limit bytes from an answer; a larger one is conversation.ErrTooLarge.
func ReadFile(res *http.Response, limit int64) ([]byte, error) {
	if res.ContentLength > limit {
		return nil, conversation.ErrTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("fetch a file: %w", WithoutURL(err))
	}
	if int64(len(data)) > limit {
		return nil, conversation.ErrTooLarge
	}
	return data, nil
}

// HeaderSeconds reads a header that holds a waiting time in seconds, such as Retry-After; 0 for anything else.
func HeaderSeconds(h http.Header, name string) time.Duration {
	s, err := strconv.ParseFloat(strings.TrimSpace(h.Get(name)), 64)
	if err != nil {
		return 0
	}
	return Seconds(s)
}

// Seconds is a platform's waiting time, kept to a sensible range.
func Seconds(s float64) time.Duration {
	if math.IsNaN(s) {
		return 0
	}
	return time.Duration(min(max(s, 0), 24*3600) * float64(time.Second))
}
