package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// invented are the customers that the sandbox starts with. They are past their first contact and agree to everything.
var invented = []struct {
	platform, name string
	lang           language.Code
}{
	{"telegram", "ayla", language.Azerbaijani},
	{"telegram", "mehmet", language.Turkish},
	{"telegram", "marina", language.Russian},
	{"telegram", "james", language.English},
	{"discord", "vera", language.Russian},
}

// seed makes the invented customers known, once per data folder, and somebody who works here.
func seed(ctx context.Context, s *service, st *stand) error {
	if _, err := st.slack.Introduce(lookalike.Person{Name: "nigar", Locale: string(language.Azerbaijani), Staff: true}); err != nil {
		return err
	}
	store := s.db.Conversations()
	for _, p := range st.platforms() {
		account, err := s.accountOf(ctx, p.Name())
		if err != nil {
			return err
		}
		for _, who := range invented {
			if who.platform != p.Name() || slices.ContainsFunc(p.People(), func(known lookalike.Person) bool { return known.Name == who.name }) {
				continue
			}
			person, err := p.Introduce(lookalike.Person{Name: who.name, Locale: string(who.lang)})
			if err != nil {
				return err
			}
			in := conversation.Inbound{
				Address: conversation.Address{Channel: p.Name(), Account: account, Chat: st.privateChat(p, person)},
				EventID: "sandbox:" + who.name, Kind: conversation.KindBack, Private: true, At: s.business.Now(),
				From: conversation.Sender{UserID: person.ID, Name: who.name, Locale: string(who.lang)},
			}
			if _, err := store.Accept(ctx, in); err != nil {
				return err
			}
			if err := introduce(ctx, s, in.EventID, who.lang); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
			if err := seedLoyalty(ctx, s, p.Name(), person.ID); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
		}
	}
	return nil
}

// introduce ends the first event of an invented customer with what a first contact would have left.
func introduce(ctx context.Context, s *service, event string, lang language.Code) error {
	store := s.db.Conversations()
	open, err := store.Unsettled(ctx, 0, maxSeedEvents)
	if err != nil {
		return err
	}
	for _, in := range open {
		if in.EventID != event {
			continue
		}
		st, err := store.Load(ctx, in)
		if err != nil {
			return err
		}
		t := conversation.Turn{In: in, Parts: []conversation.Inbound{in}, Person: st.Person, Dialogue: st.Dialogue, Now: s.business.Now(), Lang: lang}
		return store.Settle(ctx, t, func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			p := t.Person
			p.Spoken, p.Welcomed, p.OffersAsked = lang, true, true
			if err := tx.SavePerson(ctx, p); err != nil {
				return t.Dialogue, err
			}
			return t.Dialogue, tx.RecordConsent(ctx, conversation.Consent{
				Topic: "offers", Granted: true, Wording: "consent.question/1", Way: "button",
			})
		})
	}
	return nil
}

const maxSeedEvents = 100

// accountOf is the bot's account on a platform.
func (s *service) accountOf(ctx context.Context, platform string) (string, error) {
	for _, c := range s.channels {
		if c.Name() == platform {
			return c.Connect(ctx)
		}
	}
	return "", fmt.Errorf("no channel %s", platform)
}
