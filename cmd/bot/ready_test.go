package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

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
	if err := s.awaitChannels(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		deaf   bool
		status int
		says   string
		up     string
	}{{false, http.StatusOK, "ok", "1"}, {true, http.StatusServiceUnavailable, "receives nothing", "0"}, {false, http.StatusOK, "ok", "1"}} {
		deaf.Store(c.deaf)
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
