package texts

import (
	"strings"

	"github.com/rapport-chat/rapport/language"
)

// Form is how a person asked to be addressed.
type Form string

// The forms of address. FormUnknown is a person who never said.
const (
	FormUnknown Form = ""
	FormFemale  Form = "female" // Ayla xanım, Ayla Hanım
	FormMale    Form = "male"   // Rəşad bəy, Mehmet Bey
)

// Address returns what a message puts into {address}: the name that the person or
// the business gave, with the title that the language asks for. It is empty when
// there is no name, and in Azerbaijani and Turkish when the form is unknown: a bare
// first name is too familiar there. Texts read well without it.
func (c *Catalogue) Address(lang language.Code, name string, form Form) string {
	name = strings.TrimSpace(name)
	if name == "" {
		return ""
	}
	vars := Vars{"name": name}
	switch form {
	case FormFemale, FormMale:
		return c.Label(lang, "address."+string(form), vars)
	}
	if lang == language.Azerbaijani || lang == language.Turkish {
		return ""
	}
	return c.Label(lang, "address.formal", vars)
}
