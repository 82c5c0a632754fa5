package slack

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// maxFile bounds one upload. Slack takes 1 GB; nobody tries that in a sandbox.
	maxFile = 32 << 20
	// uploadLife is how long an upload_url takes a file; not published.
	uploadLife = 10 * time.Minute
)

// file is something that was uploaded.
type file struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Title string    `json:"title"`
	Type  string    `json:"type"`
	User  string    `json:"user"`
	Voice bool      `json:"voice,omitempty"`
	Typed bool      `json:"typed,omitempty"` // a text snippet
	At    time.Time `json:"at"`
	Data  []byte    `json:"data"`
}

// upload is a file on its way: asked for, then sent, then completed.
type upload struct {
	file   file
	length int
	at     time.Time
	sent   bool
}

// fileJSON is a file as messages show it. Source: docs.slack.dev/reference/objects/file-object.
func (l *Lookalike) fileJSON(f *file) map[string]any {
	private := l.fileBase() + "/files-pri/" + l.app.team + "-" + f.ID + "/"
	out := map[string]any{
		"id": f.ID, "created": f.At.Unix(), "timestamp": f.At.Unix(), "name": f.Name, "title": f.Title, "mimetype": f.Type,
		"filetype": strings.TrimPrefix(filepath.Ext(f.Name), "."), "user": f.User, "user_team": l.app.team, "editable": false,
		"size": len(f.Data), "mode": "hosted", "is_external": false, "is_public": false, "file_access": "visible",
		"url_private": private + f.Name, "url_private_download": private + "download/" + f.Name,
		"permalink": "https://sandbox.slack.com/files/" + f.User + "/" + f.ID + "/" + f.Name,
	}
	if f.Voice {
		out["subtype"], out["duration_ms"] = "slack_audio", 1500
	}
	if f.Typed {
		out["mode"], out["filetype"], out["editable"] = "snippet", "text", true
	}
	return out
}

func (l *Lookalike) fileBase() string {
	if l.host == "" {
		return "https://files.slack.com"
	}
	return "http://" + l.host
}

// withFiles is a message whose files name the host that is in use now.
func (l *Lookalike) withFiles(e *entry) message {
	m := e.Message
	m.Files = nil
	for _, fileID := range e.Files {
		if f := l.files[fileID]; f != nil {
			m.Files = append(m.Files, l.fileJSON(f))
		}
	}
	return m
}

// keepFile takes a file in.
func (l *Lookalike) keepFile(f file) (*file, error) {
	if err := l.save(record{File: &f}); err != nil {
		return nil, err
	}
	l.files[f.ID] = &f
	return &f, nil
}

func (l *Lookalike) newFileID() string { return id("F", "file", l.newTS()) }

// cleanName keeps a name that can stand in an address.
func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\ ?#%&", r) || r < ' ' {
			return '_'
		}
		return r
	}, filepath.Base(name))
}

// fileOf finds the file that an image block names.
func (l *Lookalike) fileOf(f *slackFile) *file {
	if found := l.files[f.ID]; found != nil {
		return found
	}
	for _, one := range l.files {
		if f.URL != "" && strings.Contains(f.URL, one.ID) {
			return one
		}
	}
	return nil
}

func (l *Lookalike) uploadURL(a args) (map[string]any, error) {
	name := a.str("filename")
	length, err := a.int("length", 0, maxFile+1)
	if err != nil || name == "" || length == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: filename or length")
	}
	if length > maxFile {
		return nil, refuse("file_upload_size_restricted")
	}
	for secret, u := range l.uploads {
		if time.Since(u.at) > uploadLife {
			delete(l.uploads, secret)
		}
	}
	u := &upload{length: length, at: time.Now(), file: file{
		ID: l.newFileID(), Name: cleanName(name), Title: name, User: l.app.user, At: l.cfg.Now(),
	}}
	secret := rand.Text()
	l.uploads[secret] = u
	return map[string]any{"upload_url": "http://" + l.host + "/upload/v1/" + secret, "file_id": u.file.ID}, nil
}

