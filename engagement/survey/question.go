package survey

import (
	"slices"
	"strings"
)

// form is how a question is answered.
type form int

const (
	byMark   form = iota // a number from lo to hi
	byChoice             // one of options
	byWords              // free text
)

// Question is one question of a survey.
type Question struct {
	ID      string // stable: answers are kept under it
	form    form
	lo, hi  int
	key     string   // of its text; a follow-up's depends on the band
	options []string // keys of the options' texts end with them
}

// The ids of the two questions that every measured survey has.
const (
	scoreID   = "score"
	commentID = "comment"
)

// bank is the built-in questions. Their texts stand under the same key in the catalogue, options under <key>_options.
var bank = map[string]Question{
	"bank.support.today":            {lo: 1, hi: 5},
	"bank.support.quality":          {lo: 1, hi: 5},
	"bank.support.speed":            {lo: 1, hi: 5},
	"bank.experience.ease":          {lo: 1, hi: 5},
	"bank.experience.information":   {form: byChoice, options: []string{"all", "partly", "none"}},
	"bank.experience.paying":        {form: byChoice, options: []string{"none", "some", "much"}},
	"bank.product.satisfaction":     {lo: 1, hi: 5},
	"bank.product.frequency":        {form: byChoice, options: []string{"daily", "weekly", "monthly", "rarely", "never"}},
	"bank.product.helped":           {form: byWords},
	"bank.product.improve":          {form: byWords},
	"bank.product.used_with":        {form: byWords},
	"bank.loyalty.recommend":        {lo: 0, hi: 10},
	"bank.loyalty.raise":            {form: byWords},
	"bank.loyalty.other_products":   {form: byWords},
	"bank.loyalty.switching":        {lo: 1, hi: 5},
	"bank.loyalty.first_choice":     {form: byChoice, options: []string{"always", "often", "sometimes", "never"}},
	"bank.loyalty.others_better":    {form: byWords},
	"bank.programme.easy":           {lo: 1, hi: 5},
	"bank.programme.worth":          {lo: 1, hi: 5},
	"bank.programme.missing_reward": {form: byWords},
}

// BankIDs lists the questions of the bank, sorted.
func BankIDs() []string {
	ids := make([]string, 0, len(bank))
	for id := range bank {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// namesProduct says whether a question's text needs a product's name.
func namesProduct(id string) bool {
	return strings.HasPrefix(id, "bank.product.") && id != "bank.product.improve"
}

// questions are the questions of a survey, in order.
func (s *Settings) questions() []Question {
	if s.Kind == Custom {
		list := make([]Question, 0, len(s.Questions))
		for _, id := range s.Questions {
			q := bank[id]
			q.ID, q.key = id, id
			list = append(list, q)
		}
		return list
	}
	lo, hi, _ := s.Kind.Scale()
	return []Question{
		{ID: scoreID, lo: lo, hi: hi, key: s.scoreKey()},
		{ID: commentID, form: byWords},
	}
}

// scoreKey is the key of the question that asks for the mark.
func (s *Settings) scoreKey() string {
	if s.Kind != CSAT {
		return "survey." + string(s.Kind) + ".question"
	}
	switch s.Touchpoint {
	case "support", "purchase", "delivery", "shop", "checkout", "programme":
		return "survey.csat." + s.Touchpoint
	}
	return "survey.csat.general"
}
