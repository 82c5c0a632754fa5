package knowledge

import (
	"slices"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

// articleFile is the layout of a YAML file of articles.
type articleFile struct {
	config.At
	Articles  config.Map[articleSection] `yaml:"articles" doc:"Answers, by the id that reports and commands use."`
	Phrasings []phrasingSection          `yaml:"phrasings" doc:"More ways to ask for articles of any file; bot writes here what staff teach."`
	Synonyms  synonymSection             `yaml:"synonyms" doc:"Words of your trade that mean the same, in groups by language."`
	Tests     config.Map[questions]      `yaml:"tests" doc:"Questions that must find the article of that id; see bot knowledge test."`
}

// phrasingSection is one more way to ask for an article that may stand in another file.
type phrasingSection struct {
	config.At
	Article config.Located[string] `yaml:"article" check:"required" doc:"The article's id."`
	AZ      string                 `yaml:"az"`
	TR      string                 `yaml:"tr"`
	RU      string                 `yaml:"ru"`
	EN      string                 `yaml:"en"`
}

// synonymSection lists groups of words by language.
type synonymSection struct {
	config.At
	AZ []synonymGroup `yaml:"az"`
	TR []synonymGroup `yaml:"tr"`
	RU []synonymGroup `yaml:"ru"`
	EN []synonymGroup `yaml:"en"`
}

// synonymGroup is one group, such as [latte, "milk coffee"].
type synonymGroup = config.Located[[]string]

// articleSection is one article as an operator writes it.
type articleSection struct {
	config.At
	Topic       string                 `yaml:"topic" doc:"Routes hand-overs and groups reports."`
	Reviewed    config.Date            `yaml:"reviewed" doc:"When somebody last read it, such as 2026-11-01."`
	ReviewEvery config.Period          `yaml:"review_every" doc:"How long a review holds, such as 6 months."`
	Audience    config.Located[string] `yaml:"audience" doc:"Who may see it, an expression; everyone when left out."`
	AZ          *textSection           `yaml:"az"`
	TR          *textSection           `yaml:"tr"`
	RU          *textSection           `yaml:"ru"`
	EN          *textSection           `yaml:"en"`
}

// textSection is an article in one language.
type textSection struct {
	config.At
	Title     string          `yaml:"title" check:"required" doc:"The question, as it stands on a button."`
	Phrasings []string        `yaml:"phrasings" doc:"How customers ask it, as they type."`
	Answer    string          `yaml:"answer" check:"required" doc:"May have **bold**, *italic*, [links](https://...) and lists."`
	Buttons   []buttonSection `yaml:"buttons" doc:"Links under the answer."`
	Picture   string          `yaml:"picture" doc:"A file beside this one, or an address."`
}

type buttonSection struct {
	Label string `yaml:"label" check:"required"`
	URL   string `yaml:"url" check:"required"`
}

// questions are those of one article in the test section.
type questions struct {
	AZ []string `yaml:"az"`
	TR []string `yaml:"tr"`
	RU []string `yaml:"ru"`
	EN []string `yaml:"en"`
}

// Pair is a question and the article that must answer it.
type Pair struct {
	ArticleID string
	Language  language.Code
	Question  string
}

// LoadContent reads the articles of all files that the patterns name, and the operator's synonyms; at is where the patterns
// stand. What is wrong goes into the report, and what could be read is returned. An id that two files give is reported,
// and the first one holds.
func LoadContent(r *config.Report, at config.At, patterns []string) (content Content, tests []Pair) {
	known := map[string]bool{}
	var more []phrasingSection
	for i, pattern := range patterns {
		for _, doc := range r.Read(at.Field("files").Item(i), pattern) {
			var f articleFile
			config.Decode(doc.Root, &f, r)
			for id, section := range f.Articles.All() {
				if known[id] {
					r.Errorf(section.At, "give it another id, or join the two", "there is an article %q already", id)
					continue
				}
				known[id] = true
				content.Articles = append(content.Articles, section.article(id, r))
			}
			more = append(more, f.Phrasings...)
			content.Synonyms = append(content.Synonyms, f.Synonyms.groups(r)...)
			for id, q := range f.Tests.All() {
				tests = append(tests, q.pairs(id)...)
			}
		}
	}
	content.addPhrasings(more, r)
	return content, tests
}

// addPhrasings gives articles the phrasings that stand apart from them. One of an article that is gone is only warned
// about: what staff taught must not keep the service from starting.
func (c *Content) addPhrasings(more []phrasingSection, r *config.Report) {
	at := make(map[string]int, len(c.Articles))
	for i, a := range c.Articles {
		at[a.ID] = i
	}
	for _, p := range more {
		i, ok := at[p.Article.Value]
		if !ok {
			r.Warnf(p.Article.At, "take the line away, or name another article", "there is no article %q for this phrasing", p.Article.Value)
			continue
		}
		for code, phrasing := range map[language.Code]string{
			language.Azerbaijani: p.AZ, language.Turkish: p.TR, language.Russian: p.RU, language.English: p.EN,
		} {
			if text, has := c.Articles[i].Texts[code]; has && phrasing != "" {
				text.Phrasings = different(append(slices.Clone(text.Phrasings), phrasing), code)
				c.Articles[i].Texts[code] = text
			} else if phrasing != "" {
				r.Warnf(p.At, "write the article in that language first", "article %q is not there in %s", p.Article.Value, code)
			}
		}
	}
}

func (s *synonymSection) groups(r *config.Report) []Synonyms {
	var all []Synonyms
	for _, part := range []struct {
		code   language.Code
		groups []synonymGroup
	}{{language.Azerbaijani, s.AZ}, {language.Turkish, s.TR}, {language.Russian, s.RU}, {language.English, s.EN}} {
		for _, g := range part.groups {
			if len(g.Value) < 2 {
				r.Errorf(g.At, "write two words or more that mean the same, such as [latte, milk coffee]", "one word has no synonym")
				continue
			}
			all = append(all, Synonyms{
				Language: part.code, Words: g.Value, Source: Position{File: g.File(), Line: g.Line(), Column: g.Column()},
			})
		}
	}
	return all
}

func (s *articleSection) article(id string, r *config.Report) Article {
	a := Article{
		ID: id, Topic: s.Topic, ReviewEvery: s.ReviewEvery.Approx(), Audience: s.Audience.Value,
		Texts: map[language.Code]Text{}, Source: Position{File: s.File(), Line: s.Line(), Column: s.Column()},
	}
	if !s.Reviewed.IsZero() {
		a.Reviewed = s.Reviewed.At(0, time.UTC)
	}
	for code, t := range map[language.Code]*textSection{
		language.Azerbaijani: s.AZ, language.Turkish: s.TR, language.Russian: s.RU, language.English: s.EN,
	} {
		if t != nil {
			a.Texts[code] = t.text()
		}
	}
	if len(a.Texts) == 0 {
		r.Errorf(s.At, "add it in at least one language: az, tr, ru or en with title and answer", "article %q has no text", id)
	}
	for _, code := range r.Languages() {
		if _, ok := a.Texts[code]; !ok && len(a.Texts) > 0 {
			r.Warnf(s.At, "people who write in it get another language's answer with a note", "article %q is not there in %s", id, code)
		}
	}
	return a
}

func (t *textSection) text() Text {
	text := Text{Title: t.Title, Phrasings: t.Phrasings, Answer: t.Answer, Picture: t.Picture}
	if t.Picture != "" && !isAddress(t.Picture) {
		text.Picture = t.Resolve(t.Picture)
	}
	for _, b := range t.Buttons {
		text.Buttons = append(text.Buttons, Button(b))
	}
	return text
}

func (q *questions) pairs(id string) []Pair {
	var pairs []Pair
	for _, part := range []struct {
		code  language.Code
		texts []string
	}{{language.Azerbaijani, q.AZ}, {language.Turkish, q.TR}, {language.Russian, q.RU}, {language.English, q.EN}} {
		for _, text := range part.texts {
			pairs = append(pairs, Pair{ArticleID: id, Language: part.code, Question: text})
		}
	}
	return pairs
}
