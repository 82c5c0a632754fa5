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
	p, err := l.invent(name)
	if err != nil {
		return lookalike.Person{}
	}
	return p.public()
}

// Introduce implements lookalike.Platform.
func (l *Lookalike) Introduce(given lookalike.Person) (lookalike.Person, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.byName[lookalike.NameKey(given.Name)]
	if p == nil {
		var err error
		if p, err = l.make(given.Name, given.ID); err != nil {
			return lookalike.Person{}, err
		}
	}
	fresh := *p
	fresh.Locale, fresh.Staff = given.Locale, given.Staff
	if err := l.update(p, fresh); err != nil {
		return lookalike.Person{}, err
	}
	return p.public(), nil
}

// People implements lookalike.Platform.
func (l *Lookalike) People() []lookalike.Person {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]lookalike.Person, len(l.people))
	for i, p := range l.people {
		out[i] = p.public()
	}
	return out
}

func (p *person) public() lookalike.Person {
	return lookalike.Person{Name: p.Name, ID: p.ID, Locale: p.Locale, Staff: p.Staff}
}

// invent finds the person or makes a new one.
func (l *Lookalike) invent(name string) (*person, error) {
	if p := l.byName[lookalike.NameKey(name)]; p != nil {
		return p, nil
	}
	return l.make(name, "")
}

func (l *Lookalike) make(name, id string) (*person, error) {
	if err := lookalike.CheckName(name); err != nil {
		return nil, err
	}
	p := &person{Name: lookalike.NameKey(name), ID: id}
	if id == "" {
		p.ID = snowflake("user", p.Name)
	}
	if _, err := strconv.ParseUint(p.ID, 10, 64); err != nil || l.byID[p.ID] != nil || p.ID == l.bot.ID {
		return nil, fmt.Errorf("%q cannot be the id of a user: %w", p.ID, lookalike.ErrUnsupported)
	}
	p.DM = snowflake("direct", p.ID)
	if err := l.save(record{Person: p}); err != nil {
		return nil, err
	}
	l.keepPerson(p)
	return p, nil
}

// update saves a person's new state, if it is one.
func (l *Lookalike) update(p *person, fresh person) error {
	if fresh == *p {
		return nil
	}
	if err := l.save(record{Person: &fresh}); err != nil {
		return err
	}
	*p = fresh
	return nil
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
	p, err := l.invent(name)
	if err != nil {
		return ""
	}
	return p.DM
}
