package lookalike_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

func get(ctx context.Context, c *http.Client, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), errors.Join(err, res.Body.Close())
}

// TestTransportCarries: method, path, header, a streamed body and the answer arrive.
func TestTransportCarries(t *testing.T) {
	t.Parallel()
	tr := lookalike.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read the body: %v", err)
		}
		w.Header().Set("X-Saw", r.Method+" "+r.RequestURI+" "+r.Host+" "+r.Header.Get("X-Sent"))
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-Late", "set after the status")
		_, _ = w.Write(body)
	}))
	pr, pw := io.Pipe()
	go func() {
		_, _ = io.WriteString(pw, "one ")
		_, _ = io.WriteString(pw, "two")
		_ = pw.Close()
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://platform.test/a/b?c=d", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sent", "yes")
	res, err := (&http.Client{Transport: tr}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusTeapot || string(body) != "one two" ||
		res.Header.Get("X-Saw") != "POST /a/b?c=d platform.test yes" || res.Header.Get("X-Late") != "" {
		t.Errorf("got %d %q %v", res.StatusCode, body, res.Header)
	}
	tr.Wait()
}

// TestTransportEndsWithItsRequest: a cancelled or timed out request ends the handler's context, and the transport's
// goroutines with it.
func TestTransportEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 2)
		tr := lookalike.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/streaming" {
				w.WriteHeader(http.StatusOK)
			}
			<-r.Context().Done()
			ended <- r.Context().Err()
		}))
		for _, path := range []string{"/silent", "/streaming"} {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			start := time.Now()
			_, _, err := get(ctx, &http.Client{Transport: tr}, "http://platform.test"+path)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
				t.Errorf("%s: %v after %v", path, err, time.Since(start))
			}
			if err := <-ended; err == nil {
				t.Errorf("%s: the handler was not told", path)
			}
			cancel()
		}
		tr.Wait()
	})
}

// TestTransportAborts: a handler that aborts looks like a connection that was reset.
func TestTransportAborts(t *testing.T) {
	t.Parallel()
	tr := lookalike.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/midway" {
			_, _ = io.WriteString(w, "half")
		}
		panic(http.ErrAbortHandler)
	}))
	c := &http.Client{Transport: tr}
	if _, _, err := get(t.Context(), c, "http://platform.test/"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("aborted before the answer: %v", err)
	}
	if _, body, err := get(t.Context(), c, "http://platform.test/midway"); !errors.Is(err, io.ErrUnexpectedEOF) || body != "half" {
		t.Errorf("aborted midway: %q, %v", body, err)
	}
}

// waiting is a handler that says when it was reached and then waits for its context.
func waiting(reached chan<- struct{}) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			reached <- struct{}{}
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
}

// TestGate: while the gate is shut, open requests are cut and dials refused; after, all is well. In memory and over
// sockets.
func TestGate(t *testing.T) {
	t.Parallel()
	for _, over := range []string{"memory", "sockets"} {
		t.Run(over, func(t *testing.T) {
			t.Parallel()
			var gate lookalike.Gate
			t.Cleanup(gate.Close)
			reached := make(chan struct{}, 1)
			h := gate.Guard(waiting(reached))
			client, base := &http.Client{Transport: lookalike.Transport(h)}, "http://platform.test"
			if over == "sockets" {
				s, err := lookalike.Listen(t.Context(), "127.0.0.1:0", h)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				})
				client, base = &http.Client{Transport: &http.Transport{}}, s.URL()
				t.Cleanup(client.CloseIdleConnections)
			}
			for round := range 2 {
				if _, body, err := get(t.Context(), client, base+"/"); body != "ok" || err != nil {
					t.Fatalf("round %d, open: %q, %v", round, body, err)
				}
				cut := make(chan error, 1)
				go func() {
					_, _, err := get(t.Context(), client, base+"/wait")
					cut <- err
				}()
				<-reached
				gate.SetDown(true)
				if err := <-cut; err == nil {
					t.Errorf("round %d: the open request was not cut", round)
				}
				if _, _, err := get(t.Context(), client, base+"/"); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("round %d, shut: %v", round, err)
				}
				gate.SetDown(false)
			}
		})
	}
}

// TestDrop: a drop ends by itself.
func TestDrop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gate lookalike.Gate
		defer gate.Close()
		c := &http.Client{Transport: lookalike.Transport(gate.Guard(waiting(nil)))}
		gate.Drop(4 * time.Second)
		<-time.After(3999 * time.Millisecond)
		if _, _, err := get(t.Context(), c, "http://platform.test/"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("during the drop: %v", err)
		}
		<-time.After(2 * time.Millisecond)
		if _, body, err := get(t.Context(), c, "http://platform.test/"); body != "ok" || err != nil {
			t.Errorf("after the drop: %q, %v", body, err)
		}
	})
}

// TestGateWatch: watchers hear every change, the timed end of a drop included.
func TestGateWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gate lookalike.Gate
		var heard []string
		stop := gate.Watch(func(shut bool) { heard = append(heard, map[bool]string{true: "shut", false: "open"}[shut]) })
		gate.SetDown(true)
		gate.SetDown(false)
		gate.Drop(time.Second)
		<-time.After(2 * time.Second)
		synctest.Wait()
		stop()
		gate.SetDown(true)
		if got := strings.Join(heard, " "); got != "open shut open shut open" {
			t.Errorf("heard %q", got)
		}
	})
}

// TestPipes: real HTTP over connections in memory, cut and refused by the gate, also one that a handler took over.
func TestPipes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var gate lookalike.Gate
		defer gate.Close()
		taken := make(chan error, 1)
		s := lookalike.ServePipes(gate.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/take" {
				_, _ = io.WriteString(w, "ok")
				return
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				taken <- err
				return
			}
			_, err = io.ReadAll(conn)
			taken <- errors.Join(err, conn.Close())
		})))
		tr := &http.Transport{DialContext: s.DialContext}
		c := &http.Client{Transport: tr}
		if _, body, err := get(t.Context(), c, "http://platform.test/"); body != "ok" || err != nil {
			t.Errorf("over a pipe: %q, %v", body, err)
		}
		conn, err := s.DialContext(t.Context(), "tcp", "platform.test:80")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET /take HTTP/1.1\r\nHost: platform.test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		gate.SetDown(true)
		if err := <-taken; err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the connection that was taken over: %v", err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("the connection is still open")
		}
		if _, _, err := get(t.Context(), c, "http://platform.test/"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("shut: %v", err)
		}
		gate.SetDown(false)
		if _, body, err := get(t.Context(), c, "http://platform.test/"); body != "ok" || err != nil {
			t.Errorf("open again: %q, %v", body, err)
		}
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.DialContext(t.Context(), "tcp", "platform.test:80"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("closed: %v", err)
		}
	})
}
