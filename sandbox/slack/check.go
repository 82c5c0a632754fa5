package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Figures of blocks. Source: docs.slack.dev/reference/block-kit; the sum of a message's blocks is not published.
const (
	maxBlocks       = 50
	maxViewBlocks   = 100
	maxActions      = 25
	maxContext      = 10
	maxSection      = 3000
	maxFields       = 10
	maxField        = 2000
	maxHeader       = 150
	maxLabel        = 75
	maxValue        = 2000
	maxID           = 255
	maxURL          = 3000
	maxAlt          = 2000
	maxOptions      = 100
	maxOverflow     = 5
	maxOption       = 75
	maxOptionValue  = 150
	maxPlaceholder  = 150
	maxInputLabel   = 2000
	maxAllTexts     = 13_000
	maxInputLetters = 3000
)

func asRefusal(err error, r **refusal) bool { return errors.As(err, r) }

// readBlocks reads and checks the blocks of a message or a view, and gives ids to those that have none.
func (l *Lookalike) readBlocks(data json.RawMessage, most int) ([]block, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var blocks []block
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil, refuse("invalid_blocks_format")
	}
	if err := decodeStrict(data, &blocks); err != nil {
		return nil, err
	}
	if len(blocks) > most {
		return nil, invalidBlocks(fmt.Sprintf("no more than %d items allowed [json-pointer:/blocks]", most))
	}
	ids, all := map[string]bool{}, 0
	for i := range blocks {
		b := &blocks[i]
		if err := l.checkBlock(b); err != nil {
			return nil, fmt.Errorf("block %d: %w", i, err)
		}
		if b.BlockID != "" && ids[b.BlockID] {
			return nil, invalidBlocks("`block_id` already exists for another block [json-pointer:/blocks/" + fmt.Sprint(i) + "/block_id]")
		}
		if b.BlockID == "" {
			b.BlockID = shortID(i, len(ids))
		}
		ids[b.BlockID] = true
		all += letters(*b)
	}
	if all > maxAllTexts && most == maxBlocks {
		return nil, errBlocksTooLong
	}
	return blocks, nil
}

// shortID is an id such as Slack gives to a block or an action without one.
func shortID(at, of int) string {
	return strings.ToLower(id("", "block", fmt.Sprint(at), fmt.Sprint(of))[1:7])
}

// checkBlock refuses what Slack refuses of one block.
func (l *Lookalike) checkBlock(b *block) error {
	if utf8.RuneCountInString(b.BlockID) > maxID {
		return invalidBlocks("must be less than 256 characters [json-pointer:/block_id]")
	}
	switch b.Type {
	case "section":
		return checkSection(b)
	case "header":
		return checkText(b.Text, "plain_text", maxHeader, "header")
	case "divider":
		return nil
	case "context":
		return checkContext(b)
	case "actions":
		if n := len(b.Elements); n < 1 || n > maxActions {
			return invalidBlocks("no more than 25 items allowed [json-pointer:/elements]")
		}
		return checkElements(b.Elements)
	case "image":
		if err := l.checkImage(b.ImageURL, b.SlackFile, b.AltText); err != nil {
			return err
		}
		if b.Title != nil {
			return checkText(b.Title, "plain_text", maxAlt, "title")
		}
		return nil
	case "input":
		return checkInput(b)
	case "rich_text":
		if len(b.Elements) == 0 {
			return invalidBlocks("missing required field: elements")
		}
		return nil
	}
	return invalidBlocks("unsupported type: " + b.Type + " [json-pointer:/type]")
}

func checkSection(b *block) error {
	if b.Text == nil && len(b.Fields) == 0 {
		return invalidBlocks("missing required field: text")
	}
	if b.Text != nil {
		if err := checkText(b.Text, "", maxSection, "text"); err != nil {
			return err
		}
	}
	if len(b.Fields) > maxFields {
		return invalidBlocks("no more than 10 items allowed [json-pointer:/fields]")
	}
	for i := range b.Fields {
		if err := checkText(&b.Fields[i], "", maxField, "fields"); err != nil {
			return err
		}
	}
	if b.Accessory == nil {
		return nil
	}
	one := []element{*b.Accessory}
	err := checkElements(one)
	*b.Accessory = one[0]
	return err
}

func checkContext(b *block) error {
	if n := len(b.Elements); n < 1 || n > maxContext {
		return invalidBlocks("no more than 10 items allowed [json-pointer:/elements]")
	}
	for _, e := range b.Elements {
		switch e.Type {
		case "mrkdwn", "plain_text":
			if e.words() == "" || utf8.RuneCountInString(e.words()) > maxSection {
				return invalidBlocks("must be between 1 and 3000 characters [json-pointer:/elements/text]")
			}
		case "image":
		default:
			return invalidBlocks("unsupported type: " + e.Type + " [json-pointer:/elements/type]")
		}
	}
	return nil
}

func (l *Lookalike) checkImage(url string, f *slackFile, alt string) error {
	switch {
	case alt == "":
		return invalidBlocks("missing required field: alt_text")
	case utf8.RuneCountInString(alt) > maxAlt || len(url) > maxURL:
		return invalidBlocks("must be less than 3001 characters [json-pointer:/image_url]")
	case url == "" && f == nil:
		return invalidBlocks("missing required field: image_url")
	case f != nil && l.fileOf(f) == nil:
		return invalidBlocks("invalid slack file [json-pointer:/slack_file]")
	case f == nil && !web(url):
		return invalidBlocks("downloading image failed [json-pointer:/image_url]")
	}
	return nil
}

