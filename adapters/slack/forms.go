package slack

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/rapport-chat/rapport/adapters/fitting"
	"github.com/rapport-chat/rapport/conversation"
)

// Figures of views. Source: docs.slack.dev/reference/views/modal-views and block-kit/blocks/input-block.
const (
	maxViewTitle  = 24
	maxFieldLabel = 2000
	maxHint       = 150
	maxInput      = 3000
	maxMetadata   = 3000
	maxFields     = 40
	// openTime is how long opening a form may take. A trigger lives 3 s, and the press waits for it.
	openTime = 2 * time.Second
	// submitLabel is the word on a form's button. It is the same in all languages that we speak.
	submitLabel = "OK"
	formID      = "rapport-form"
	inputID     = "v"
)

// formMemory is a form that was too long to go along with its button.
type formMemory struct{ form conversation.Form }

// packedPrefix marks a form that was compressed to go along with its button.
const packedPrefix = "z:"

// fits says whether a form can be opened as a modal.
func fits(f *conversation.Form) bool {
	if f == nil || len(f.Fields) == 0 || len(f.Fields) > maxFields {
		return false
	}
	names := map[string]bool{}
	for _, field := range f.Fields {
		if field.Name == "" || fitting.Units(field.Name) > maxActionID || names[field.Name] {
			return false
		}
		names[field.Name] = true
	}
	return true
}

// keepForm answers the form as a button's value, so that it opens also after a restart. One that is too long is
// remembered by us alone; after a restart such a press is reported as an ordinary one.
func (a *Adapter) keepForm(token string, f conversation.Form) string {
	raw, err := json.Marshal(f)
	if err == nil && fitting.Units(string(raw)) <= maxValue {
		return string(raw)
	}
	if packed := pack(raw); err == nil && len(packed) <= maxValue {
		return packed
	}
	a.forms.Put(token, formMemory{f})
	return ""
}

func pack(raw []byte) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return ""
	}
	_, _ = w.Write(raw) // to memory
	_ = w.Close()
	return packedPrefix + base64.RawURLEncoding.EncodeToString(b.Bytes())
}

// maxFormBytes bounds what a packed form may unfold to.
const maxFormBytes = 256 << 10

// formOf finds the form of a button that was pressed.
func (a *Adapter) formOf(token, value string) (conversation.Form, bool) {
	raw := []byte(value)
	if len(value) > len(packedPrefix) && value[:len(packedPrefix)] == packedPrefix {
		packed, err := base64.RawURLEncoding.DecodeString(value[len(packedPrefix):])
		if err != nil {
			return conversation.Form{}, false
		}
		if raw, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxFormBytes)); err != nil {
			return conversation.Form{}, false
		}
	}
	var f conversation.Form
	if len(raw) > 0 && json.Unmarshal(raw, &f) == nil && fits(&f) {
		return f, true
	}
	m, ok := a.forms.Get(token)
	return m.form, ok
}

// origin is what a view remembers of the button that opened it.
type origin struct {
	Token   string `json:"t"`
	Chat    string `json:"c"`
	Thread  string `json:"h,omitempty"`
	Message string `json:"m,omitempty"`
	Staff   bool   `json:"s,omitempty"`
	Private bool   `json:"p,omitempty"`
}

// openForm opens the form of a press.
func (a *Adapter) openForm(ctx context.Context, trigger string, from origin, f conversation.Form) error {
	metadata, err := json.Marshal(from)
	if err != nil || len(metadata) > maxMetadata {
		return payload("bad_form", "the form's origin is too long")
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	_, err = a.call(ctx, &exchange{method: "views.open", payload: map[string]any{
		"trigger_id": trigger, "view": modal(f, string(metadata)),
	}})
	return err
}

// modal is a form as a view.
func modal(f conversation.Form, metadata string) slack.ModalViewRequest {
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText(fitting.Label(f.Title, maxViewTitle)), Submit: plainText(submitLabel),
		CallbackID: formID, PrivateMetadata: metadata,
	}
	for i, field := range f.Fields {
		limit := maxInput
		if field.MaxRunes > 0 {
			limit = min(field.MaxRunes, maxInput)
		}
		value := []rune(clean(field.Value))
		input := slack.NewPlainTextInputBlockElement(nil, inputID)
		input.Multiline, input.MaxLength = field.Multiline, limit
		input.InitialValue = string(value[:min(len(value), limit)])
		if field.Hint != "" {
			input.Placeholder = plainText(fitting.Cut(field.Hint, maxHint))
		}
		block := slack.NewInputBlock(blockID(i, field.Name), plainText(fitting.Cut(field.Label, maxFieldLabel)), nil, input)
		block.Optional = true
		view.Blocks.BlockSet = append(view.Blocks.BlockSet, block)
	}
	return view
}

// blockID carries a field's name. The number keeps it from being taken for one of the platform's.
func blockID(i int, name string) string {
	id := strconv.Itoa(i) + ":" + name
	if fitting.Units(id) > maxActionID {
		return name
	}
	return id
}

// values are what was typed into a view, by field name.
func values(state map[string]json.RawMessage) map[string]string {
	out := map[string]string{}
	for id, raw := range object(state["values"]) {
		name := id
		for i := 0; i < len(id); i++ {
			if id[i] == ':' && i > 0 {
				name = id[i+1:]
				break
			}
			if id[i] < '0' || id[i] > '9' {
				break
			}
		}
		for _, raw := range object(raw) {
			out[clean(name)] = text(object(raw)["value"])
		}
	}
	return out
}
