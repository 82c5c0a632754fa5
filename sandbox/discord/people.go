package discord

import (
	"fmt"
	"strconv"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// Person implements lookalike.Platform. Everybody is a member of the server, so that the bot may write first.
func (l *Lookalike) Person(name string) lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people.Person(name)
}

// Introduce implements lookalike.Platform.
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

func (p *person) greet(given lookalike.Person) { p.Locale, p.Staff = given.Locale, given.Staff }

func (p *person) public() lookalike.Person {
	return lookalike.Person{Name: p.Name, ID: p.ID, Locale: p.Locale, Staff: p.Staff}
}

func (l *Lookalike) make(name, id string) (*person, error) {
	p := &person{Name: name, ID: id}
	if id == "" {
		p.ID = snowflake("user", p.Name)
	}
	if _, err := strconv.ParseUint(p.ID, 10, 64); err != nil || l.byID[p.ID] != nil || p.ID == l.bot.ID {
		return nil, fmt.Errorf("%q cannot be the id of a user: %w", p.ID, lookalike.ErrUnsupported)
	}
	p.DM = snowflake("direct", p.ID)
	return p, nil
}

// user is the person as the bot sees them.
func (p *person) user() user {
	shown := lookalike.DisplayName(p.Name)
	return user{ID: p.ID, Username: p.Name, Discriminator: "0", GlobalName: &shown}
}

// Direct is the id of the direct channel between a person and the bot.
func (l *Lookalike) Direct(name string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, err := l.people.Invent(name)
	if err != nil {
		return ""
	}
	return p.DM
}
