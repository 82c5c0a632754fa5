package discord

import (
	"strconv"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
)

// Figures of components. Source: docs.discord.com/developers/components/reference, November 2026.
const (
	maxRows     = 5
	maxColumns  = 5
	maxLabel    = 80
	maxOption   = 100
	maxOptions  = 25
	maxCustomID = 100
	maxURL      = 512
)

// components lay out the buttons: as the rows stand, else as closely as they can, else as selects. Links that cannot
// be buttons come back to be shown in the text.
func (a *Adapter) components(rows [][]conversation.Button) (out []discordgo.MessageComponent, asText []conversation.Button, err error) {
	var kept [][]conversation.Button
	var all []conversation.Button
	seen := map[string]bool{}
	for _, row := range rows {
		var line []conversation.Button
		for _, b := range row {
			if b.URL != "" && !linkable(b.URL) {
				asText = append(asText, b)
				continue
			}
			if b.URL == "" && (b.Token == "" || len(b.Token) > maxCustomID-len(pressPrefix)) {
				return nil, nil, payload("bad_button", "a button's token has %d bytes, not 1 to %d", len(b.Token), maxCustomID-len(pressPrefix))
			}
			if b.URL == "" && seen[b.Token] {
				continue // the same button twice: ids are unique in a message
			}
			seen[b.Token] = true
			line = append(line, b)
		}
		for len(line) > maxColumns {
			kept, line = append(kept, line[:maxColumns]), line[maxColumns:]
		}
		if len(line) > 0 {
			kept = append(kept, line)
		}
	}
	for _, line := range kept {
		all = append(all, line...)
	}
	if len(kept) > maxRows && len(all) <= maxRows*maxColumns {
		kept = nil
		for rest := all; len(rest) > 0; {
			n := min(len(rest), maxColumns)
			kept, rest = append(kept, rest[:n]), rest[n:]
		}
	}
	if len(kept) > maxRows {
		return a.selects(all, asText)
	}
	for _, line := range kept {
		row := discordgo.ActionsRow{}
		for _, b := range line {
			row.Components = append(row.Components, a.button(b))
		}
		out = append(out, row)
	}
	return out, asText, nil
}

// button is one button; the form that it opens is remembered.
func (a *Adapter) button(b conversation.Button) discordgo.Button {
	out := discordgo.Button{Label: fitting.Label(b.Label, maxLabel), Style: discordgo.SecondaryButton}
	switch {
	case b.URL != "":
		out.URL, out.Style = b.URL, discordgo.LinkButton
		return out
	case b.Style == "primary":
		out.Style = discordgo.PrimaryButton
	case b.Style == "danger":
		out.Style = discordgo.DangerButton
	}
	out.CustomID = a.customID(b)
	return out
}

// customID is what comes back with a press. A form must be the first response to its press, so that nobody can be asked
// for it then: it is remembered here, and after a restart such a press is reported as an ordinary one.
func (a *Adapter) customID(b conversation.Button) string {
	if !fits(b.Form) {
		return pressPrefix + b.Token
	}
	a.forms.Put(b.Token, *b.Form)
	return formPrefix + b.Token
}

// selects offer more buttons than there is room for. Links go into the text.
func (a *Adapter) selects(all, asText []conversation.Button) ([]discordgo.MessageComponent, []conversation.Button, error) {
	var options []discordgo.SelectMenuOption
	for _, b := range all {
		if b.URL != "" {
			asText = append(asText, b)
			continue
		}
		options = append(options, discordgo.SelectMenuOption{Label: fitting.Label(b.Label, maxOption), Value: a.customID(b)})
	}
	var out []discordgo.MessageComponent
	for len(options) > 0 && len(out) < maxRows {
		n := min(len(options), maxOptions)
		out = append(out, discordgo.ActionsRow{Components: []discordgo.MessageComponent{discordgo.SelectMenu{
			MenuType: discordgo.StringSelectMenu, CustomID: selectPrefix + strconv.Itoa(len(out)), Options: options[:n],
		}}})
		options = options[n:]
	}
	return out, asText, nil
}

// linkable says whether the platform takes an address for a button.
func linkable(address string) bool { return fitting.WebAddress(address, maxURL) }
