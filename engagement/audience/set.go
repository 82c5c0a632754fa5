package audience

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Set are an operator's audiences by name, and whoever else is asked for by an expression.
type Set struct {
	place Place
	store Store
	now   func() time.Time
	named map[string]*Audience

	mu       sync.Mutex
	compiled map[string]*Audience // expressions that were asked for
}

// maxCompiled bounds how many expressions are kept: they come from the config, so there are few.
const maxCompiled = 1000

// NewSet compiles the audiences of a section that was checked. now is the business clock.
func NewSet(c Config, place Place, store Store, now func() time.Time) (*Set, error) {
	s := &Set{place: place, store: store, now: now, named: map[string]*Audience{}, compiled: map[string]*Audience{}}
	for id, d := range c.All() {
		a, err := Compile(d.Who.Value)
		if err != nil {
			return nil, fmt.Errorf("audience %s: %w", id, err)
		}
		a.Name, a.About = id, d.About
		s.named[id] = a
	}
	return s, nil
}

// Place is where the set's people are looked at.
func (s *Set) Place() Place { return s.place }

// Find is the audience of that name, or what the expression selects; empty means everyone.
func (s *Set) Find(nameOrExpression string) (*Audience, error) {
	if a := s.named[nameOrExpression]; a != nil {
		return a, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.compiled[nameOrExpression]; a != nil {
		return a, nil
	}
	a, err := Compile(nameOrExpression)
	if err != nil {
		return nil, err
	}
	if len(s.compiled) < maxCompiled {
		s.compiled[nameOrExpression] = a
	}
	return a, nil
}

// Page lists the roots of those among the next limit people after an id who are in the audience. last is the id up to
// which people were looked at; more is false when there was nobody further.
func (s *Set) Page(ctx context.Context, nameOrExpression string, after conversation.CustomerID, limit int,
) (page []conversation.CustomerID, last conversation.CustomerID, more bool, err error) {
	a, err := s.Find(nameOrExpression)
	if err != nil {
		return nil, after, false, err
	}
	people, err := s.store.People(ctx, Query{After: after, Limit: limit, Needs: a.needs})
	if err != nil {
		return nil, after, false, err
	}
	last = after
	for i := range people {
		last = people[i].Root()
		in, err := a.Match(&people[i], s.now(), s.place)
		if err != nil {
			return nil, after, false, err
		}
		if in {
			page = append(page, last)
		}
	}
	return page, last, len(people) == limit, nil
}

// Match tells whether one person, given by any record, is in the audience.
func (s *Set) Match(ctx context.Context, who conversation.CustomerID, nameOrExpression string) (bool, error) {
	a, err := s.Find(nameOrExpression)
	if err != nil {
		return false, err
	}
	people, err := s.store.People(ctx, Query{Only: []conversation.CustomerID{who}, Needs: a.needs})
	if err != nil {
		return false, err
	}
	if len(people) == 0 {
		return false, conversation.ErrNotFound
	}
	return a.Match(&people[0], s.now(), s.place)
}

// countPage is how many people are looked at in one read while an audience is counted.
const countPage = 1000

// Count answers how many people are in the audience now.
func (s *Set) Count(ctx context.Context, nameOrExpression string) (n int, err error) {
	var after conversation.CustomerID
	for more := true; more; {
		var page []conversation.CustomerID
		if page, after, more, err = s.Page(ctx, nameOrExpression, after, countPage); err != nil {
			return 0, fmt.Errorf("count an audience: %w", err)
		}
		n += len(page)
	}
	return n, nil
}

// asError finds the *Error in err.
func asError(err error) (*Error, bool) {
	var e *Error
	return e, errors.As(err, &e)
}
