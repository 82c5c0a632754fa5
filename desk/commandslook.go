package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/texts"
)

// nps and csat tell a score with its margin.
func (c *Clerk) nps(ctx context.Context, t conversation.Turn, _ string) (conversation.Commit, error) {
	return c.score(ctx, t, "nps")
}

func (c *Clerk) csat(ctx context.Context, t conversation.Turn, _ string) (conversation.Commit, error) {
	return c.score(ctx, t, "csat")
}

func (c *Clerk) score(ctx context.Context, t conversation.Turn, kind string) (conversation.Commit, error) {
	f, err := c.Figures.Score(ctx, kind, t.Now.AddDate(0, 0, -figureDays))
	if err != nil {
		return nil, err
	}
	return c.whisper(t, texts.Lines(c.say("staff.score."+kind, texts.Vars{"n": figureDays, "figure": strings.ToUpper(kind)}).In(texts.Bold), c.figure(kind, f))), nil
}

// figure is a score in plain words.
func (d *Desk) figure(kind string, f Figure) texts.Rich {
	vars := texts.Vars{"n": f.Answers, "all": f.Delivered, "needed": f.Needed}
	switch {
	case f.Answers == 0:
		return d.say("staff.score.no_data", vars)
	case f.Score == nil || f.From == nil || f.To == nil:
		return d.say("staff.score.too_few", vars)
	}
	vars["score"], vars["from"], vars["to"] = *f.Score, *f.From, *f.To
	if kind == "nps" {
		return d.say("staff.score.plain", vars)
	}
	return d.say("staff.score.percent", vars)
}

// gaps tells what is asked and has no answer.
func (c *Clerk) gaps(ctx context.Context, t conversation.Turn, _ string) (conversation.Commit, error) {
	list, err := c.Figures.Gaps(ctx, t.Now.AddDate(0, 0, -gapDays), gapsMost)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return c.whisper(t, c.say("staff.gaps.none", texts.Vars{"n": gapDays})), nil
	}
	head := c.say("staff.gaps.head", texts.Vars{"n": gapDays}).In(texts.Bold)
	return c.whisper(t, texts.Paragraphs(head, c.gapLines(list))), nil
}

func (d *Desk) gapLines(list []GapLine) texts.Rich {
	lines := make([]texts.Rich, len(list))
	for i, g := range list {
		lines[i] = d.say("staff.gaps.line", texts.Vars{"n": g.Asked, "lang": strings.ToUpper(string(g.Lang)), "question": shortened(tidy(g.Question), lineRunes)})
	}
	return texts.List(lines...)
}

// Which tickets are listed.
const (
	ticketsMine    = "mine"
	ticketsOpen    = "open"
	ticketsOverdue = "overdue"
)

// tickets lists tickets: the member's own, those that nobody has, those that are overdue; without a word all three.
func (c *Clerk) tickets(ctx context.Context, t conversation.Turn, which string) (conversation.Commit, error) {
	which = strings.ToLower(which)
	kinds := []string{ticketsMine, ticketsOverdue, ticketsOpen}
	if slices.Contains(kinds, which) {
		kinds = []string{which}
	}
	var parts []texts.Rich
	var rows [][]conversation.Button
	shown := map[TicketID]bool{}
	for _, kind := range kinds {
		list, err := c.listOf(ctx, t, kind)
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(k Ticket) bool { return shown[k.ID] })
		for _, k := range list {
			shown[k.ID] = true
		}
		body := c.sheet(kind, list, t.Now)
		parts, rows = append(parts, body.Text), append(rows, body.Rows...)
	}
	return c.whisper(t, texts.Paragraphs(parts...), rows...), nil
}

// listOf reads one of the lists; one more than is shown.
func (c *Clerk) listOf(ctx context.Context, t conversation.Turn, kind string) ([]Ticket, error) {
	switch kind {
	case ticketsMine:
		return c.Stock.Mine(ctx, t.In.From.UserID, listed+1)
	case ticketsOverdue:
		return c.Stock.Overdue(ctx, t.Now, listed+1)
	}
	return c.Stock.Queue(ctx, listed+1)
}

// sheet is one list under its heading.
func (c *Clerk) sheet(kind string, list []Ticket, now time.Time) conversation.Body {
	head := c.say("staff.tickets."+kind, nil).In(texts.Bold)
	if len(list) == 0 {
		return conversation.Body{Text: texts.Lines(head, c.say("staff.tickets.none", nil))}
	}
	body := c.list(head, list[:min(len(list), listed)], 0, now)
	if len(list) > listed {
		body.Text = texts.Lines(body.Text, c.say("staff.tickets.more", nil))
	}
	return body
}

