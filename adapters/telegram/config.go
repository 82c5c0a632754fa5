package telegram

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/rapport-chat/rapport/config"
)

// Mode is how updates arrive.
type Mode string

// The modes.
const (
	ModePoll    Mode = "poll"    // we ask Telegram; needs no public address
	ModeWebhook Mode = "webhook" // Telegram calls public_url
)

// Values implements config.Enumerated.
func (Mode) Values() []string { return []string{string(ModePoll), string(ModeWebhook)} }

// DefaultAPIURL is Telegram's own server. api_url names another implementation of the Bot API instead.
const DefaultAPIURL = "https://api.telegram.org"

// WebhookPath is where the service's own HTTP server takes updates, below public_url.
const WebhookPath = "/telegram/webhook"

// Config is the section channels.telegram.
type Config struct {
	config.At
	Token     config.Secret `yaml:"token" check:"required" doc:"The bot's token, as @BotFather gives it."`
	Mode      Mode          `yaml:"mode" doc:"How updates arrive: poll (default) needs no public address, webhook needs public_url."`
	PublicURL string        `yaml:"public_url" doc:"Webhook mode: the https address at which Telegram reaches this service's HTTP server."`
	Secret    config.Secret `yaml:"secret" doc:"Webhook mode: what Telegram sends along to prove itself; derived from the token by default."`
	APIURL    string        `yaml:"api_url" doc:"Another server of the Bot API, such as one of your own; https://api.telegram.org by default."`
}

// SetDefaults implements config.Defaulter.
func (c *Config) SetDefaults() {
	c.Mode = ModePoll
	c.APIURL = DefaultAPIURL
}

// Check implements config.Checker. Secrets that are not set are reported by the decoding.
func (c *Config) Check(r *config.Report) {
	if c.Token.IsSet() {
		if _, err := tokenOf(c.Token); err != nil {
			r.Errorf(c.Field("token"), "copy the whole line that @BotFather sent, without blanks: digits, a colon, 35 characters", "%s", err)
		}
	}
	if _, err := apiURL(c.APIURL); err != nil {
		r.Errorf(c.Field("api_url"), "leave it out to use "+DefaultAPIURL, "api_url is %s", err)
	}
	if c.Mode != ModeWebhook {
		if c.PublicURL != "" {
			r.Warnf(c.Field("public_url"), "write mode: webhook, or leave public_url out", "public_url is only used in webhook mode")
		}
		return
	}
	if _, err := hookURL(c.PublicURL); err != nil {
		r.Errorf(c.Field("public_url"), "such as https://bot.example.com, where this service's HTTP server can be reached", "public_url is %s", err)
	}
	if c.Secret.IsSet() && !secretPattern.MatchString(c.Secret.Reveal()) {
		r.Errorf(c.Field("secret"), "leave it out to have one derived from the token", "%s", errSecret)
	}
}

// Source: core.telegram.org/bots/api#authorizing-your-bot and #setwebhook (secret_token), read November 2026.
var (
	tokenPattern  = regexp.MustCompile(`^\d+:[A-Za-z0-9_-]+$`)
	secretPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
)

// None of these quotes what was given: a mistyped token is nearly always a real one with something around it.
var (
	errNoToken = errors.New("the token is missing")
	errToken   = errors.New("the token is not of the form 123456:ABC-DEF")
	errSecret  = errors.New("the secret may have 1 to 256 characters of A-Z a-z 0-9 _ -")
	errAddress = errors.New("not an address such as https://bot.example.com")
	errScheme  = errors.New("not an https address")
)

// settings are a checked Config.
type settings struct {
	token   string
	account string // "telegram:<bot id>"
	botID   string
	apiURL  string // without a slash at its end
	hookURL string // webhook mode: where Telegram is to call
	secret  string
}

func (c Config) settings() (settings, error) {
	var s settings
	var err error
	if s.token, err = tokenOf(c.Token); err != nil {
		return settings{}, err
	}
	s.botID, _, _ = strings.Cut(s.token, ":")
	s.account = Name + ":" + s.botID
	if s.apiURL, err = apiURL(c.APIURL); err != nil {
		return settings{}, fmt.Errorf("api_url is %w", err)
	}
	switch c.Mode {
	case "", ModePoll:
		return s, nil
	case ModeWebhook:
	default:
		return settings{}, fmt.Errorf("mode is %q, not poll or webhook", c.Mode)
	}
	if s.hookURL, err = hookURL(c.PublicURL); err != nil {
		return settings{}, fmt.Errorf("public_url is %w", err)
	}
	s.secret = strings.TrimSpace(c.Secret.Reveal())
	if s.secret == "" {
		// Every process of the service comes to the same one.
		sum := sha256.Sum256([]byte("telegram webhook secret of " + s.token))
		s.secret = hex.EncodeToString(sum[:])
	}
	if !secretPattern.MatchString(s.secret) {
		return settings{}, errSecret
	}
	return s, nil
}

func tokenOf(secret config.Secret) (string, error) {
	token := strings.TrimSpace(secret.Reveal())
	switch {
	case token == "":
		return "", errNoToken
	case !tokenPattern.MatchString(token):
		return "", errToken
	}
	return token, nil
}

// apiURL is the base of all calls. A server of one's own may speak plain http.
func apiURL(address string) (string, error) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return DefaultAPIURL, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errAddress
	}
	return address, nil
}

// hookURL is the address that Telegram is told. Telegram itself wants https; a server of one's own may call back to
// the same machine in the clear.
func hookURL(address string) (string, error) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", errAddress
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return "", errScheme
	}
	return address + WebhookPath, nil
}
