package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

const (
	// defaultWithin and maxWithin bound how long an idle call waits.
	defaultWithin = 10 * time.Second
	maxWithin     = 10 * time.Minute
)

// idle waits until nothing is busy.
func (s *Sandbox) idle(r *http.Request) (any, error) {
	var in struct {
		Within string `json:"within"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	within := defaultWithin
	if in.Within != "" {
		var err error
		if within, err = duration("within", in.Within); err != nil {
			return nil, err
		}
		within = min(within, maxWithin)
	}
	ctx, cancel := context.WithTimeout(r.Context(), within)
	defer cancel()
	if busy := s.Idle(ctx); len(busy) > 0 {
		return nil, stillBusy(busy)
	}
	return done{true}, nil
}

// clock moves the service's clock forward.
func (s *Sandbox) clock(r *http.Request) (any, error) {
	var in struct {
		Advance string     `json:"advance"`
		To      *time.Time `json:"to"`
	}
	if err := readJSON(r, &in); err != nil {
		return nil, err
	}
	if (in.Advance == "") == (in.To == nil) {
		return nil, bad(`the call wants "advance", such as 48h, or "to", a time, and not both`)
	}
	s.advancing.Lock()
	defer s.advancing.Unlock()
	now := s.cfg.Service.Now()
	to := now
	if in.To != nil {
		if to = *in.To; to.Before(now) {
			return nil, bad("the clock only goes forward, and it is %s already", now.Format(time.RFC3339))
		}
	} else {
		d, err := duration("advance", in.Advance)
		if err != nil {
			return nil, err
		}
		to = now.Add(d)
	}
	if err := s.cfg.Service.Advance(r.Context(), to); err != nil {
		return nil, fmt.Errorf("advance the clock to %s: %w", to.Format(time.RFC3339), err)
	}
	return struct {
		Now time.Time `json:"now"`
	}{s.cfg.Service.Now()}, nil
}

// orders takes a purchase.
func (s *Sandbox) orders(r *http.Request) (any, error) {
	var in struct {
		actor
		Platform string  `json:"platform"`
		ID       string  `json:"id"`
		Total    decimal `json:"total"`
		Currency string  `json:"currency"`
		Items    []struct {
			Category string  `json:"category"`
			Total    decimal `json:"total"`
		} `json:"items"`
		At time.Time `json:"at"`
	}
	if err := acting(r, &in.actor, &in); err != nil {
		return nil, err
	}
	if in.ID == "" || in.Total == "" {
		return nil, bad(`the call wants "id" and "total"`)
	}
	p, person, err := s.buyer(in.As, in.Platform)
	if err != nil {
		return nil, err
	}
	o := Order{
		Platform: p.Name(), UserID: person.ID, ID: in.ID, Total: string(in.Total), Currency: in.Currency, At: in.At,
	}
	for _, i := range in.Items {
		o.Items = append(o.Items, Item{Category: i.Category, Total: string(i.Total)})
	}
	return done{true}, s.cfg.Service.Order(r.Context(), o)
}

// buyer finds the person on the platform named, making a new one there; without a platform the person must be known.
func (s *Sandbox) buyer(name, platform string) (lookalike.Platform, lookalike.Person, error) {
	if platform != "" {
		p, err := s.platform(platform)
		if err != nil {
			return nil, lookalike.Person{}, err
		}
		return p, p.Person(name), nil
	}
	p, person, ok := s.find(name)
	if !ok {
		return nil, person, bad(`the call wants "platform": nobody called %q is known`, name)
	}
	return p, person, nil
}

// state answers what the service knows of a person; platform chooses where one name is known on several.
func (s *Sandbox) state(r *http.Request) (any, error) {
	q := r.URL.Query()
	who := actor{As: q.Get("as")}
	if err := who.check(); err != nil {
		return nil, err
	}
	p, person, ok := s.find(who.As)
	if name := q.Get("platform"); name != "" {
		var err error
		if p, err = s.platform(name); err != nil {
			return nil, err
		}
		person, ok = known(p, who.As)
	}
	if !ok {
		return nil, fmt.Errorf("nobody called %q is known: %w", who.As, lookalike.ErrNotFound)
	}
	return s.cfg.Service.State(r.Context(), p.Name(), person.ID)
}
