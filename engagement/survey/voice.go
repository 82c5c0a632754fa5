package survey

import (
	"encoding/json"
	"strconv"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/texts"
)

// skillName stands in stored buttons and dialogue steps.
const skillName = "survey"

// The verbs of buttons.
const (
	verbAnswer = "answer"
	verbSkip   = "skip"
	verbLater  = "later"
	verbLeave  = "leave"
	verbLowOK  = "low_ok"
	verbLowNo  = "low_no"
	verbAgain  = "again"
)

// ref is what a button or an open step carries.
type ref struct {
	Invitation int64           `json:"i"`
	Survey     string          `json:"s,omitempty"` // of open steps
	Question   string          `json:"q,omitempty"`
	Value      json.RawMessage `json:"v,omitempty"`
}

// mark is a mark as it is kept.
func mark(n int) json.RawMessage { return json.RawMessage(strconv.Itoa(n)) }

// words is a text or an option as it is kept.
func words(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		panic("survey: a string that cannot be marshalled: " + err.Error())
	}
	return raw
}

// skipped is what is kept of a question that was skipped.
var skipped = json.RawMessage("null")

// given says whether an answer is one, and not skipped.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// maxRow is how many marks stand in a row at most: 0 to 5 and 6 to 10, or all of a shorter scale.
const maxRow = 7

// voice renders what a survey says.
type voice struct {
	texts     *texts.Catalogue
	languages []language.Code
}

// question is a question's text with its buttons. first adds "later".
func (v voice) question(lang language.Code, set *Settings, inv *Invitation, q Question, first bool) (texts.Rich, [][]conversation.Button) {
	text := v.text(lang, set, inv, q)
	if set.Kind == Custom && len(set.Questions) > 1 {
		text = v.texts.Say(lang, "survey.progress", texts.Vars{"step": position(set, q.ID) + 1, "total": len(set.Questions), "question": text})
	}
	var rows [][]conversation.Button
	switch q.form {
	case byMark:
		rows = v.marks(inv, q)
	case byChoice:
		for _, o := range q.options {
			b := conversation.Act(v.option(lang, q, o), skillName, verbAnswer, ref{Invitation: inv.ID, Question: q.ID, Value: words(o)})
			rows = append(rows, []conversation.Button{b})
		}
	}
	leave := conversation.Act(v.texts.Label(lang, "survey.leave", nil), skillName, verbLeave, ref{Invitation: inv.ID})
	skip := conversation.Act(v.texts.Label(lang, "survey.skip", nil), skillName, verbSkip, ref{Invitation: inv.ID, Question: q.ID})
	switch {
	case q.ID == commentID:
		rows = append(rows, []conversation.Button{skip})
	case first && inv.Asks <= 1 && len(inv.Response.Answers) == 0:
		later := conversation.Act(v.texts.Label(lang, "survey.later", nil), skillName, verbLater, ref{Invitation: inv.ID})
		row := []conversation.Button{later, leave}
		if set.Kind == Custom {
			row = []conversation.Button{skip, later, leave}
		}
		rows = append(rows, row)
	case q.ID == scoreID:
		rows = append(rows, []conversation.Button{leave})
	default:
		rows = append(rows, []conversation.Button{skip, leave})
	}
	return text, rows
}

// marks has a button per mark.
func (v voice) marks(inv *Invitation, q Question) [][]conversation.Button {
	per := q.hi - q.lo + 1
	if per > maxRow {
		per = (per + 1) / 2
	}
	var rows [][]conversation.Button
	for n := q.lo; n <= q.hi; n++ {
		if (n-q.lo)%per == 0 {
			rows = append(rows, nil)
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], conversation.Act(strconv.Itoa(n), skillName, verbAnswer, ref{Invitation: inv.ID, Question: q.ID, Value: mark(n)}))
	}
	return rows
}

// text is a question's words alone.
func (v voice) text(lang language.Code, set *Settings, inv *Invitation, q Question) texts.Rich {
	if q.ID == commentID && set.Kind != Custom {
		score := 0
		if inv.Response.Score != nil {
			score = *inv.Response.Score
		}
		return v.texts.Say(lang, "survey."+string(set.Kind)+"."+string(set.Kind.BandOf(score)), nil)
	}
	vars := texts.Vars{}
	if namesProduct(q.ID) {
		product, _ := set.Product.In(lang, v.languages...)
		vars["product"] = product
	}
	return v.texts.Say(lang, q.key, vars)
}

// option is an option's label.
func (v voice) option(lang language.Code, q Question, option string) string {
	return v.texts.Label(lang, q.key+"_options."+option, nil)
}

// shown is an answer as the person gave it.
func (v voice) shown(lang language.Code, q Question, raw json.RawMessage) string {
	if q.form == byMark {
		return string(raw)
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return string(raw)
	}
	if q.form == byChoice {
		return v.option(lang, q, s)
	}
	return s
}

// invitation is what comes before the first question: what is ahead, and the reward. Empty for one bare question.
func (v voice) invitation(lang language.Code, set *Settings, points int64) texts.Rich {
	key := "survey.invitation"
	if set.Kind == NPS {
		key = "survey.nps.invitation"
	}
	if points > 0 {
		return v.texts.Say(lang, key, texts.Vars{"n": points})
	}
	if set.Kind == NPS || len(set.Questions) > 1 {
		return v.texts.Say(lang, key+"_plain", nil)
	}
	return nil
}

// position is a question's place among a survey's, -1 for none.
func position(set *Settings, id string) int {
	for i, q := range set.questions() {
		if q.ID == id {
			return i
		}
	}
	return -1
}
