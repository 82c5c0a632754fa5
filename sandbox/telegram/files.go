package telegram

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif"  // pictures that bots send
	_ "image/jpeg" // pictures that bots send
	"image/png"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// Source: core.telegram.org/bots/api#sendphoto: 10 MB, width and height together 10000, ratio at most 20.
	maxPhoto      = 10 << 20
	maxPhotoSides = 10000
	maxPhotoRatio = 20
	// maxDownload is the largest file that getFile offers. Source: core.telegram.org/bots/api#getfile.
	maxDownload = 20 << 20
)

// file is what was uploaded or came from a person. Its bytes are in data, or in the folder under its path.
type file struct {
	ID     string `json:"id"`
	Unique string `json:"unique"`
	Name   string `json:"name,omitempty"`
	Type   string `json:"type"`
	Kind   string `json:"kind"` // "photo", "document" and so on
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Path   string `json:"path"` // as getFile answers it; its base name is the transcript's Image

	data []byte
}

// sendMedia is sendPhoto and its kin, which differ in the name of the parameter.
func sendMedia(kind string) func(*Lookalike, params) (any, error) {
	return func(l *Lookalike, p params) (any, error) {
		caption, entities, err := captionText(p)
		if err != nil {
			return nil, err
		}
		f, err := l.fileOf(p, kind)
		if err != nil {
			return nil, err
		}
		m := message{Caption: caption, CaptionEntities: entities}
		attach(&m, f)
		sent, err := l.send(p, m)
		if err != nil {
			return nil, err
		}
		return sent, nil
	}
}

// fileOf takes the upload, the known file id or the address that a call names.
func (l *Lookalike) fileOf(p params, kind string) (*file, error) {
	if up, ok := p.files[kind]; ok {
		return l.upload(up, kind)
	}
	ref := p.str(kind)
	if name, ok := strings.CutPrefix(ref, "attach://"); ok {
		up, ok := p.files[name]
		if !ok {
			return nil, badRequest("there is no %s in the request", kind)
		}
		return l.upload(up, kind)
	}
	switch {
	case ref == "":
		return nil, badRequest("there is no %s in the request", kind)
	case strings.Contains(ref, "://"):
		return l.remote(ref, kind)
	}
	f := l.files[ref]
	if f == nil {
		return nil, badRequest("wrong file identifier/HTTP URL specified")
	}
	if f.Kind != kind {
		return nil, badRequest("can't use file of type %s as %s", title(f.Kind), title(kind))
	}
	return f, nil
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// upload checks and keeps a file that came with a call.
func (l *Lookalike) upload(up upload, kind string) (*file, error) {
	if len(up.data) == 0 {
		return nil, badRequest("file must be non-empty")
	}
	f := &file{Name: filepath.Base(up.name), Type: http.DetectContentType(up.data), Kind: kind, data: up.data}
	if kind == "photo" {
		if err := checkPhoto(f); err != nil {
			return nil, err
		}
	} else if byName := mime.TypeByExtension(filepath.Ext(f.Name)); byName != "" {
		f.Type = byName
	}
	return f, l.keepFile(f)
}

func checkPhoto(f *file) error {
	if len(f.data) > maxPhoto {
		return badRequest("too big file of size %d", len(f.data))
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(f.data))
	if err != nil {
		return badRequest("IMAGE_PROCESS_FAILED")
	}
	f.Width, f.Height = cfg.Width, cfg.Height
	long, short := max(f.Width, f.Height), max(min(f.Width, f.Height), 1)
	if f.Width+f.Height > maxPhotoSides || long/short > maxPhotoRatio {
		return badRequest("PHOTO_INVALID_DIMENSIONS")
	}
	return nil
}

// remote stands for a file that Telegram would fetch. Nothing is fetched: an address that Telegram could not reach is
// refused as there, any other shows a plain picture.
func (l *Lookalike) remote(ref, kind string) (*file, error) {
	u, err := url.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !publicName(u.Hostname()) {
		return nil, badRequest("wrong HTTP URL specified")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && (ip.IsLoopback() || ip.IsPrivate()) {
		return nil, badRequest("failed to get HTTP URL content")
	}
	f := &file{Name: filepath.Base(u.Path), Type: "image/png", Kind: kind, Width: 640, Height: 400, data: placeholder(640, 400)}
	return f, l.keepFile(f)
}

// placeholder is a plain grey picture.
func placeholder(w, h int) []byte {
	img := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Gray{Y: 0xd8}})
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return nil // a bytes.Buffer takes everything
	}
	return buf.Bytes()
}

