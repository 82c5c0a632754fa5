package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/rapport-chat/rapport/adapters/calling"
	"github.com/rapport-chat/rapport/conversation"
)

var _ conversation.Fetcher = (*Adapter)(nil)

// fileHosts serve what people attach. Source: docs.discord.com/developers/reference#signed-attachment-cdn-urls.
var fileHosts = []string{"cdn.discordapp.com", "media.discordapp.net"}

var errNoFile = errors.New("the file is not one of the platform's")

// Fetch implements conversation.Fetcher. file is an address as attachments have it; nothing but the platform's hosts of
// files is asked, and no token goes there. Where api_url names another server, that one stands for them.
func (a *Adapter) Fetch(ctx context.Context, file string, limit int64) ([]byte, error) {
	u, err := url.Parse(file)
	if err != nil || u.Scheme != "https" || u.User != nil || !slices.Contains(fileHosts, u.Host) {
		return nil, errNoFile
	}
	address := u.String()
	if a.apiURL != DefaultAPIURL {
		address = a.apiURL + u.RequestURI()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errNoFile
	}
	req.Header.Set("User-Agent", userAgent)
	res, err := a.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetch a file: %w", calling.WithoutURL(err))
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("fetch a file: HTTP %d", res.StatusCode)
	}
	return calling.ReadFile(res, limit)
}
