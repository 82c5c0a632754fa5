package calling_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	trouble := errors.New("refused")
	b := calling.Backoff{Longest: time.Second}
	for i, want := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, time.Second} {
		if got := b.After(trouble); got != want {
			t.Errorf("error %d: got %v, want %v", i+1, got, want)
		}
	}
	if got := b.After(&conversation.SendError{RetryAfter: 7 * time.Second, Err: trouble}); got != 7*time.Second {
		t.Errorf("what the platform asks for: got %v, want 7s", got)
	}
	b.Reset()
	if got := b.After(trouble); got != 250*time.Millisecond {
		t.Errorf("after a reset: got %v, want 250ms", got)
	}
	var zero calling.Backoff
	if got := zero.After(trouble); got <= 0 {
		t.Errorf("without a longest wait: got %v, want a wait", got)
	}
}

func TestReachFollowsTheBody(t *testing.T) {
	t.Parallel()
	var r calling.Reach
	req, err := http.NewRequestWithContext(r.Follow(t.Context()), http.MethodPost, "http://platform.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBody(req, []byte("words"))
	if r.Written() {
		t.Error("written before anything was read")
	}
	if _, err := io.ReadAll(req.Body); err != nil {
		t.Fatal(err)
	}
	lost := errors.New("lost")
	if !r.MayHaveArrived(lost) {
		t.Error("the whole body was taken: it may have arrived")
	}
	if r.MayHaveArrived(&net.OpError{Op: "dial", Err: lost}) {
		t.Error("nothing arrives where no connection was made")
	}
}

func TestErrorsNameNoSecret(t *testing.T) {
	t.Parallel()
	cause := errors.New("refused")
	if got := calling.WithoutURL(&url.Error{Op: "Get", URL: "http://platform.test/bot1:secret", Err: cause}); !errors.Is(got, cause) || strings.Contains(got.Error(), "secret") {
		t.Errorf("got %q", got)
	}
	got := calling.Scrub("bad \"my words\"  of 1:secret at https://platform.test/x", "1:secret")
	if want := `bad "…" of <token> at <address>`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
