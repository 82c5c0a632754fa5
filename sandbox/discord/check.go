package discord

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Figures of messages and components. Source: docs.discord.com/developers/resources/message and components/reference.
const (
	maxContent     = 2000
	maxFile        = 10 << 20 // bytes; source: docs.discord.com/developers/reference#uploading-files
	maxEmbedTitle  = 256
	maxEmbedText   = 4096
	maxEmbedsTotal = 6000
	maxNonce       = 25
	maxEmbeds      = 10
	maxRows        = 5
	maxRowButtons  = 5
	maxLabel       = 80
	maxCustomID    = 100
	maxOptions     = 25
	maxOption      = 100
	maxPlaceholder = 150
	maxURL         = 512
	maxTitle       = 45
	maxInputLabel  = 45
	maxInput       = 4000
)

// check refuses what the platform refuses of a message.
func (out *outgoing) check() error {
	if out.Content != nil && utf8.RuneCountInString(*out.Content) > maxContent {
		return invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
	}
	if len(strings.Trim(string(out.Nonce), `"`)) > maxNonce {
		return invalid("nonce", "NONCE_TYPE_TOO_LONG", "Must be 25 or fewer in length.")
	}
	if out.Embeds != nil && len(*out.Embeds) > maxEmbeds {
		return invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
	}
	if out.Embeds != nil {
		if err := checkEmbeds(*out.Embeds); err != nil {
			return err
		}
	}
	if a := out.AllowedMentions; a != nil {
		if slices.Contains(a.Parse, "users") && len(a.Users) > 0 || slices.Contains(a.Parse, "roles") && len(a.Roles) > 0 {
			return invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "parse and the list of ids are mutually exclusive.")
		}
		for _, p := range a.Parse {
			if p != "everyone" && p != "users" && p != "roles" {
				return invalid("allowed_mentions", "BASE_TYPE_CHOICES", "Value must be one of ('everyone', 'users', 'roles').")
			}
		}
	}
	if out.Components == nil {
		return nil
	}
	return checkRows(*out.Components)
}

// checkEmbeds checks the lengths of embeds and where their pictures come from.
func checkEmbeds(all []embed) error {
	total := 0
	for _, e := range all {
		title, words := utf8.RuneCountInString(e.Title), utf8.RuneCountInString(e.Description)
		if title > maxEmbedTitle || words > maxEmbedText {
			return invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 4096 or fewer in length.")
		}
		total += title + words
		if e.Image == nil {
			continue
		}
		scheme, _, ok := strings.Cut(e.Image.URL, "://")
		if !ok || scheme != "http" && scheme != "https" && scheme != "attachment" {
			return invalid("embeds", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'attachment').")
		}
	}
	if total > maxEmbedsTotal {
		return invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
	}
	return nil
}

// checkRows checks the rows of a message's components.
func checkRows(rows []component) error {
	if len(rows) > maxRows {
		return invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	ids := map[string]bool{}
	for _, row := range rows {
		if row.Type != typeRow {
			return invalid("components", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (1,).")
		}
		if n := len(row.Components); n < 1 || n > maxRowButtons {
			return invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
		}
		for _, c := range row.Components {
			if err := c.check(len(row.Components)); err != nil {
				return err
			}
			if c.CustomID != "" && ids[c.CustomID] {
				return invalid("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
			}
			ids[c.CustomID] = true
		}
	}
	return nil
}

// check checks one button or select in a row of n.
func (b component) check(n int) error {
	if utf8.RuneCountInString(b.CustomID) > maxCustomID {
		return invalid("custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	}
	switch b.Type {
	case typeButton:
		return b.checkButton()
	case typeSelect:
		if n != 1 {
			return invalid("components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")
		}
		return b.checkSelect()
	}
	return invalid("components", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (2, 3, 5, 6, 7, 8).")
}

func (b component) checkButton() error {
	if utf8.RuneCountInString(b.Label) > maxLabel {
		return invalid("label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")
	}
	if strings.TrimSpace(b.Label) == "" {
		return invalid("label", "BUTTON_COMPONENT_INVALID_EMOJI_OR_LABEL", "A button must have a label or an emoji.")
	}
	switch {
	case b.Style == styleLink:
		if b.CustomID != "" || b.URL == "" || len(b.URL) > maxURL {
			return invalid("url", "BUTTON_COMPONENT_URL_REQUIRED", "A url is required, and no custom id.")
		}
		if !strings.HasPrefix(b.URL, "http://") && !strings.HasPrefix(b.URL, "https://") && !strings.HasPrefix(b.URL, "discord://") {
			return invalid("url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'discord').")
		}
	case b.Style < stylePrimary || b.Style >= stylePremium:
		return invalid("style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	case b.CustomID == "" || b.URL != "":
		return invalid("custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id required")
	}
	return nil
}

func (b component) checkSelect() error {
	if b.CustomID == "" {
		return invalid("custom_id", "BASE_TYPE_REQUIRED", "This field is required")
	}
	if len(b.Options) < 1 || len(b.Options) > maxOptions {
		return invalid("options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
	}
	if utf8.RuneCountInString(b.Placeholder) > maxPlaceholder {
		return invalid("placeholder", "BASE_TYPE_BAD_LENGTH", "Must be 150 or fewer in length.")
	}
	values := map[string]bool{}
	for _, o := range b.Options {
		if o.Label == "" || o.Value == "" || utf8.RuneCountInString(o.Label) > maxOption || utf8.RuneCountInString(o.Value) > maxOption {
			return invalid("options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
		}
		if values[o.Value] {
			return invalid("options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")
		}
		values[o.Value] = true
	}
	return nil
}

// checkModal refuses what the platform refuses of a modal of text inputs.
func checkModal(m modal) error {
	if n := utf8.RuneCountInString(m.Title); n < 1 || n > maxTitle {
		return invalid("title", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
	}
	if n := utf8.RuneCountInString(m.CustomID); n < 1 || n > maxCustomID {
		return invalid("custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	}
	if len(m.Components) < 1 || len(m.Components) > maxRows {
		return invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	ids := map[string]bool{}
	for _, row := range m.Components {
		if row.Type != typeRow || len(row.Components) != 1 || row.Components[0].Type != typeTextInput {
			return invalid("components", "UNION_TYPE_CHOICES", "Value of field \"type\" must be one of (4,).")
		}
		f := row.Components[0]
		n := utf8.RuneCountInString(f.Label)
		if n < 1 || n > maxInputLabel || f.Style < 1 || f.Style > 2 {
			return invalid("label", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 45 in length.")
		}
		if f.CustomID == "" || utf8.RuneCountInString(f.CustomID) > maxCustomID || ids[f.CustomID] {
			return invalid("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
		}
		ids[f.CustomID] = true
		if f.MaxLength < 0 || f.MaxLength > maxInput || utf8.RuneCountInString(f.Value) > maxInput ||
			utf8.RuneCountInString(f.Placeholder) > maxOption {
			return invalid("value", "BASE_TYPE_BAD_LENGTH", "Must be 4000 or fewer in length.")
		}
		if f.MaxLength > 0 && utf8.RuneCountInString(f.Value) > f.MaxLength {
			return invalid("value", "BASE_TYPE_BAD_LENGTH", "Must be no longer than max_length.")
		}
	}
	return nil
}
