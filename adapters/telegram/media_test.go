package telegram_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

func TestPictures(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	if err := os.WriteFile(path, []byte("png-1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		image conversation.Image
		first func(request) bool
	}{
		"data": {conversation.Image{Data: []byte("png-2"), Name: "a.png"}, func(r request) bool { return r.files["photo"] == "png-2" }},
		"path": {conversation.Image{Path: path}, func(r request) bool { return r.files["photo"] == "png-1" }},
		"url":  {conversation.Image{URL: "https://example.com/a.png"}, func(r request) bool { return r.fields["photo"] == "https://example.com/a.png" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{answer: numbered()}
			a, _ := adapterWith(t, s)
			body := conversation.Body{Text: plain("New <menu>"), Image: &test.image, Rows: [][]conversation.Button{row("Yes")}}
			for range 2 {
				if _, err := a.Send(t.Context(), sending("7", body)); err != nil {
					t.Fatal(err)
				}
			}
			first, second := s.calls[0], s.calls[1]
			if first.method != "sendPhoto" || !test.first(first) || first.fields["caption"] != "New &lt;menu&gt;" || len(keyboardOf(t, first).Inline) != 1 {
				t.Errorf("first: %+v", first)
			}
			if second.fields["photo"] != "large-101" || len(second.files) != 0 {
				t.Errorf("the second time it is not sent by its id: %+v", second)
			}
		})
	}
}

func TestAChangedFileIsUploadedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	for i, content := range []string{"one", "another"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Path: path}})); err != nil {
			t.Fatal(err)
		}
		if s.calls[i].files["photo"] != content {
			t.Errorf("send %d: %+v", i, s.calls[i])
		}
	}
}

// A file that has not changed is read once, however many people get it.
func TestAnUnchangedFileIsReadOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "menu.png")
	s := &server{answer: numbered()}
	a, _ := adapterWith(t, s)
	changed := time.Unix(1700000000, 0)
	for _, content := range []string{"one", "two"} { // same size and time: taken to be the same
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Path: path}})); err != nil {
			t.Fatal(err)
		}
	}
	if s.calls[1].fields["photo"] != "large-101" {
		t.Errorf("got %+v", s.calls[1])
	}
}

// Words that somebody waits for go without a picture that cannot be had.
func TestWordsGoWithoutABadPicture(t *testing.T) {
	t.Parallel()
	t.Run("missing file", func(t *testing.T) {
		t.Parallel()
		calls := sent(t, conversation.Body{Text: plain("hours"), Image: &conversation.Image{Path: "/nonexistent/a.png"}})
		if len(calls) != 1 || calls[0].method != "sendMessage" || calls[0].fields["text"] != "hours" {
			t.Errorf("got %+v", calls)
		}
	})
	for _, text := range []string{"Bad Request: failed to get HTTP URL content", "Bad Request: PHOTO_INVALID_DIMENSIONS", "Bad Request: IMAGE_PROCESS_FAILED"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s := &server{}
			answer := numbered()
			s.answer = func(r request) (int, string) {
				if r.method == "sendPhoto" {
					return refusal(400, text, "")
				}
				return answer(r)
			}
			a, _ := adapterWith(t, s)
			img := &conversation.Image{URL: "https://example.com/a.png"}
			if _, err := a.Send(t.Context(), sending("7", conversation.Body{Text: plain("hours"), Image: img})); err != nil {
				t.Fatal(err)
			}
			if last := s.calls[len(s.calls)-1]; last.method != "sendMessage" || last.fields["text"] != "hours" {
				t.Errorf("got %+v", last)
			}
			_, err := a.Send(t.Context(), sending("7", conversation.Body{Image: img}))
			if conversation.KindOf(err) != conversation.OurPayload {
				t.Errorf("a picture alone: %v", err)
			}
		})
	}
}

// An id that the platform has forgotten is not the end of the picture.
func TestAForgottenPictureIsUploadedAgain(t *testing.T) {
	t.Parallel()
	s := &server{}
	answer := numbered()
	s.answer = func(r request) (int, string) {
		if strings.HasPrefix(r.fields["photo"], "large-") {
			return refusal(400, "Bad Request: wrong file identifier/HTTP URL specified", "")
		}
		return answer(r)
	}
	a, _ := adapterWith(t, s)
	for range 2 {
		if _, err := a.Send(t.Context(), sending("7", conversation.Body{Image: &conversation.Image{Data: []byte("png")}})); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.calls) != 3 || s.calls[2].files["photo"] != "png" {
		t.Errorf("got %+v", s.calls)
	}
}

func TestALargePictureGoesAsAFile(t *testing.T) {
	t.Parallel()
	calls := sent(t, conversation.Body{Text: plain("x"), Image: &conversation.Image{Data: make([]byte, 10<<20+1), Name: "poster.png"}})
	if len(calls) != 1 || calls[0].method != "sendDocument" || len(calls[0].files["document"]) != 10<<20+1 {
		t.Errorf("%d calls, the first %s", len(calls), calls[0].method)
	}
}

func TestLongCaption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := sent(t, conversation.Body{Text: plain(strings.Repeat("ə", 1000)), Image: &conversation.Image{Data: []byte("png")}})
		if len(calls) != 1 {
			t.Errorf("a thousand letters of two bytes: %d calls", len(calls))
		}
		for _, n := range []int{1024, 1025} {
			calls := sent(t, conversation.Body{
				Text: plain(strings.Repeat("x", n)), Image: &conversation.Image{Data: []byte("png")},
				Rows: [][]conversation.Button{row("Yes")},
			})
			if n == 1024 && (len(calls) != 1 || len(calls[0].fields["caption"]) != n) {
				t.Errorf("%d units: %d calls", n, len(calls))
			}
			if n == 1025 && (len(calls) != 2 || calls[0].fields["caption"] != "" || len(calls[1].fields["text"]) != n ||
				calls[0].fields["reply_markup"] != "" || len(keyboardOf(t, calls[1]).Inline) != 1) {
				t.Errorf("%d units: %+v", n, calls)
			}
		}
	})
}

func TestDocument(t *testing.T) {
	t.Parallel()
	calls := sent(t, conversation.Body{Text: plain("yours"), Document: &conversation.Document{Name: "../../my data.json", Data: []byte("{}")}})
	if len(calls) != 1 || calls[0].method != "sendDocument" || calls[0].files["document"] != "{}" || calls[0].fields["caption"] != "yours" {
		t.Errorf("got %+v", calls)
	}
}
