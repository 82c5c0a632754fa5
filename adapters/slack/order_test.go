package slack_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/adapters/slack"
	platform "github.com/rapport-chat/rapport/sandbox/slack"
)

// posted is an event of a message in a private chat.
func posted(i int) string {
	return fmt.Sprintf(`{"type":"event_callback","event_id":"Ev%d","event":{"type":"message","channel":"D1","user":"U1","text":"%d","ts":"1732241234.%06d"}}`, i, i, i)
}

// TestOrderOverHTTP: what is delivered at once, in calls of their own, is put in order.
func TestOrderOverHTTP(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHTTPMode(t)
		var delivering sync.WaitGroup
		for _, i := range []int{3, 1, 2, 9, 7, 8, 6, 5, 4} {
			delivering.Go(func() {
				if w := h.serve(request(slack.EventsPath, posted(i), time.Now())); w.Code != http.StatusOK {
					t.Errorf("answered %d", w.Code)
				}
			})
			synctest.Wait()
			if i == 2 {
				<-time.After(time.Second) // a page of its own
			}
		}
		delivering.Wait()
		if got := h.inbox.texts(); !slices.Equal(got, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}) {
			t.Errorf("got %q", got)
		}
	})
}

// TestOrderOverSockets: what the platform deals out over two connections is put in order.
func TestOrderOverSockets(t *testing.T) {
	t.Parallel()
	onStage(t, platform.Config{}, nil, func(s *stage) {
		s.online()
		var injecting sync.WaitGroup
		for _, i := range []int{4, 2, 3, 1} {
			injecting.Go(func() { _ = s.l.Inject(s.Context(), "events_api", []byte(posted(i))) }) // its acknowledgement is awaited
			synctest.Wait()
		}
		injecting.Wait()
		s.after(time.Second)
		if got := s.inbox.texts(); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			s.Errorf("got %q", got)
		}
	})
}
