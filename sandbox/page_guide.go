package sandbox

import "slices"

// guideView is what the page proposes to try, in the order of a first visit.
type guideView struct {
	Steps     []step
	Languages []option
	Language  string
}

// step is one thing to try: texts that fill the input, or a control of the page.
type step struct {
	Title, Why string
	Texts      []phrase
	Control    string // "next", "order", "staff" or "down": the control that the step points to
	Action     string // what the control's button says
}

// phrase is a text to try in one language.
type phrase struct {
	Language, Text string
}

// hints are the first phrase of each step in the language.
func hints(language string) []phrase {
	var found []phrase
	g := guide(language)
	for _, s := range g.Steps {
		if i := slices.IndexFunc(s.Texts, func(t phrase) bool { return t.Language == g.Language }); i >= 0 && len(found) < 2 {
			found = append(found, s.Texts[i])
		}
	}
	return found
}

// guide is the three minutes of a newcomer. Phrases of the language given come first.
func guide(language string) guideView {
	if !slices.ContainsFunc(languages[:4], func(o option) bool { return o.Value == language }) {
		language = "en"
	}
	return guideView{Steps: steps, Languages: chosen(languages[:4], language), Language: language}
}

// steps are written as people type: without capitals, and some without the letters that their keyboard lacks.
var steps = []step{
	{
		Title: "Ask a question", Why: "Answered from the knowledge base, without diacritics and with typing errors too.",
		Texts: []phrase{
			{"az", "catdirilma nece gun cekir"},
			{"az", "itle gelmek olar?"},
			{"tr", "kargo ne zaman gelir"},
			{"tr", "kahve makinasi isinmiyor"},
			{"ru", "во сколько вы открываетесь"},
			{"ru", "кофемашина не греет"},
			{"en", "do you have oat milk"},
			{"en", "can i bring my dog"},
		},
	},
	{
		Title: "Look at the points", Why: "Join with a tap. Balance, tier and every line with its reason.",
		Texts: []phrase{
			{"az", "nece xalim var"},
			{"az", "hədiyyələr"},
			{"tr", "kaç puanım var"},
			{"tr", "ödüller"},
			{"ru", "сколько у меня баллов"},
			{"ru", "награды"},
			{"en", "how many points do i have"},
			{"en", "rewards"},
		},
	},
	{
		Title: "Buy something", Why: "The till sends an order. Points arrive, and a survey may follow.",
		Control: "order", Action: "Go to the till",
	},
	{
		Title: "Let time pass", Why: "Surveys, offers and greetings come by the business clock. Jump to the next one and answer it.",
		Control: "next", Action: "Jump to what is due next",
	},
	{
		Title: "Ask for a person, or say stop", Why: "A colleague takes over; stop ends everything that the business starts.",
		Texts: []phrase{
			{"az", "operatorla danışmaq istəyirəm"},
			{"az", "stop"},
			{"tr", "temsilciyle görüşmek istiyorum"},
			{"tr", "ret"},
			{"ru", "позовите оператора"},
			{"ru", "стоп"},
			{"en", "can i talk to a person"},
			{"en", "stop"},
		},
	},
	{
		Title: "Answer as staff", Why: "The card is in the Slack pane. Claim it, open its thread, and write: nothing leaves before “Send to customer”, or >> in front.",
		Control: "staff", Action: "Show the desk",
	},
	{
		Title: "Break something", Why: "Cut the platform off, write, and switch it on again: nothing is lost, nothing comes twice.",
		Control: "down", Action: "Show the switches",
	},
}