// keepFile gives a file its ids and keeps it, in the folder if there is one.
func (l *Lookalike) keepFile(f *file) error {
	n := len(l.files)
	f.Size = int64(len(f.data))
	sum := lookalike.Seed("telegram file", strconv.Itoa(n), string(f.data))
	f.Unique = "AQAD" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%011x", sum&0xfffffffffff))
	f.ID = "AgACAgIAAxkBAAI" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%016x:%d", sum, n))
	ext := filepath.Ext(f.Name)
	if f.Kind == "photo" || ext == "" {
		ext = map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "audio/ogg": ".oga"}[f.Type]
	}
	f.Path = fmt.Sprintf("%ss/file_%d%s", f.Kind, n, ext)
	if dir := l.fileDir(); dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make folder for files: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Path)), f.data, 0o600); err != nil {
			return fmt.Errorf("keep a file: %w", err)
		}
		f.data = nil
	}
	if err := l.save(record{File: f}); err != nil {
		return err
	}
	l.files[f.ID] = f
	return nil
}

func (l *Lookalike) fileDir() string {
	if l.cfg.Dir == "" {
		return ""
	}
	return filepath.Join(l.cfg.Dir, "telegram-files")
}

func (l *Lookalike) content(f *file) ([]byte, error) {
	if f.data != nil || l.fileDir() == "" {
		return f.data, nil
	}
	return os.ReadFile(filepath.Join(l.fileDir(), filepath.Base(f.Path)))
}

// attach puts a file into a message in the form of its kind.
func attach(m *message, f *file) {
	one := media{FileID: f.ID, FileUniqueID: f.Unique, FileSize: f.Size, FileName: f.Name, MimeType: f.Type}
	switch f.Kind {
	case "photo":
		m.Photo = photoSizes(f)
	case "document":
		m.Document = &one
	case "voice":
		one.FileName, one.Duration = "", 3
		m.Voice = &one
	case "audio":
		one.Duration = 3
		m.Audio = &one
	case "video":
		one.Width, one.Height, one.Duration = 640, 360, 3
		m.Video = &one
	case "animation":
		one.Width, one.Height, one.Duration = 640, 360, 3
		m.Animation = &one
		document := media{FileID: f.ID, FileUniqueID: f.Unique, FileSize: f.Size, FileName: f.Name, MimeType: f.Type}
		m.Document = &document
	case "sticker":
		one.FileName, one.MimeType, one.Width, one.Height = "", "", 512, 512
		m.Sticker = &sticker{media: one, Type: "regular", Emoji: "👍"}
	}
}

// photoSizes are the sizes that Telegram offers of a picture, smallest first; all lead to the same file here.
func photoSizes(f *file) []media {
	var sizes []media
	for _, side := range []int{90, 320, 800, 1280} {
		long := max(f.Width, f.Height)
		if long <= side || side == 1280 {
			return append(sizes, scaled(f, min(side, long)))
		}
		sizes = append(sizes, scaled(f, side))
	}
	return sizes
}

func scaled(f *file, side int) media {
	long := max(f.Width, f.Height, 1)
	return media{
		FileID: f.ID, FileUniqueID: f.Unique, FileSize: max(1, f.Size*int64(side)/int64(long)),
		Width: max(1, f.Width*side/long), Height: max(1, f.Height*side/long),
	}
}

func (l *Lookalike) getFile(p params) (any, error) {
	f := l.files[p.str("file_id")]
	switch {
	case f == nil:
		return nil, badRequest("invalid file_id")
	case f.Size > maxDownload:
		return nil, badRequest("file is too big")
	}
	return map[string]any{"file_id": f.ID, "file_unique_id": f.Unique, "file_size": f.Size, "file_path": f.Path}, nil
}

// serveFile answers /file/bot<token>/<path>.
func (l *Lookalike) serveFile(w http.ResponseWriter, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	if token != l.cfg.Token {
		respond(nil, errUnauthorized).write(w)
		return
	}
	kind, data, ok := l.byPath(func(f *file) bool { return f.Path == path })
	if !ok {
		respond(nil, errNotFound).write(w)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

func (l *Lookalike) byPath(match func(*file) bool) (contentType string, data []byte, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		if match(f) {
			data, err := l.content(f)
			return f.Type, data, err == nil || !errors.Is(err, os.ErrNotExist)
		}
	}
	return "", nil, false
}

// Media implements lookalike.Platform.
func (l *Lookalike) Media(name string) (contentType string, data []byte, ok bool) {
	return l.byPath(func(f *file) bool { return filepath.Base(f.Path) == name })
}
