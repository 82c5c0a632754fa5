package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// muffled is a channel that at times receives nothing.
type muffled struct {
	conversation.Channel
	deaf *atomic.Bool
}

func (m muffled) Deaf() error {
	if m.deaf.Load() {
		return errors.New("the gateway cannot be reached")
	}
	return nil
}

// TestReadyTellsOfChannelsThatReceiveNothing: what connected and cannot receive is not "ok", and is again once it can.
func TestReadyTellsOfChannelsThatReceiveNothing(t *testing.T) {
	t.Parallel()
	s, _ := exampleService(t)
	s.set.HTTP.Addr = ""
	var deaf atomic.Bool
	s.channels[0] = muffled{s.channels[0], &deaf}
	name := s.channels[0].Name()
	stages := newStages(t.Context())
	stages.start("service", s.Run)
	t.Cleanup(stages.stop)
	for _, c := range []struct {
		deaf   bool
		status int
		says   string
		up     string
	}{{false, http.StatusOK, "ok", "1"}, {true, http.StatusServiceUnavailable, "receives nothing", "0"}, {false, http.StatusOK, "ok", "1"}} {
		deaf.Store(c.deaf)
		if err := s.awaitChannels(t.Context()); err != nil { // who stands by has not to receive
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		var state map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &state); err != nil {
			t.Fatal(err)
		}
		if w.Code != c.status || state[name] != c.says {
			t.Errorf("deaf %v: %d, %v", c.deaf, w.Code, state)
		}
		w = httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
		if want := "rapport_channel_up{channel=\"" + name + "\"} " + c.up; !strings.Contains(w.Body.String(), want) {
			t.Errorf("deaf %v: GET /metrics has no %s", c.deaf, want)
		}
	}
}

// TestAwaitChannelsWaitsForTheLease starts while another process has the account: it is connected then, and stands by.
func TestAwaitChannelsWaitsForTheLease(t *testing.T) {
	t.Parallel()
	s, _ := exampleService(t)
	s.set.HTTP.Addr = ""
	const account = "console:guest"
	other, err := s.db.Outbox().Acquire(t.Context(), account, "another process", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	said := newBuffer()
	s.log = slog.New(slog.NewTextHandler(said, nil))
	stages := newStages(t.Context())
	stages.start("service", s.Run)
	t.Cleanup(stages.stop)
	holds := make(chan bool)
	go func() {
		err := s.awaitChannels(t.Context())
		holds <- err == nil && s.holds(account)
	}()
	for !strings.Contains(said.String(), "another process holds the lease") {
		<-said.more
	}
	select {
	case <-holds:
		t.Fatal("it did not wait for the lease")
	default:
	}
	if err := s.db.Outbox().Release(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if !<-holds {
		t.Error("the account is not this process's when the waiting has ended")
	}
}
