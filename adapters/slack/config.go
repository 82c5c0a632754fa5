package slack

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"github.com/rapport-chat/rapport/config"
)

// Mode is how events arrive.
type Mode string

// The modes.
const (
	ModeSocket Mode = "socket" // we hold two websocket connections; needs no public address
	ModeHTTP   Mode = "http"   // Slack calls this service's HTTP server
)

// Values implements config.Enumerated.
func (Mode) Values() []string { return []string{string(ModeSocket), string(ModeHTTP)} }

// DefaultAPIURL is Slack's own server. api_url names another implementation of its API instead.
const DefaultAPIURL = "https://slack.com/api"

// Config is the section channels.slack.
type Config struct {
	config.At
	BotToken      config.Secret `yaml:"bot_token" check:"required" doc:"The bot's token, xoxb-…, from the page OAuth & Permissions of the app."`
	AppToken      config.Secret `yaml:"app_token" doc:"Socket mode: the app-level token, xapp-…, with the scope connections:write, from the page Basic Information."`
	Mode          Mode          `yaml:"mode" doc:"How events arrive: socket (default) needs no public address, http needs one and the signing secret."`
	SigningSecret config.Secret `yaml:"signing_secret" doc:"HTTP mode: the signing secret, from the page Basic Information."`
	APIURL        string        `yaml:"api_url" doc:"Another server of Slack's API; https://slack.com/api/ by default."`

	// StaffChannels are the places where the business works, as ids (C…, G…) or names (#support). What happens there is
	// marked as Staff. They follow from other sections, so that the program sets them.
	StaffChannels []string `yaml:"-"`
}

// SetDefaults implements config.Defaulter.
func (c *Config) SetDefaults() {
	c.Mode = ModeSocket
	c.APIURL = DefaultAPIURL
}

// Check implements config.Checker. Secrets that are required and not set are reported by the decoding.
func (c *Config) Check(r *config.Report) {
	base, err := apiURL(c.APIURL)
	if err != nil {
		r.Errorf(c.Field("api_url"), "leave it out to use "+DefaultAPIURL+"/", "api_url is %s", err)
	}
	own := base == DefaultAPIURL
	if c.BotToken.IsSet() {
		if _, err := tokenOf(c.BotToken, botToken, own); err != nil {
			r.Errorf(c.Field("bot_token"), "copy the Bot User OAuth Token from the page OAuth & Permissions; it begins with xoxb-", "bot_token %s", err)
		}
	}
	if c.Mode == ModeHTTP {
		c.checkHTTP(r)
		return
	}
	if _, err := tokenOf(c.AppToken, appToken, own); err != nil && (c.AppToken.IsSet() || !c.names("app_token")) {
		r.Errorf(c.Field("app_token"), "make an app-level token with the scope connections:write on the page Basic Information; it begins with xapp-",
			"app_token %s", err)
	}
	if c.SigningSecret.IsSet() {
		r.Warnf(c.Field("signing_secret"), "write mode: http, or leave signing_secret out", "signing_secret is only used in http mode")
	}
}

// names says whether the file gives a secret, if only the name of a variable that is not set: that is reported already.
func (c *Config) names(secret string) bool { return c.Has(secret) || c.Has(secret+"_file") }

func (c *Config) checkHTTP(r *config.Report) {
	if _, err := signingSecret(c.SigningSecret); err != nil && (c.SigningSecret.IsSet() || !c.names("signing_secret")) {
		r.Errorf(c.Field("signing_secret"), "copy the Signing Secret from the page Basic Information of the app", "signing_secret %s", err)
	}
	if c.AppToken.IsSet() {
		r.Warnf(c.Field("app_token"), "write mode: socket, or leave app_token out", "app_token is only used in socket mode")
	}
}

// tokenForm is what one of the two tokens looks like.
type tokenForm struct{ prefix, name string }

var (
	botToken = tokenForm{"xoxb-", "a bot token (xoxb-)"}
	appToken = tokenForm{"xapp-", "an app-level token (xapp-)"}
)

// others are tokens that people paste into the wrong place.
var others = []tokenForm{
	botToken, appToken,
	{"xoxp-", "a user token (xoxp-)"},
	{"xoxe.", "a token that expires (xoxe): turn token rotation off"},
	{"xoxe-", "a refresh token (xoxe)"},
	{"xoxa-", "a workspace token (xoxa-)"},
	{"xoxc-", "a browser's token (xoxc-)"},
	{"xoxs-", "a browser's token (xoxs-)"},
}

// None of these quotes what was given: a mistyped token is nearly always a real one with something around it.
var (
	errMissing = errors.New("is missing")
	errBlanks  = errors.New("has blanks or unusual characters in it")
	errAddress = errors.New("not an address such as https://slack.com/api/")
)

// tokenOf reads a token. Only Slack's own tokens are known to begin as they do; a compatible server may have others.
func tokenOf(secret config.Secret, want tokenForm, own bool) (string, error) {
	token := strings.TrimSpace(secret.Reveal())
	switch {
	case token == "":
		return "", errMissing
	case strings.ContainsFunc(token, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsPrint(c) || c == ' ' }):
		return "", errBlanks
	case strings.HasPrefix(token, want.prefix):
		return token, nil
	}
	for _, o := range others {
		if strings.HasPrefix(token, o.prefix) {
			return "", fmt.Errorf("is %s, not %s", o.name, want.name)
		}
	}
	if own {
		return "", fmt.Errorf("is not %s", want.name)
	}
	return token, nil
}

func signingSecret(secret config.Secret) (string, error) {
	s := strings.TrimSpace(secret.Reveal())
	if s == "" {
		return "", errMissing
	}
	for _, o := range others {
		if strings.HasPrefix(s, o.prefix) {
			return "", fmt.Errorf("is %s, not the signing secret", o.name)
		}
	}
	return s, nil
}

// apiURL is the base of all calls, without a slash at its end. A server of one's own may speak plain http.
func apiURL(address string) (string, error) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return DefaultAPIURL, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errAddress
	}
	return address, nil
}

// settings are a checked Config.
type settings struct {
	mode     Mode
	botToken string
	appToken string // socket mode
	signing  string // http mode
	apiURL   string // without a slash at its end
	apiHost  string // where the token may be sent to
	staff    []string
}

func (c Config) settings() (settings, error) {
	s := settings{mode: c.Mode, staff: c.StaffChannels}
	if s.mode == "" {
		s.mode = ModeSocket
	}
	var err error
	if s.apiURL, err = apiURL(c.APIURL); err != nil {
		return settings{}, fmt.Errorf("api_url is %w", err)
	}
	if u, err := url.Parse(s.apiURL); err == nil {
		s.apiHost = u.Host
	}
	own := s.apiURL == DefaultAPIURL
	if s.botToken, err = tokenOf(c.BotToken, botToken, own); err != nil {
		return settings{}, fmt.Errorf("bot_token %w", err)
	}
	switch s.mode {
	case ModeSocket:
		if s.appToken, err = tokenOf(c.AppToken, appToken, own); err != nil {
			return settings{}, fmt.Errorf("app_token %w", err)
		}
	case ModeHTTP:
		if s.signing, err = signingSecret(c.SigningSecret); err != nil {
			return settings{}, fmt.Errorf("signing_secret %w", err)
		}
	default:
		return settings{}, fmt.Errorf("mode is %q, not socket or http", c.Mode)
	}
	return s, nil
}
