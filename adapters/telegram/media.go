package telegram

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/adapters/recall"
	"github.com/rapport-chat/rapport/conversation"
)

const (
	// maxPhotoBytes is the largest picture that is shown as one; a larger one goes as a file.
	// Source: core.telegram.org/bots/api#sending-files, November 2026.
	maxPhotoBytes = 10 << 20
	// maxPictures bounds what is remembered of pictures sent before.
	maxPictures = 1024
	// trustURL is how long a picture sent by its address is taken to be unchanged there.
	trustURL = time.Hour
)

var errNoPicture = errors.New("the picture has neither an address, a path nor data")

// medium is a picture or file that is ready to be sent.
type medium struct {
	key    string // remembers the platform's own id; empty for what is sent once
	fileID string // sent before: the platform has it
	url    string // the platform is to fetch it
	name   string
	data   []byte
	photo  bool // shown as a picture
}

// input is made anew for every call, since a reader is empty after the first.
func (m medium) input() models.InputFile {
	switch {
	case m.fileID != "":
		return &models.InputFileString{Data: m.fileID}
	case m.url != "":
		return &models.InputFileString{Data: m.url}
	}
	return &models.InputFileUpload{Filename: m.name, Data: bytes.NewReader(m.data)}
}

// pictures remembers the platform's ids of what was uploaded, so that a picture for many people is uploaded once.
// Ids are the bot's own and end with the process.
type pictures struct {
	ids *recall.Ring[fileID]

	mu    sync.Mutex
	files map[string]fileStat // by path: the hash of a file that has not changed since
}

type fileID struct {
	id    string
	until time.Time // zero for ever
}

type fileStat struct {
	size    int64
	changed time.Time
	hash    string
}

func newPictures() *pictures {
	return &pictures{ids: recall.NewRing[fileID](maxPictures), files: make(map[string]fileStat)}
}

// load prepares a picture. The error tells no path that is not the operator's own.
func (p *pictures) load(img *conversation.Image) (medium, error) {
	switch {
	case len(img.Data) > 0:
		return p.known(medium{key: hashOf(img.Data), data: img.Data, name: nameOf(img.Name, "picture.png")}), nil
	case img.Path != "":
		return p.loadFile(img.Path)
	case img.URL != "":
		return p.known(medium{key: "url:" + img.URL, url: img.URL, photo: true}), nil
	}
	return medium{}, errNoPicture
}

// loadFile reads a file only when it has changed since the platform got it.
func (p *pictures) loadFile(path string) (medium, error) {
	f, err := os.Open(path)
	if err != nil {
		return medium{}, fmt.Errorf("open the picture: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return medium{}, fmt.Errorf("look at the picture: %w", err)
	}
	p.mu.Lock()
	before := p.files[path]
	p.mu.Unlock()
	if before.hash != "" && before.size == stat.Size() && before.changed.Equal(stat.ModTime()) {
		if m := p.known(medium{key: before.hash, name: filepath.Base(path)}); m.fileID != "" {
			m.photo = stat.Size() <= maxPhotoBytes
			return m, nil
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRequestBytes))
	if err != nil {
		return medium{}, fmt.Errorf("read the picture: %w", err)
	}
	m := p.known(medium{key: hashOf(data), data: data, name: filepath.Base(path)})
	p.mu.Lock()
	p.files[path] = fileStat{size: stat.Size(), changed: stat.ModTime(), hash: m.key}
	p.mu.Unlock()
	return m, nil
}

// known adds the platform's id if the picture was sent before.
func (p *pictures) known(m medium) medium {
	m.photo = m.photo || len(m.data) <= maxPhotoBytes
	if f, ok := p.ids.Get(m.key); ok && (f.until.IsZero() || time.Now().Before(f.until)) {
		m.fileID = f.id
	}
	return m
}

// remember keeps the id that the platform gave in its answer.
func (p *pictures) remember(m medium, result json.RawMessage) {
	id := fileIDIn(result, m.photo)
	if m.key == "" || id == "" {
		return
	}
	f := fileID{id: id}
	if m.url != "" {
		f.until = time.Now().Add(trustURL)
	}
	p.ids.Put(m.key, f)
}

func (p *pictures) forget(m medium) { p.ids.Drop(m.key) }

// fileIDIn reads the id of the largest size of a photo, or of a document, from a sent message.
func fileIDIn(result json.RawMessage, photo bool) string {
	fields := object(result)
	if !photo {
		return text(object(fields["document"])["file_id"])
	}
	var sizes []json.RawMessage
	if json.Unmarshal(fields["photo"], &sizes) != nil || len(sizes) == 0 {
		return ""
	}
	return text(object(sizes[len(sizes)-1])["file_id"])
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// nameOf is a file name without a path.
func nameOf(name, otherwise string) string {
	if name = filepath.Base(clean(name)); name == "." || name == string(filepath.Separator) {
		return otherwise
	}
	return name
}

// chatID reads a chat as the platform numbers it.
func chatID(chat string) (int64, error) {
	id, err := strconv.ParseInt(chat, 10, 64)
	if err != nil {
		return 0, payload("bad_address", "the chat's id is not a number")
	}
	return id, nil
}

// threadID is 0, the chat itself, for anything that is no number.
func threadID(thread string) int {
	id, _ := strconv.Atoi(thread)
	return id
}

// payload is an error about what we wanted to send.
func payload(code, format string, args ...any) *conversation.SendError {
	return &conversation.SendError{Kind: conversation.OurPayload, Code: code, Err: fmt.Errorf(format, args...)}
}
