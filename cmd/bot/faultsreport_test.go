package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// account is the books of one run on one platform: what people did there, what the service has written of it, and
// what the platform saw of the service.
type account struct {
	said, asked, pressed, refused int // by the people
	kept, parked                  int // events in the inbox
	sent, unknown, failed, open   int // new messages in the outbox, by what became of them
	seen                          int // messages that people see from the bot
	answers, missing, repeated    int // answers that people see; questions without; answers too many
	pressers                      int // people whose press the platform took
	mayPress                      int // and those whose press it showed as failed
}

// audit compares the three sides of the books of every platform. Its report is logged, and written to the file that
// RAPPORT_FAULTS_REPORT names.
func (w *town) audit(scene string) {
	t := w.t
	t.Helper()
	var all account
	lines := []string{}
	for _, p := range w.platforms() {
		a := w.accountOf(p.Name())
		lines = append(lines, fmt.Sprintf("%-34s %-9s said %4d kept %4d | pressed %3d (+%d) | sent %4d seen %4d twice %2d | unknown %d failed %d",
			scene, p.Name(), a.said, a.kept, a.pressed, a.refused, a.sent, a.seen, a.seen-a.sent, a.unknown, a.failed))
		if took := a.said + a.pressed; a.kept < took || a.kept > took+a.refused {
			t.Errorf("%s: %d messages and %d presses (and %d shown as failed) were taken, and %d events are kept", p.Name(), a.said, a.pressed, a.refused, a.kept)
		}
		if a.seen < a.sent {
			t.Errorf("%s: %d messages are recorded as sent and the platform has only %d", p.Name(), a.sent, a.seen)
		}
		all.add(a)
	}
	uses, ratings := w.count(`SELECT COALESCE(sum(uses), 0) FROM article_uses`), w.count(`SELECT count(*) FROM article_feedback`)
	lines = append(lines, fmt.Sprintf("%-34s %-9s questions %4d effects %4d | ratings %3d of %d to %d | repeats %d of at most %d | unknown %d of at most %d | troubles %d",
		scene, "all", all.asked, uses, ratings, all.pressers, all.pressers+all.mayPress, all.seen-all.sent, w.repeats, all.unknown, w.doubtful, w.troubles))
	publish(t, lines)
	defer func() { w.repeats, w.doubtful = all.seen-all.sent, all.unknown }() // what was not used is not left for later
	for _, c := range []struct {
		what        string
		got         int
		least, most int
	}{
		{"turns with an effect", uses, all.asked, all.asked},
		{"ratings", ratings, all.pressers, all.pressers + all.mayPress},
		{"events parked", all.parked, 0, 0},
		{"messages failed", all.failed, 0, 0},
		{"messages of unknown fate", all.unknown, 0, w.doubtful},
		{"messages left in the outbox", all.open, 0, 0},
		{"messages seen twice", all.seen - all.sent, 0, w.repeats + all.unknown},
		{"questions without an answer", all.missing, 0, all.unknown},
		{"answers too many", all.repeated, 0, w.repeats},
	} {
		if c.got < c.least || c.got > c.most {
			t.Errorf("%s: %d, want %d to %d", c.what, c.got, c.least, c.most)
		}
	}
}

// publish logs the report and writes it where it is collected.
func publish(t testing.TB, lines []string) {
	t.Helper()
	t.Log("\n" + strings.Join(lines, "\n"))
	path := os.Getenv("RAPPORT_FAULTS_REPORT")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// publishOffer reports what a platform saw of an offer.
func publishOffer(t testing.TB, people, once, twice, unknown int, what string) {
	t.Helper()
	publish(t, []string{fmt.Sprintf("%-34s offer to %d people: seen once %d, twice %d, unknown %d | %s", sceneOf(t), people, once, twice, unknown, what)})
}

// sceneOf is the name of a test as the report has it.
func sceneOf(t testing.TB) string { return strings.TrimPrefix(t.Name(), "TestFault") }

// accountOf reads the books of a platform.
func (w *town) accountOf(platform string) (a account) {
	w.t.Helper()
	for _, s := range w.people {
		if s.platform.Name() == platform {
			a.addPerson(w, s)
		}
	}
	a.kept = w.count(`SELECT count(*) FROM inbox WHERE account LIKE $1`, platform+":%")
	a.parked = w.count(`SELECT count(*) FROM inbox WHERE state = 2 AND account LIKE $1`, platform+":%")
	for state, into := range map[string]*int{"= 2": &a.sent, "= 3": &a.unknown, "IN (4, 5)": &a.failed, "IN (0, 1)": &a.open} {
		*into = w.count(`SELECT count(*) FROM outbox WHERE of_id IS NULL AND channel = $1 AND state `+state, platform)
	}
	return a
}

// addPerson adds what one person did and sees.
func (a *account) addPerson(w *town, s *soul) {
	a.said, a.asked, a.pressed, a.refused = a.said+s.said, a.asked+s.asked, a.pressed+s.pressed, a.refused+s.refused
	for _, m := range s.platform.Chat(s.name, "") {
		if m.From == "bot" {
			a.seen++
		}
	}
	answers := len(w.answersTo(s))
	a.answers += answers
	a.missing += max(0, s.asked-answers)
	a.repeated += max(0, answers-s.asked)
	switch {
	case s.pressed > 0:
		a.pressers++
	case s.refused > 0:
		a.mayPress++
	}
	if s.asked > answers {
		w.t.Logf("%s on %s asked %d questions and sees %d answers", s.name, s.platform.Name(), s.asked, answers)
	}
}

func (a *account) add(b account) {
	a.said, a.asked, a.pressed, a.refused = a.said+b.said, a.asked+b.asked, a.pressed+b.pressed, a.refused+b.refused
	a.kept, a.parked = a.kept+b.kept, a.parked+b.parked
	a.sent, a.unknown, a.failed, a.open = a.sent+b.sent, a.unknown+b.unknown, a.failed+b.failed, a.open+b.open
	a.seen, a.answers, a.missing, a.repeated = a.seen+b.seen, a.answers+b.answers, a.missing+b.missing, a.repeated+b.repeated
	a.pressers, a.mayPress = a.pressers+b.pressers, a.mayPress+b.mayPress
}

func (w *town) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.Get(&n, query, args...); err != nil {
		w.t.Fatal(err)
	}
	return n
}
