package discord

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/config"
)

// DefaultAPIURL is Discord's own server. api_url names another implementation of its API instead.
const DefaultAPIURL = "https://discord.com"

// Config is the section channels.discord.
type Config struct {
	config.At
	Token  config.Secret `yaml:"token" check:"required" doc:"The bot's token, from the page Bot of the application."`
	APIURL string        `yaml:"api_url" doc:"Another server of Discord's API; https://discord.com by default."`

	Offers        OffersPlace `yaml:"offers" doc:"Where offers are shown: in_server_channel posts each one once, opened_dms (default) sends them to those who have written to the bot. Nobody else is ever written to."`
	OffersChannel string      `yaml:"offers_channel" doc:"in_server_channel: the channel's id or #name; by default where your only server shows its own notices."`
}

// SetDefaults implements config.Defaulter.
func (c *Config) SetDefaults() { c.APIURL = DefaultAPIURL }

// Check implements config.Checker. Secrets that are not set are reported by the decoding.
func (c *Config) Check(r *config.Report) {
	if c.Token.IsSet() {
		if _, err := tokenOf(c.Token); err != nil {
			r.Errorf(c.Field("token"), "copy it from the page Bot of the application: three parts with dots between them", "%s", err)
		}
	}
	if _, err := apiURL(c.APIURL); err != nil {
		r.Errorf(c.Field("api_url"), "leave it out to use "+DefaultAPIURL, "api_url is %s", err)
	}
	c.checkOffers(r)
}

// checkOffers checks where offers go.
func (c *Config) checkOffers(r *config.Report) {
	switch {
	case c.OffersChannel != "" && !isID(c.OffersChannel) && !channelName.MatchString(c.OffersChannel):
		r.Errorf(c.Field("offers_channel"), "such as \"#offers\", in quotes, or the channel's id (Copy Channel ID in the app)",
			"offers_channel is neither an id nor the name of a text channel")
	case c.OffersChannel != "" && c.Offers == OffersInOpenedDMs:
		r.Warnf(c.Field("offers_channel"), "write offers: in_server_channel, or leave offers_channel out",
			"offers_channel is only used with in_server_channel")
	case c.OffersChannel == "" && c.Offers == OffersInChannel:
		r.Warnf(c.Field("offers"), "add offers_channel: \"#offers\"",
			"offers go to the channel in which your server shows its own notices, since offers_channel is not set")
	}
}

// channelName is what names of text channels look like, with or without the sign that the app shows before them.
var channelName = regexp.MustCompile(`^#?[^\s#@:/A-Z]{1,100}$`)

// tokenPattern is what tokens look like; the platform documents no form.
var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+={0,2}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

// None of these quotes what was given: a mistyped token is nearly always a real one with something around it.
var (
	errNoToken = errors.New("the token is missing")
	errToken   = errors.New("the token is not of the form AAAA.BBBB.CCCC")
	errAddress = errors.New("not an address such as https://discord.com")
)

// settings are a checked Config.
type settings struct {
	token  string // without "Bot "
	apiURL string // without a slash at its end
	botID  string // as the token tells it, empty when it does not

	offersInChannel bool
	offersChannel   string // an id, a name, or empty
}

func (c Config) settings() (settings, error) {
	var s settings
	var err error
	if s.token, err = tokenOf(c.Token); err != nil {
		return settings{}, err
	}
	if s.apiURL, err = apiURL(c.APIURL); err != nil {
		return settings{}, fmt.Errorf("api_url is %w", err)
	}
	s.offersChannel = strings.TrimSpace(c.OffersChannel)
	s.offersInChannel = c.Offers == OffersInChannel || c.Offers == "" && s.offersChannel != ""
	first, _, _ := strings.Cut(s.token, ".")
	if id, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(first, "=")); err == nil && isID(string(id)) {
		s.botID = string(id)
	}
	return s, nil
}

func tokenOf(secret config.Secret) (string, error) {
	token := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(secret.Reveal()), "Bot "))
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

// isID says whether s is a snowflake. Only such are ever put into a path.
func isID(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}
