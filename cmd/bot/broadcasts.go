package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement/audience"
	"github.com/rapport-chat/rapport/engagement/offer"
	"github.com/rapport-chat/rapport/persistence"
)

type offersCmd struct {
	List   listOffersCmd  `cmd:"" help:"What is due when, to how many people, how long that takes, and how the last ones went."`
	Pause  pauseOfferCmd  `cmd:"" help:"Hold an offer: nothing more becomes due or leaves until it is resumed."`
	Resume resumeOfferCmd `cmd:"" help:"Let a paused offer go on where it was, with what is still true."`
	Stop   stopOfferCmd   `cmd:"" help:"End what is under way of an offer for good. Its schedule goes on."`
}

// unknownOffer says what to do about an offer that the database does not know.
func unknownOffer(id string, err error) error {
	if errors.Is(err, conversation.ErrNotFound) {
		return usageError{fmt.Errorf("there is no offer %q, or the service has not run with it yet; “bot offers list” names them", id)}
	}
	return err
}

type pauseOfferCmd struct {
	Offer string `arg:"" help:"Its id in the config."`
}

// Run holds the offer.
func (c *pauseOfferCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(_ settings, db *persistence.DB) error {
		if err := db.Offers().Pause(ctx, c.Offer, offer.PausedByStaff); err != nil {
			return unknownOffer(c.Offer, err)
		}
		fmt.Fprintf(con.out, "%s is paused. What is being sent this moment still arrives; nothing more leaves.\n", c.Offer)
		return nil
	})
}

type resumeOfferCmd struct {
	Offer string `arg:"" help:"Its id in the config."`
}

// Run lets the offer go on.
func (c *resumeOfferCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(_ settings, db *persistence.DB) error {
		if err := db.Offers().Resume(ctx, c.Offer); err != nil {
			return unknownOffer(c.Offer, err)
		}
		fmt.Fprintf(con.out, "%s goes on within a minute, with what is still true.\n", c.Offer)
		return nil
	})
}

type stopOfferCmd struct {
	Offer string `arg:"" help:"Its id in the config."`
}

// Run ends what is under way.
func (c *stopOfferCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(_ settings, db *persistence.DB) error {
		n, err := db.Offers().Stop(ctx, c.Offer)
		if err != nil {
			return unknownOffer(c.Offer, err)
		}
		fmt.Fprintf(con.out, "%s: %d under way ended. It is due again as its schedule says.\n", c.Offer, n)
		return nil
	})
}

type listOffersCmd struct {
	JSON bool `help:"How the last ones went, as JSON."`
}

// listedRuns is how many of the last broadcasts are told.
const listedRuns = 10

// Run tells what is due and how the last ones went.
func (c *listOffersCmd) Run(ctx context.Context, con terminal, cli *commandLine) error {
	return onDatabase(ctx, con, cli, func(set settings, db *persistence.DB) error {
		runs, err := db.Offers().Progress(ctx, listedRuns)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(con.out).Encode(runs)
		}
		if err := set.listOffers(ctx, con, db, time.Now()); err != nil {
			return err
		}
		for _, r := range runs {
			fmt.Fprintln(con.out, describeRun(r, set.Brand.Timezone.Location()))
		}
		return nil
	})
}

// describeRun is how a broadcast goes, in one line.
func describeRun(r offer.Progress, zone *time.Location) string {
	state := r.State
	switch {
	case r.Paused != "":
		state = "paused (" + r.Paused + ")"
	case state == "open", state == "planned":
		state = "under way"
	}
	line := fmt.Sprintf("  %s of %s: %s, %d sent, %d failed", r.Offer, r.Due.In(zone).Format("2 Jan 15:04"), state, r.Sent, r.Failed)
	if r.Unknown > 0 {
		line += fmt.Sprintf(", %d unknown", r.Unknown)
	}
	if r.Waiting > 0 {
		line += fmt.Sprintf(", %d waiting", r.Waiting)
	}
	return line
}

// listOffers tells of each offer when it is due, to how many people at most, and how long that takes.
func (s *settings) listOffers(ctx context.Context, con terminal, db *persistence.DB, now time.Time) error {
	zone := s.Brand.Timezone.Location()
	set, err := audience.NewSet(s.Audiences, audience.Place{Zone: zone, Languages: s.Brand.Languages}, db.Audiences(), time.Now)
	if err != nil {
		return err
	}
	reach, err := db.Offers().Reach(ctx)
	if err != nil {
		return err
	}
	agreed, longest := 0, time.Duration(0)
	rates := s.rates()
	for channel, n := range reach {
		agreed += n
		longest = max(longest, offer.Estimate(n, rates[channel]))
	}
	for id, o := range s.Offers.All() {
		people, err := set.Count(ctx, o.To.Value)
		if err != nil {
			return fmt.Errorf("count the people of offer %s: %w", id, err)
		}
		people = min(people, agreed)
		fmt.Fprintf(con.out, "%s: %s", id, o.Preview(zone, now, people))
		if takes := longest * time.Duration(people) / time.Duration(max(agreed, 1)); takes > 0 {
			fmt.Fprintf(con.out, ", about %s to send", offer.About(takes))
		}
		fmt.Fprintln(con.out)
	}
	return nil
}

// rates are how many messages a second the configured channels take.
func (s *settings) rates() map[string]float64 {
	out := map[string]float64{}
	for _, kind := range channelKinds {
		channel, err := kind.open(*s, slog.New(slog.DiscardHandler))
		if err == nil && channel != nil { // what is wrong with it, check says
			out[channel.Name()] = channel.Limits().PerSecond
		}
	}
	return out
}

// rateOf is how many messages a second the service's channels take.
func (w *wiring) rateOf(channel string) float64 {
	for _, c := range w.channels {
		if c.Name() == channel {
			return c.Limits().PerSecond
		}
	}
	return 0
}
