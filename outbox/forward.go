package outbox

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/rapport-chat/rapport/conversation"
)

// Figures of files that are passed on.
const (
	// forwardTries is how often a file is fetched before it is said that it could not be.
	forwardTries = 3
	// MaxForward is the largest file that is passed on, in bytes: what the tightest platform takes.
	// Source: docs.discord.com/developers/reference#uploading-files, 10 MiB (November 2026).
	MaxForward = 10 << 20
)

// forwarded is the item with its file in the place of the reference to it. A file that is too large, or cannot be
// fetched, is said in its place.
func (w *Worker) forwarded(ctx context.Context, item Item) (Item, error) {
	f := item.Body.Forward
	if f == nil {
		return item, nil
	}
	body := item.Body
	body.Forward = nil
	data, err := w.fetch(ctx, *f)
	switch {
	case err == nil && f.Attachment.Kind == "photo":
		body.Image = &conversation.Image{Data: data, Name: fileName(f.Attachment)}
	case err == nil:
		body.Document = &conversation.Document{Name: fileName(f.Attachment), Data: data}
	case !errors.Is(err, conversation.ErrTooLarge) && !errors.Is(err, errNoFetch) && item.Attempts+1 < forwardTries:
		return item, &conversation.SendError{Kind: conversation.Temporary, Code: "file", Err: fmt.Errorf("fetch a file: %w", err)}
	default:
		if !errors.Is(err, conversation.ErrTooLarge) {
			w.cfg.Log.Warn("a file could not be passed on; that is said in its place", "item", int64(item.ID), "error", err.Error())
		}
		body.Text = body.Text.Append(f.Else)
	}
	item.Body = body
	return item, nil
}

// errNoFetch: files cannot be fetched from that account.
var errNoFetch = errors.New("files of that account cannot be fetched")

func (w *Worker) fetch(ctx context.Context, f conversation.Forward) ([]byte, error) {
	if w.cfg.Fetch == nil {
		return nil, errNoFetch
	}
	if f.Attachment.Size > MaxForward {
		return nil, conversation.ErrTooLarge
	}
	data, err := w.cfg.Fetch(ctx, f.From, f.Attachment.File, MaxForward)
	if err == nil && len(data) == 0 {
		return nil, errNoFetch
	}
	return data, err
}

// fileName is what the file is called where it is passed on to, whatever the sender called it.
func fileName(a conversation.Attachment) string {
	name := path.Base(strings.ReplaceAll(strings.Map(printable, a.Name), "\\", "/"))
	if name != "" && name != "." && name != "/" {
		return name
	}
	switch a.Kind {
	case "photo":
		return "photo.jpg"
	case "voice":
		return "voice.ogg"
	case "video":
		return "video.mp4"
	}
	return "file"
}

// printable drops what cannot be seen in a name.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e {
		return -1
	}
	return r
}
