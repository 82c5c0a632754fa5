package lookalike_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// guest is what a made-up platform knows of a person.
type guest struct {
	name, id, locale string
}

// platform says what a made-up platform asks of its people, and notes what it is told.
type platform struct {
	full  error // what saving answers
	saved []guest
	came  []string
}

func (p *platform) people() *lookalike.People[guest] {
	return lookalike.NewPeople(lookalike.Rules[guest]{
		Make: func(name, id string) (*guest, error) {
			if id == "taken" {
				return nil, lookalike.ErrUnsupported
			}
			return &guest{name: name, id: id}, nil
		},
		Save:    func(g *guest) error { p.saved = append(p.saved, *g); return p.full },
		Arrived: func(g *guest) { p.came = append(p.came, g.name) },
		Greet:   func(g *guest, given lookalike.Person) { g.locale = given.Locale },
		Public:  func(g *guest) lookalike.Person { return lookalike.Person{Name: g.name, ID: g.id, Locale: g.locale} },
	})
}

// TestPeopleStandOnce: a name is one person however it is written, and a state that is known is not saved again.
func TestPeopleStandOnce(t *testing.T) {
	t.Parallel()
	var p platform
	people := p.people()
	ayla, err := people.Invent(" Ayla ")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := people.Invent("AYLA"); err != nil || again != ayla || people.Find("ayla") != ayla {
		t.Errorf("a second person of the same name: %v, %v", again, err)
	}
	for range 2 {
		got, err := people.Introduce(lookalike.Person{Name: "Ayla", ID: "ignored", Locale: "az"})
		if want := (lookalike.Person{Name: "ayla", Locale: "az"}); err != nil || got != want {
			t.Errorf("introduced as %v, %v, want %v", got, err, want)
		}
	}
	people.Keep(&guest{name: "ayla", locale: "tr"})
	people.Keep(&guest{name: "bob"})
	if got := people.Person("ayla").Locale; got != "tr" {
		t.Errorf("the state in the log is %q, want tr", got)
	}
	if want := []guest{{name: "ayla"}, {name: "ayla", locale: "az"}}; !slices.Equal(p.saved, want) {
		t.Errorf("saved %v, want %v", p.saved, want)
	}
	if want := []string{"ayla", "bob"}; !slices.Equal(p.came, want) {
		t.Errorf("arrived: %v, want %v", p.came, want)
	}
	if got := people.Public(); len(got) != 2 || len(people.All()) != 2 || got[1].Name != "bob" {
		t.Errorf("known: %v", got)
	}
}

// TestPeopleThatCannotBe: who is refused, or cannot be saved, is not known afterwards.
func TestPeopleThatCannotBe(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	tests := map[string]struct {
		given lookalike.Person
		disk  error
		want  error
	}{
		"no name":             {given: lookalike.Person{Name: " "}, want: lookalike.ErrUnsupported},
		"the bot":             {given: lookalike.Person{Name: "Bot"}, want: lookalike.ErrUnsupported},
		"an id of another":    {given: lookalike.Person{Name: "ayla", ID: "taken"}, want: lookalike.ErrUnsupported},
		"nobody can be saved": {given: lookalike.Person{Name: "ayla"}, disk: full, want: full},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := platform{full: test.disk}
			people := p.people()
			if _, err := people.Introduce(test.given); !errors.Is(err, test.want) {
				t.Errorf("introduced: %v, want %v", err, test.want)
			}
			if len(people.All()) != 0 || len(p.came) != 0 {
				t.Errorf("known all the same: %v", people.Public())
			}
		})
	}
}

// TestRemember: a newer state takes the place of the older, and the oldest beyond the bound are forgotten.
func TestRemember(t *testing.T) {
	t.Parallel()
	type said struct{ id, text string }
	var chat []*said
	put := func(s said) {
		chat = lookalike.Remember(chat, &s, func(old *said) bool { return old.id == s.id })
	}
	put(said{"a", "one"})
	put(said{"b", "two"})
	put(said{"a", "one, edited"})
	if len(chat) != 2 || chat[0].text != "one, edited" || chat[1].text != "two" {
		t.Errorf("edited: %v", chat)
	}
	for i := range 7000 {
		put(said{id: fmt.Sprint(i)})
	}
	if len(chat) < 5000 || len(chat) > 6250 || chat[len(chat)-1].id != "6999" {
		t.Errorf("%d messages are remembered, want 5000 to 6250", len(chat))
	}
}
