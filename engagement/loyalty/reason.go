package loyalty

import (
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// Reason says why an entry was made, in no language: a code, which is the end of a text's key, and what the text is
// filled in with.
type Reason struct {
	Code string // "order", "survey", "redeem", ...: the text is reason.<code>
	Data ReasonData
}

// ReasonData is what a reason's text may need.
type ReasonData struct {
	Reward   string `json:"reward,omitempty"` // id
	Rule     string `json:"rule,omitempty"`   // id of the multiplier or event
	Minor    int64  `json:"minor,omitempty"`
	Currency string `json:"currency,omitempty"`
	Note     string `json:"note,omitempty"` // staff's words
}

// reasonText renders a reason for a customer.
func (p *Programme) reasonText(lang language.Code, r Reason) string {
	vars := texts.Vars{}
	code := r.Code
	switch {
	case r.Data.Reward != "":
		vars["reward"] = p.rewardTitle(lang, r.Data.Reward)
	case r.Data.Rule != "":
		vars["title"] = p.ruleTitle(lang, r.Data.Rule)
	case code == "order" && r.Data.Currency != "":
		code = "order_at"
		vars["money"] = texts.Money{Minor: r.Data.Minor, Currency: r.Data.Currency}
	case code == "adjust" && r.Data.Note != "":
		code = "adjust_note"
		vars["note"] = r.Data.Note
	}
	key := "reason." + code
	if !p.Texts.Has(language.English, key) {
		key, vars = "reason.adjust", nil // written by a newer or older version
	}
	return p.Texts.Label(lang, key, vars)
}
