package telegram_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
	"github.com/rapport-chat/rapport/sandbox/telegram"
)

// form is a multipart body with fields and one file.
func form(t *testing.T, fields map[string]string, field, name string, data []byte) (kind string, body []byte) {
	t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if field != "" {
		part, err := w.CreateFormFile(field, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), buf.Bytes()
}

// TestParameters: the same call as query, urlencoded form, multipart form and JSON.
func TestParameters(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	markup := `{"inline_keyboard":[[{"text":"a","callback_data":"a"}]]}`
	fields := map[string]string{"chat_id": chat, "text": "<b>x</b> & ü", "parse_mode": "HTML", "reply_markup": markup}
	values := url.Values{}
	for k, v := range fields {
		values.Set(k, v)
	}
	kind, body := form(t, fields, "", "", nil)
	asJSON := fmt.Sprintf(`{"chat_id":%s,"text":"<b>x</b> & ü","parse_mode":"HTML","reply_markup":%s,"entities":null}`, chat, markup)
	for name, call := range map[string]func() (reply, error){
		"query": func() (reply, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/bot"+token+"/sendMessage?"+values.Encode(), nil)
			if err != nil {
				return reply{}, err
			}
			return b.do(req)
		},
		"form": func() (reply, error) {
			return b.post(t.Context(), "sendMessage", "application/x-www-form-urlencoded", []byte(values.Encode()))
		},
		"multipart": func() (reply, error) { return b.post(t.Context(), "sendMessage", kind, body) },
		"JSON":      func() (reply, error) { return b.post(t.Context(), "sendMessage", "application/json", []byte(asJSON)) },
	} {
		r, err := call()
		var m sent
		if err != nil || !r.OK || json.Unmarshal(r.Result, &m) != nil || m.Text != "x & ü" || m.Markup == nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, c := range l.Calls(0) {
		sent, ok := c.Body.(map[string]any)
		if !ok || sent["text"] != "<b>x</b> & ü" || c.Method != "sendMessage" || c.Status != 200 || c.Path != "/bot<token>/sendMessage" {
			t.Errorf("journal: %+v", c)
		}
	}
	for name, call := range map[string][2]string{
		"cut JSON":      {"application/json", `{"chat_id":`},
		"cut multipart": {kind, string(body[:len(body)-20])},
	} {
		r, err := b.post(t.Context(), "sendMessage", call[0], []byte(call[1]))
		if err != nil || r.Status != http.StatusBadRequest {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, w, h))); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestPhotos: an upload, the same file by its id, its download; and what is no photo.
func TestPhotos(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited, Dir: t.TempDir()})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	data := picture(t, 1000, 500)
	kind, body := form(t, map[string]string{"chat_id": chat, "caption": "<b>QR</b>", "parse_mode": "HTML"}, "photo", "qr.png", data)
	r, err := b.post(t.Context(), "sendPhoto", kind, body)
	var m sent
	if err != nil || !r.OK || json.Unmarshal(r.Result, &m) != nil {
		t.Fatalf("upload: %+v, %v", r, err)
	}
	largest := m.Photo[len(m.Photo)-1]
	if m.Caption != "QR" || largest["width"] != 1000.0 || largest["height"] != 500.0 || len(m.Photo) != 4 {
		t.Errorf("photo: %+v", m)
	}
	b.must("sendPhoto", obj{"chat_id": chat, "photo": largest["file_id"], "reply_markup": keys(obj{"text": "a", "callback_data": "a"})}, nil)
	var f struct {
		Path string `json:"file_path"`
	}
	b.must("getFile", obj{"file_id": largest["file_id"]}, &f)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/file/bot"+token+"/"+f.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || !bytes.Equal(got, data) || res.Header.Get("Content-Type") != "image/png" {
		t.Errorf("download: %d bytes, %v, %v", len(got), res.Header, err)
	}
	log := l.Chat("ayla", "")
	if _, shown, ok := l.Media(log[1].Image); !ok || !bytes.Equal(shown, data) || log[0].Text != "QR" {
		t.Errorf("transcript: %+v", log)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":    {nil, "Bad Request: file must be non-empty"},
		"no image": {[]byte("hello"), "Bad Request: IMAGE_PROCESS_FAILED"},
		"ribbon":   {picture(t, 2100, 100), "Bad Request: PHOTO_INVALID_DIMENSIONS"},
		"huge":     {append(picture(t, 1, 1), make([]byte, 10<<20)...), "Bad Request: too big file of size 10485"},
	} {
		kind, body := form(t, map[string]string{"chat_id": chat}, "photo", "a.png", c.data)
		r, err := b.post(t.Context(), "sendPhoto", kind, body)
		if err != nil || r.Status != 400 || !strings.HasPrefix(r.Description, c.want) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	kind, body = form(t, map[string]string{"chat_id": chat, "caption": "your data"}, "document", "data.json", []byte("{}"))
	r, err = b.post(t.Context(), "sendDocument", kind, body)
	if err != nil || !r.OK || json.Unmarshal(r.Result, &m) != nil || m.Document["file_name"] != "data.json" || m.Document["mime_type"] != "application/json" {
		t.Errorf("document: %+v, %v", r, err)
	}
	for _, c := range l.Calls(0) {
		if body, _ := json.Marshal(c.Body); len(body) > 1000 {
			t.Errorf("the journal holds a file: %d bytes", len(body))
		}
	}
}

