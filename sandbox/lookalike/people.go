package lookalike

// People are the invented people of one platform, in the order in which they came and found by name. P is what the
// platform knows of a person. The look-alike's lock guards it.
type People[P comparable] struct {
	rules  Rules[P]
	all    []*P
	byName map[string]*P
}

// Rules are what a platform has to say about its people.
type Rules[P comparable] struct {
	// Make is somebody new. name is a checked key; id is the one asked for, empty for one that follows from the name.
	// What cannot be an id there is ErrUnsupported.
	Make func(name, id string) (*P, error)
	// Save writes a person's state to the log.
	Save func(*P) error
	// Arrived gives somebody who was just made or read from the log what the platform keeps for them, such as a chat.
	Arrived func(*P)
	// Greet takes over the locale and the role of somebody who is said to talk with the bot already.
	Greet func(p *P, given Person)
	// Public is the person as the sandbox shows them; Name is the key.
	Public func(*P) Person
}

// NewPeople starts with nobody.
func NewPeople[P comparable](rules Rules[P]) *People[P] {
	return &People[P]{rules: rules, byName: map[string]*P{}}
}

// All lists everybody, oldest first. It is not to be changed.
func (p *People[P]) All() []*P { return p.all }

// Find answers the person of that name, nil if nobody has it.
func (p *People[P]) Find(name string) *P { return p.byName[NameKey(name)] }

// Invent finds the person or makes a new one. What cannot be a name is ErrUnsupported.
func (p *People[P]) Invent(name string) (*P, error) { return p.findOrMake(name, "") }

func (p *People[P]) findOrMake(name, id string) (*P, error) {
	if known := p.Find(name); known != nil {
		return known, nil
	}
	if err := CheckName(name); err != nil {
		return nil, err
	}
	fresh, err := p.rules.Make(NameKey(name), id)
	if err != nil {
		return nil, err
	}
	if err := p.rules.Save(fresh); err != nil {
		return nil, err
	}
	p.Keep(fresh)
	return fresh, nil
}

// Keep takes in a person from the log, in the place of an older state of the same person.
func (p *People[P]) Keep(one *P) {
	name := p.rules.Public(one).Name
	if known := p.byName[name]; known != nil {
		*known = *one
		return
	}
	p.all = append(p.all, one)
	p.byName[name] = one
	p.rules.Arrived(one)
}

// Update saves a person's new state, if it is one.
func (p *People[P]) Update(one *P, fresh P) error {
	if fresh == *one {
		return nil
	}
	if err := p.rules.Save(&fresh); err != nil {
		return err
	}
	*one = fresh
	return nil
}

// Person is Platform's Person.
func (p *People[P]) Person(name string) Person {
	one, err := p.Invent(name)
	if err != nil {
		return Person{}
	}
	return p.rules.Public(one)
}

// Introduce is Platform's Introduce.
func (p *People[P]) Introduce(given Person) (Person, error) {
	one, err := p.findOrMake(given.Name, given.ID)
	if err != nil {
		return Person{}, err
	}
	fresh := *one
	p.rules.Greet(&fresh, given)
	if err := p.Update(one, fresh); err != nil {
		return Person{}, err
	}
	return p.rules.Public(one), nil
}

// Public lists everybody as Platform's People does.
func (p *People[P]) Public() []Person {
	out := make([]Person, len(p.all))
	for i, one := range p.all {
		out[i] = p.rules.Public(one)
	}
	return out
}