// offers lists the offers: when each is due next, and how the last one went.
func (c *Clerk) offers(ctx context.Context, t conversation.Turn, _ string) (conversation.Commit, error) {
	list, err := c.Figures.Offers(ctx, t.Now)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return c.whisper(t, c.say("staff.offers.none", nil)), nil
	}
	lines := make([]texts.Rich, len(list))
	for i, o := range list {
		lines[i] = c.offerLine(o)
	}
	return c.whisper(t, texts.Paragraphs(c.say("staff.offers.head", nil).In(texts.Bold), texts.List(lines...))), nil
}

func (c *Clerk) offerLine(o OfferLine) texts.Rich {
	line := texts.Literal(o.ID).In(texts.Bold).Append(texts.Literal(": "))
	switch {
	case o.Paused != "" && c.Texts.Has(c.lang(), "staff.offers.paused_"+o.Paused):
		line = line.Append(c.say("staff.offers.paused_"+o.Paused, nil))
	case o.Paused != "":
		line = line.Append(c.say("staff.offers.paused", nil))
	case o.Due.IsZero():
		line = line.Append(c.say("staff.offers.by_event", nil))
	default:
		line = line.Append(c.say("staff.offers.due", c.when(o.Due)))
	}
	if o.Last.IsZero() {
		return line
	}
	vars := c.when(o.Last)
	vars["sent"], vars["failed"] = o.Sent, o.Failed
	return line.Append(texts.Literal("; ")).Append(c.say("staff.offers.last", vars))
}

// pause and resume hold an offer and let it go on.
func (c *Clerk) pause(ctx context.Context, t conversation.Turn, id string) (conversation.Commit, error) {
	return c.hold(ctx, t, id, "pause", ClerkBooks.PauseOffer)
}

func (c *Clerk) resume(ctx context.Context, t conversation.Turn, id string) (conversation.Commit, error) {
	return c.hold(ctx, t, id, "resume", ClerkBooks.ResumeOffer)
}

func (c *Clerk) hold(ctx context.Context, t conversation.Turn, id, what string, do func(ClerkBooks, context.Context, string) (bool, error)) (conversation.Commit, error) {
	list, err := c.Figures.Offers(ctx, t.Now)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(o OfferLine) bool { return strings.EqualFold(o.ID, id) })
	if at < 0 {
		names := make([]string, len(list))
		for i, o := range list {
			names[i] = o.ID
		}
		if len(names) == 0 {
			return c.whisper(t, c.say("staff.offers.none", nil)), nil
		}
		return c.whisper(t, c.say("staff.offers.unknown", texts.Vars{"word": shortened(id, foundRunes), "list": strings.Join(names, ", ")})), nil
	}
	id = list[at].ID
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		changed, err := do(c.Stock.Clerk(tx), ctx, id)
		key := "staff.offers." + what + "_told"
		switch {
		case errors.Is(err, conversation.ErrNotFound):
			key = "staff.offers.not_yet"
		case err != nil:
			return t.Dialogue, err
		case !changed:
			key = "staff.offers." + what + "d_before"
		default:
			if err := c.record(ctx, tx, t, what, "", 0, map[string]any{"offer": id}); err != nil {
				return t.Dialogue, err
			}
		}
		return t.Dialogue, c.whisperIn(ctx, tx, t, c.say(key, texts.Vars{"offer": id}))
	}, nil
}

// silenceOff ends a silence.
const silenceOff = "off"

// silence holds everything that we start for a time, or ends that.
func (c *Clerk) silence(_ context.Context, t conversation.Turn, args string) (conversation.Commit, error) {
	if strings.EqualFold(args, silenceOff) {
		return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
			ended, err := c.Stock.Clerk(tx).EndSilence(ctx, t.Now)
			if err != nil {
				return t.Dialogue, err
			}
			if !ended {
				return t.Dialogue, c.whisperIn(ctx, tx, t, c.say("staff.silence.none", nil))
			}
			return c.told(t, "silence_off", nil, c.say("staff.silence.off", nil))(ctx, tx)
		}, nil
	}
	length, reason, _ := strings.Cut(args, " ")
	d, err := config.ParseDuration(length)
	switch {
	case err != nil || d.Std() < minSilence || d.Std() > maxSilence:
		return c.whisper(t, c.usage("silence")), nil
	case strings.TrimSpace(reason) == "":
		return c.whisper(t, c.say("staff.silence.no_reason", texts.Vars{"command": "/rapport silence", "example": "24h"})), nil
	}
	until := t.Now.Add(d.Std())
	reason = shortened(tidy(reason), noteRunes)
	return func(ctx context.Context, tx conversation.Tx) (conversation.Dialogue, error) {
		if err := c.Stock.Clerk(tx).Silence(ctx, t.Now, until, reason, t.In.From.UserID); err != nil {
			return t.Dialogue, err
		}
		vars := c.when(until)
		vars["reason"] = reason
		return c.told(t, "silence", map[string]any{"until": until.UTC().Format(time.RFC3339)}, c.say("staff.silence.on", vars))(ctx, tx)
	}, nil
}