// TestFaults: the platform misbehaves as told, so often as told, before the call takes effect.
func TestFaults(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{Limits: unlimited})
	b := inMemory(t, l)
	chat := person(t, l, "ayla", "")
	arm := func(f lookalike.Fault) {
		t.Helper()
		if err := l.Fault(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	arm(lookalike.Fault{Status: 429, RetryAfter: 7, Times: 2})
	b.must("getMe", nil, nil)
	for range 2 {
		if r := b.call("sendMessage", obj{"chat_id": chat, "text": "x"}); r.Status != 429 || r.Parameters.RetryAfter != 7 || r.Description != "Too Many Requests: retry after 7" {
			t.Errorf("429: %+v", r)
		}
	}
	arm(lookalike.Fault{Method: "sendmessage", Status: 502})
	if r := b.call("sendMessage", obj{"chat_id": chat, "text": "x"}); r.Status != 502 || r.Code != 0 {
		t.Errorf("502 is a page of the proxy: %+v", r)
	}
	arm(lookalike.Fault{Method: "getMe", Status: 401})
	b.refused("getMe", nil, 401, "Unauthorized")
	arm(lookalike.Fault{Method: "sendMessage", Status: 500})
	b.refused("sendMessage", obj{"chat_id": chat, "text": "x"}, 500, "Internal Server Error")
	arm(lookalike.Fault{Method: "sendMessage"})
	arm(lookalike.Fault{Times: 1})
	if _, err := b.try(token, "sendMessage", obj{"chat_id": chat, "text": "cut before"}); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a cut connection: %v", err)
	}
	if _, err := b.try(token, "sendMessage", obj{"chat_id": chat, "text": "cut before"}); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a cut connection: %v", err)
	}
	if n := len(l.Chat("ayla", "")); n != 0 {
		t.Errorf("%d messages in spite of the faults", n)
	}
	arm(lookalike.Fault{Method: "sendMessage", Late: true})
	if _, err := b.try(token, "sendMessage", obj{"chat_id": chat, "text": "cut after"}); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a cut connection: %v", err)
	}
	if log := l.Chat("ayla", ""); len(log) != 1 || log[0].Text != "cut after" {
		t.Errorf("transcript: %+v", log)
	}
	if err := l.Fault(t.Context(), lookalike.Fault{Status: 7}); !errors.Is(err, lookalike.ErrUnsupported) {
		t.Errorf("status 7: %v", err)
	}
	down := true
	arm(lookalike.Fault{Down: &down})
	if _, err := b.try(token, "getMe", nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down: %v", err)
	}
	down = false
	arm(lookalike.Fault{Down: &down})
	b.must("getMe", nil, nil)
	arm(lookalike.Fault{Drop: time.Hour})
	if _, err := b.try(token, "getMe", nil); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dropped: %v", err)
	}
}

// TestSettings: commands and texts are kept per language, with the default behind them.
func TestSettings(t *testing.T) {
	t.Parallel()
	l := open(t, telegram.Config{})
	b := inMemory(t, l)
	for lang, text := range map[string]string{"": "Start", "az": "Başla"} {
		b.must("setMyCommands", obj{"commands": []obj{{"command": "/start", "description": text}}, "language_code": lang}, nil)
		b.must("setMyDescription", obj{"description": text, "language_code": lang}, nil)
	}
	b.must("setMyCommands", obj{"commands": []obj{{"command": "start", "description": "Hi"}}, "scope": obj{"type": "all_private_chats"}}, nil)
	b.must("setChatMenuButton", obj{"menu_button": obj{"type": "commands"}}, nil)
	for lang, want := range map[string]string{"": "Start", "az": "Başla"} {
		var list []obj
		b.must("getMyCommands", obj{"language_code": lang}, &list)
		if len(list) != 1 || list[0]["command"] != "start" || list[0]["description"] != want {
			t.Errorf("commands in %q: %v", lang, list)
		}
	}
	b.must("deleteMyCommands", obj{"language_code": "az"}, nil)
	var list []obj
	b.must("getMyCommands", obj{"language_code": "az"}, &list)
	if len(list) != 0 {
		t.Errorf("deleted commands: %v", list)
	}
	for lang, want := range map[string]string{"az": "Başla", "ru": "Start"} {
		var got obj
		b.must("getMyDescription", obj{"language_code": lang}, &got)
		if got["description"] != want {
			t.Errorf("description in %q: %v", lang, got)
		}
	}
	var me, where obj
	b.must("getMe", nil, &me)
	if me["id"] != 123456789.0 || me["is_bot"] != true || me["username"] != l.Username() {
		t.Errorf("getMe: %v", me)
	}
	b.must("getChat", obj{"chat_id": person(t, l, "ayla", "")}, &where)
	if where["type"] != "private" || where["first_name"] != "Ayla" {
		t.Errorf("getChat: %v", where)
	}
}