// serveUpload takes the bytes: as they are, or as the first file of a form.
func (l *Lookalike) serveUpload(r *http.Request, method string, e *lookalike.Entry) response {
	if f, broken := l.faults.Take(method, r.URL.Path, false); broken {
		return faulty(f)
	}
	data, err := readUpload(r)
	if err != nil || len(data) > maxFile {
		return response{status: http.StatusBadRequest, kind: "text/plain", body: []byte("Error: cannot read the file")}
	}
	e.Body(map[string]any{"bytes": len(data)})
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.uploads[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
	switch {
	case u == nil || time.Since(u.at) > uploadLife || u.sent:
		return response{status: http.StatusNotFound, kind: "text/plain", body: []byte("Error: invalid upload url")}
	case len(data) != u.length:
		return response{status: http.StatusBadRequest, kind: "text/plain", body: []byte("Error: wrong length")}
	}
	u.file.Data, u.sent = data, true
	u.file.Type = mime.TypeByExtension(filepath.Ext(u.file.Name))
	if u.file.Type == "" {
		u.file.Type = http.DetectContentType(data)
	}
	return response{status: http.StatusOK, kind: "text/plain", body: fmt.Appendf(nil, "OK - %d", len(data))}
}

func readUpload(r *http.Request) ([]byte, error) {
	body := http.MaxBytesReader(nil, r.Body, maxFile+1<<16)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		data, err := io.ReadAll(body)
		if err != nil {
			return nil, fmt.Errorf("read an upload: %w", err)
		}
		return data, nil
	}
	r.Body = body
	form, err := r.MultipartReader()
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, fmt.Errorf("no file in the form: %w", err)
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

func (l *Lookalike) completeUpload(a args) (map[string]any, error) {
	var list []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if json.Unmarshal(a.json("files"), &list) != nil || len(list) == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] missing required field: files")
	}
	var c *channel
	if where := a.str("channel_id"); where != "" {
		var err error
		if c, err = l.target(where, false); err != nil {
			return nil, err
		}
	}
	var done []string
	var files []*file
	for _, one := range list {
		secret := l.uploadOf(one.ID)
		if secret == "" {
			return nil, errFileNotFound
		}
		u := l.uploads[secret]
		if one.Title != "" {
			u.file.Title = one.Title
		}
		f, err := l.keepFile(u.file)
		if err != nil {
			return nil, err
		}
		done, files = append(done, secret), append(files, f)
	}
	for _, secret := range done {
		delete(l.uploads, secret)
	}
	shown := make([]any, len(files))
	for i, f := range files {
		shown[i] = l.fileJSON(f)
	}
	if c != nil {
		out := outgoing{text: a.str("initial_comment"), thread: a.str("thread_ts")}
		if _, err := l.say(c, out, files); err != nil {
			return nil, err
		}
	}
	return map[string]any{"files": shown}, nil
}

// uploadOf is the secret of the upload of a file that was sent.
func (l *Lookalike) uploadOf(fileID string) string {
	for secret, u := range l.uploads {
		if u.file.ID == fileID && u.sent {
			return secret
		}
	}
	return ""
}

func (l *Lookalike) filesInfo(a args) (map[string]any, error) {
	f := l.files[a.str("file")]
	if f == nil {
		return nil, errFileNotFound
	}
	return map[string]any{"file": l.fileJSON(f), "comments": []any{}}, nil
}

// loginPage is what Slack answers, with status 200, to who may not see a file.
const loginPage = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to Sandbox</body></html>\n"

// serveFile serves what is private to who has the bot's token; others are sent to a page to sign in.
func (l *Lookalike) serveFile(w http.ResponseWriter, r *http.Request) {
	if f, broken := l.faults.Take("files-pri", r.URL.Path, false); broken {
		if f.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		faulty(f).write(w)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+l.cfg.BotToken {
		http.Redirect(w, r, "/login?redir="+r.URL.EscapedPath(), http.StatusFound)
		return
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/files-pri/"), "/")
	_, fileID, _ := strings.Cut(first, "-")
	kind, data, ok := l.Media(fileID)
	if !ok {
		http.NotFound(w, r)
		return
	}
	response{status: http.StatusOK, kind: kind, body: data}.write(w)
}

// Media implements lookalike.Platform.
func (l *Lookalike) Media(name string) (string, []byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fileID, _, _ := strings.Cut(name, ".")
	f := l.files[fileID]
	if f == nil {
		return "", nil, false
	}
	return f.Type, f.Data, true
}

// invented is a small file of the kind that a person sends.
func (l *Lookalike) invented(p *person, kind string) (*file, error) {
	f := file{ID: l.newFileID(), User: p.ID, At: l.cfg.Now()}
	switch kind {
	case lookalike.Voice:
		f.Name, f.Type, f.Data, f.Voice = "audio_message.m4a", "audio/mp4", []byte("\x00\x00\x00\x18ftypM4A sandbox voice clip"), true
	case lookalike.Photo:
		f.Name, f.Type, f.Data = "photo.png", "image/png", placeholder()
	case lookalike.File:
		f.Name, f.Type, f.Data = "note.txt", "text/plain", []byte("a file from the sandbox\n")
	default:
		return nil, fmt.Errorf("nobody can attach %q on Slack: %w", kind, lookalike.ErrUnsupported)
	}
	f.Title = f.Name
	return l.keepFile(f)
}

// snippet is the file that the app makes of a text too long for a message.
func (l *Lookalike) snippet(p *person, text string) (*file, error) {
	return l.keepFile(file{
		ID: l.newFileID(), User: p.ID, At: l.cfg.Now(), Name: "Untitled.txt", Title: "Untitled", Type: "text/plain", Data: []byte(text), Typed: true,
	})
}

// placeholder is a small picture.
func placeholder() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			img.Set(x, y, color.RGBA{R: uint8(90 + x), G: 180, B: uint8(100 + y), A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("slack look-alike: " + err.Error()) // never: writing to memory
	}
	return b.Bytes()
}
