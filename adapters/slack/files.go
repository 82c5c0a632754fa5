package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

// maxFileBytes is the largest file that we send. The platform takes 1 GB; a picture of a block has its own bounds.
const maxFileBytes = 20 << 20

// fileName is a file's name without a path, on one line.
func fileName(name, otherwise string) string {
	name = strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, clean(filepath.Base(name)))
	if strings.Trim(name, "._ ") == "" {
		return otherwise
	}
	return name
}

// upload sends a file in three steps: an address is asked for, the bytes go there, and the file is declared complete,
// which shows it in a place when one is given. Source: docs.slack.dev/messaging/working-with-files#uploading_files.
func (a *Adapter) upload(ctx context.Context, name string, data []byte, share map[string]any) (string, error) {
	if len(data) == 0 || len(data) > maxFileBytes {
		return "", payload("too_large", "the file has %d bytes, not 1 to %d", len(data), maxFileBytes)
	}
	ex, err := a.call(ctx, &exchange{method: "files.getUploadURLExternal", repeat: true, form: url.Values{
		"filename": {name}, "length": {strconv.Itoa(len(data))},
	}})
	if err != nil {
		return "", err
	}
	id, address := text(ex.answer["file_id"]), text(ex.answer["upload_url"])
	if !isID(id) || !a.trusted(address) {
		return "", &conversation.SendError{Kind: conversation.Temporary, Code: "bad_answer", Err: errBadAnswer}
	}
	if _, err := a.call(ctx, &exchange{method: "upload", address: address, raw: data, kind: "application/octet-stream", repeat: true}); err != nil {
		return "", err
	}
	complete := map[string]any{"files": []map[string]string{{"id": id, "title": name}}}
	for k, v := range share {
		complete[k] = v
	}
	if _, err := a.call(ctx, &exchange{method: "files.completeUploadExternal", payload: complete, repeat: share == nil}); err != nil {
		return "", err
	}
	return id, nil
}

// trusted says whether an address is the API's own host or one of the platform's, which alone may get our token and
// what we send.
func (a *Adapter) trusted(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if a.apiHost != "" && strings.EqualFold(u.Host, a.apiHost) {
		return u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(a.apiURL, "http:")
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && u.Port() == "" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com"))
}

// Errors of Fetch.
var (
	errNoFile    = errors.New("the file is not one of the platform's")
	errForbidden = errors.New("the platform does not let the app read the file: it needs the scope files:read")
)

// Fetch implements conversation.Fetcher. file is an id, a blank and an address, as the events of this adapter name
// files. The token goes nowhere but to the API's own host and the platform's.
func (a *Adapter) Fetch(ctx context.Context, file string, limit int64) ([]byte, error) {
	id, address, _ := strings.Cut(file, " ")
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if address == "" && isID(id) {
		ex, err := a.call(ctx, &exchange{method: "files.info", form: url.Values{"file": {id}}, repeat: true})
		if err != nil {
			return nil, err
		}
		address = fileAddress(object(ex.answer["file"]))
	}
	if !a.trusted(address) {
		return nil, errNoFile
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errNoFile // err holds the address
	}
	req.Header.Set("Authorization", "Bearer "+a.botToken)
	req.Header.Set("User-Agent", userAgent)
	res, err := a.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch a file: %w", calling.WithoutURL(err))
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400, res.StatusCode == http.StatusForbidden, isLogin(res):
		return nil, errForbidden
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("fetch a file: HTTP %d", res.StatusCode)
	}
	return calling.ReadFile(res, limit)
}

// isLogin recognises the page to log in, which comes with status 200 in the place of a file. A file that is a page
// itself comes as one to be saved.
func isLogin(res *http.Response) bool {
	return strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && res.Header.Get("Content-Disposition") == ""
}

// fileAddress is where a file can be read.
func fileAddress(f map[string]json.RawMessage) string {
	if address := text(f["url_private_download"]); address != "" {
		return address
	}
	return text(f["url_private"])
}
