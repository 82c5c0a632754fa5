package telegram

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// Ids of people lie in a range of ten digits, as those of people who joined in the last years.
	firstUserID = 1_000_000_000
	userIDRange = 7_000_000_000
)

// Person implements lookalike.Platform. Somebody new has not pressed Start: the bot cannot write first.
func (l *Lookalike) Person(name string) lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Person(name)
}

// Introduce implements lookalike.Platform: the person has pressed Start earlier.
func (l *Lookalike) Introduce(given lookalike.Person) (lookalike.Person, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Introduce(given)
}

// People implements lookalike.Platform.
func (l *Lookalike) People() []lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Public()
}

// rules are what is said of people here.
func (l *Lookalike) rules() lookalike.Rules[person] {
	return lookalike.Rules[person]{
		Make: l.make, Arrived: l.arrived, Greet: (*person).greet, Public: (*person).public,
		Save: func(p *person) error { return l.save(record{Person: p}) },
	}
}

func (p *person) greet(given lookalike.Person) {
	p.Locale, p.Staff, p.Started = given.Locale, given.Staff, true
}

func (p *person) public() lookalike.Person {
	return lookalike.Person{Name: p.Name, ID: strconv.FormatInt(p.ID, 10), Locale: p.Locale, Staff: p.Staff}
}

func (l *Lookalike) make(name, id string) (*person, error) {
	p := &person{Name: name}
	var err error
	if p.ID, err = l.newID(p.Name, id); err != nil {
		return nil, err
	}
	return p, nil
}

// newID is the id given, or one that follows from the name; the next free one where two names meet.
func (l *Lookalike) newID(name, given string) (int64, error) {
	if given != "" {
		id, err := strconv.ParseInt(given, 10, 64)
		if err != nil || id <= 0 || l.byID[id] != nil {
			return 0, fmt.Errorf("%q cannot be the id of a user: %w", given, lookalike.ErrUnsupported)
		}
		return id, nil
	}
	id := int64(lookalike.Seed("telegram user", name) % userIDRange)
	for l.byID[firstUserID+id] != nil || firstUserID+id == l.bot.ID {
		id = (id + 1) % userIDRange
	}
	return firstUserID + id, nil
}

// user is the person as the bot sees them.
func (p *person) user() *user {
	return &user{ID: p.ID, FirstName: lookalike.DisplayName(p.Name), Username: username(p.Name), LanguageCode: p.Locale}
}

// username is the name if Telegram would allow it as one.
func username(name string) string {
	if len(name) < 5 || len(name) > 32 {
		return ""
	}
	ok := !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
	if !ok || name[0] >= '0' && name[0] <= '9' {
		return ""
	}
	return name
}

// phone is the person's made-up number, in a range that no network uses.
func (p *person) phone() string {
	return fmt.Sprintf("+99400%07d", lookalike.Seed("phone", p.Name)%10_000_000)
}