func web(url string) bool {
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

func checkText(t *textObject, kind string, most int, where string) error {
	switch {
	case t == nil:
		return invalidBlocks("missing required field: " + where)
	case t.Type != "mrkdwn" && t.Type != "plain_text", kind != "" && t.Type != kind:
		return invalidBlocks("unsupported type: " + t.Type + " [json-pointer:/" + where + "/type]")
	case t.Text == "":
		return invalidBlocks("must be more than 0 characters [json-pointer:/" + where + "/text]")
	case utf8.RuneCountInString(t.Text) > most:
		return invalidBlocks(fmt.Sprintf("must be less than %d characters [json-pointer:/%s/text]", most+1, where))
	}
	return nil
}

// checkElements checks interactive elements of one block; an action id stands once in it.
func checkElements(elements []element) error {
	ids := map[string]bool{}
	for i := range elements {
		e := &elements[i]
		if err := checkElement(*e); err != nil {
			return err
		}
		if e.Type == "image" {
			continue
		}
		if e.ActionID == "" {
			e.ActionID = shortID(i, 99)
		}
		if ids[e.ActionID] {
			return invalidBlocks("`action_id` \"" + e.ActionID + "\" already exists for another element in the block")
		}
		ids[e.ActionID] = true
	}
	return nil
}

// chooses says whether elements of a type hold options.
var chooses = map[string]bool{
	"static_select": true, "multi_static_select": true, "overflow": true, "radio_buttons": true, "checkboxes": true,
}

// interactive are the other types that are known.
var interactive = map[string]bool{
	"button": true, "image": true, "plain_text_input": true, "number_input": true, "email_text_input": true, "url_text_input": true,
	"users_select": true, "datepicker": true, "timepicker": true,
}

func checkElement(e element) error {
	switch {
	case !chooses[e.Type] && !interactive[e.Type]:
		return invalidBlocks("unsupported type: " + e.Type + " [json-pointer:/elements/type]")
	case utf8.RuneCountInString(e.ActionID) > maxID:
		return invalidBlocks("must be less than 256 characters [json-pointer:/action_id]")
	case e.Placeholder != nil && checkText(e.Placeholder, "plain_text", maxPlaceholder, "placeholder") != nil:
		return invalidBlocks("must be less than 151 characters [json-pointer:/placeholder]")
	case e.Type == "button":
		return checkButton(e)
	case chooses[e.Type]:
		return checkOptions(e)
	case e.MaxLength != nil && (*e.MaxLength < 1 || *e.MaxLength > maxInputLetters), e.MinLength > maxInputLetters:
		return invalidBlocks("must be between 1 and 3000 [json-pointer:/max_length]")
	}
	return nil
}

func checkButton(e element) error {
	var t textObject
	if json.Unmarshal(e.Text, &t) != nil {
		return invalidBlocks("missing required field: text")
	}
	if err := checkText(&t, "plain_text", maxLabel, "text"); err != nil {
		return err
	}
	switch {
	case utf8.RuneCountInString(e.Value) > maxValue:
		return invalidBlocks("must be less than 2001 characters [json-pointer:/value]")
	case len(e.URL) > maxURL || e.URL != "" && !strings.Contains(e.URL, "://"):
		return invalidBlocks("must be a valid URL of less than 3001 characters [json-pointer:/url]")
	case len(e.Style) > 0 && e.styled() != "primary" && e.styled() != "danger":
		return invalidBlocks("value must be one of: primary, danger [json-pointer:/style]")
	}
	return nil
}

func checkOptions(e element) error {
	most, value := maxOptions, maxOptionValue
	switch e.Type {
	case "overflow":
		most = maxOverflow
	case "radio_buttons", "checkboxes":
		most = 10
	}
	options := e.choices()
	if len(e.OptionGroups) == 0 && (len(options) < 1 || len(options) > most) {
		return invalidBlocks(fmt.Sprintf("no more than %d items allowed [json-pointer:/options]", most))
	}
	seen := map[string]bool{}
	for _, o := range options {
		if o.Text == nil || o.Value == "" || utf8.RuneCountInString(o.Value) > value || seen[o.Value] {
			return invalidBlocks("an option's value is missing, too long or there twice [json-pointer:/options/value]")
		}
		seen[o.Value] = true
		kind := "plain_text"
		if e.Type == "radio_buttons" || e.Type == "checkboxes" {
			kind = ""
		}
		if err := checkText(o.Text, kind, maxOption, "options"); err != nil {
			return err
		}
	}
	return nil
}

func checkInput(b *block) error {
	if err := checkText(b.Label, "plain_text", maxInputLabel, "label"); err != nil {
		return err
	}
	if b.Element == nil || b.Element.Type == "button" || b.Element.Type == "overflow" || b.Element.Type == "image" {
		return invalidBlocks("missing or unsupported element [json-pointer:/element]")
	}
	if b.Hint != nil {
		if err := checkText(b.Hint, "plain_text", maxInputLabel, "hint"); err != nil {
			return err
		}
	}
	one := []element{*b.Element}
	err := checkElements(one)
	*b.Element = one[0]
	return err
}

// letters is how many characters the texts of a block have.
func letters(b block) int {
	n := 0
	for _, t := range []*textObject{b.Text, b.Label, b.Hint, b.Title} {
		if t != nil {
			n += utf8.RuneCountInString(t.Text)
		}
	}
	for _, t := range b.Fields {
		n += utf8.RuneCountInString(t.Text)
	}
	for _, e := range b.Elements {
		n += lettersOf(e)
	}
	return n
}

func lettersOf(e element) int {
	n := utf8.RuneCountInString(e.words())
	for _, inner := range e.Elements {
		n += lettersOf(inner)
	}
	for _, o := range e.choices() {
		if o.Text != nil {
			n += utf8.RuneCountInString(o.Text.Text)
		}
	}
	return n
}
