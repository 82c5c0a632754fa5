package discord

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// file is something that was uploaded.
type file struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Data []byte `json:"data"`
}

// fileHost stands for the platform's own host of files.
const fileHost = "https://cdn.discordapp.com/attachments/"

func (f *file) url() string { return fileHost + f.ID + "/" + f.Name }

func (f *file) attachment() attachment {
	return attachment{ID: f.ID, Filename: f.Name, ContentType: f.Type, Size: len(f.Data), URL: f.url(), ProxyURL: f.url()}
}

// keepFile takes a file in.
func (l *Lookalike) keepFile(name, kind string, data []byte) (*file, error) {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("./\\ ?#%", r) && r != '.' || r < ' ' {
			return '_'
		}
		return r
	}, filepath.Base(name))
	if len(data) == 0 || name == "" {
		return nil, errEmpty
	}
	if kind == "" || kind == "application/octet-stream" {
		kind = http.DetectContentType(data)
	}
	f := &file{ID: l.newID(), Name: name, Type: kind, Data: data}
	if err := l.save(record{File: f}); err != nil {
		return nil, err
	}
	l.files[f.ID] = f
	return f, nil
}

// invented is a small file of the kind that a person sends.
func (l *Lookalike) invented(kind string) (*file, error) {
	switch kind {
	case lookalike.Voice:
		return l.keepFile("voice-message.ogg", "audio/ogg", []byte("OggS\x00sandbox voice message"))
	case lookalike.Photo:
		return l.keepFile("photo.png", "image/png", placeholder())
	case lookalike.File:
		return l.keepFile("note.txt", "text/plain; charset=utf-8", []byte("a file from the sandbox\n"))
	}
	return nil, fmt.Errorf("nobody can attach %q on Discord: %w", kind, lookalike.ErrUnsupported)
}

// placeholder is a small picture.
func placeholder() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for x := range 64 {
		for y := range 48 {
			img.Set(x, y, color.RGBA{R: uint8(90 + x), G: uint8(100 + y), B: 200, A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("discord look-alike: " + err.Error()) // never: writing to memory
	}
	return b.Bytes()
}

// Media implements lookalike.Platform.
func (l *Lookalike) Media(name string) (string, []byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, _, _ := strings.Cut(name, ".")
	f := l.files[id]
	if f == nil {
		return "", nil, false
	}
	return f.Type, f.Data, true
}

// serveFile serves what the platform's host of files would.
func (l *Lookalike) serveFile(w http.ResponseWriter, path string) {
	id, _, _ := strings.Cut(path, "/")
	kind, data, ok := l.Media(id)
	if !ok {
		respond(nil, errNotFound).write(w)
		return
	}
	response{status: http.StatusOK, kind: kind, body: data}.write(w)
}

// mediaName is the name under which Media finds the picture of a URL; other pictures stay URLs.
func (l *Lookalike) mediaName(url string) string {
	rest, ok := strings.CutPrefix(url, fileHost)
	id, name, _ := strings.Cut(rest, "/")
	if !ok || l.files[id] == nil {
		return url
	}
	return id + filepath.Ext(name)
}
