package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-telegram/bot"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

var _ conversation.Fetcher = (*Adapter)(nil)

// maxDownload is the largest file that bots can read. Source: core.telegram.org/bots/api#getfile, 20 MB (November 2026).
const maxDownload = 20 << 20

var errNoFile = errors.New("the platform does not offer the file")

// Fetch implements conversation.Fetcher. Its errors never hold the token, which is part of a file's address.
func (a *Adapter) Fetch(ctx context.Context, file string, limit int64) ([]byte, error) {
	ex := &exchange{method: "getFile"}
	_, err := a.bot.GetFile(context.WithValue(ctx, exchangeKey{}, ex), &bot.GetFileParams{FileID: file})
	switch {
	case ex.answered && !ex.ok && strings.Contains(ex.description, "file is too big"):
		return nil, conversation.ErrTooLarge
	case ex.answered && !ex.ok:
		return nil, fmt.Errorf("%w: %s", errNoFile, ex.description)
	case !ex.answered:
		return nil, fmt.Errorf("ask where a file is: %w", failedAsking(ex, err))
	}
	var found struct {
		Path string `json:"file_path"`
		Size int64  `json:"file_size"`
	}
	if err := json.Unmarshal(ex.result, &found); err != nil || found.Path == "" {
		return nil, errNoFile
	}
	if found.Size > min(limit, maxDownload) {
		return nil, conversation.ErrTooLarge
	}
	return a.download(ctx, found.Path, limit)
}

// failedAsking is why there was no answer, without the address.
func failedAsking(ex *exchange, err error) error {
	if ex.err != nil {
		return ex.err
	}
	if err != nil {
		return errNoFile // the library's words may hold the address
	}
	return errNoFile
}

// download reads a file by the path that the platform named.
func (a *Adapter) download(ctx context.Context, path string, limit int64) ([]byte, error) {
	escaped := make([]string, 0, 4)
	for step := range strings.SplitSeq(path, "/") {
		if step == ".." {
			return nil, errNoFile
		}
		escaped = append(escaped, url.PathEscape(step))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.apiURL+"/file/bot"+a.token+"/"+strings.Join(escaped, "/"), nil)
	if err != nil {
		return nil, errNoFile
	}
	res, err := a.http.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch a file: %w", calling.WithoutURL(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch a file: HTTP %d", res.StatusCode)
	}
	return calling.ReadFile(res, limit)
}
