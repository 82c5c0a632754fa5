package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/knowledge"
	"github.com/rapport-chat/rapport/language"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// learner keeps the articles in force up to date: with what people teach by pressing "did you mean", and with the files
// as an operator edits them.
type learner struct {
	s       *service
	voted   atomic.Bool   // a vote was written in a transaction that may not be committed yet
	until   atomic.Int64  // and commits before then, Unix nanoseconds of the real clock
	wanted  atomic.Int64  // how often something was committed since a vote, and the start
	inForce atomic.Int64  // up to which of them what was learned is in force
	wake    chan struct{} // something is wanted
	broken  atomic.Pointer[string]
	waits   atomic.Pointer[[]string] // changed sections that take a restart
	file    knowledge.LearnedFile    // where lessons are written for the operator

	mu      sync.Mutex
	learned []knowledge.Learned // in force
	lessons []knowledge.Lesson
}

func newLearner(s *service) *learner {
	l := &learner{s: s, wake: make(chan struct{}, 1), file: knowledge.LearnedFile{Path: s.set.Knowledge.learnedFile(s.path)}}
	l.wanted.Store(1) // what is there at the start
	return l
}

// lookAgain is how often a process looks for what was taught through another one. Real clock.
const lookAgain = 30 * time.Second

// Of several processes one at a time does what is left to do about lessons: another might write an undone one back into
// the file from a list that it read before. The real clock.
const (
	lessonsLease = "lessons"
	// settleWithin is how long one lesson may take before another process takes over.
	settleWithin = 2 * time.Minute
	// heldAgain is how soon a process looks again when another is at it.
	heldAgain = time.Second
)

// errHeld says that another process does what is left to do about lessons.
var errHeld = errors.New("another process settles the lessons")

// vote notes a vote; it may run in a transaction.
func (l *learner) vote() {
	l.until.Store(time.Now().Add(commitWithin).UnixNano())
	l.voted.Store(true)
}

// committed has the learned phrasings read if there was a vote. What was committed may be another transaction than the
// vote's: it looks again at each that follows soon.
func (l *learner) committed() {
	if !l.voted.Swap(false) && time.Now().UnixNano() >= l.until.Load() {
		return
	}
	l.wanted.Add(1)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// refresh has the learned phrasings read: another process may have learned some.
func (l *learner) refresh() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// busy says whether something learned is not in force yet.
func (l *learner) busy() bool { return l.voted.Load() || l.inForce.Load() < l.wanted.Load() }

// learning is called before what was learned is read, and what it answers once that is in force. What is learned
// meanwhile is not.
func (l *learner) learning() (done func()) {
	upTo := l.wanted.Load()
	return func() { l.inForce.Store(upTo) }
}

// Run puts what is learned in force until ctx ends.
func (l *learner) Run(ctx context.Context) error {
	done := l.learning()
	if err := l.learn(ctx); err != nil && !errors.Is(err, errHeld) && ctx.Err() == nil {
		return err
	}
	done()
	others := time.NewTicker(lookAgain)
	defer others.Stop()
	watched := make(chan error, 1)
	go func() { watched <- config.Watch(ctx, l.s.set.watched(), l.reload) }()
	for {
		select {
		case <-ctx.Done():
			return <-watched
		case err := <-watched:
			if err != nil {
				l.s.log.Warn("files are not watched: a changed article needs a restart", "error", err.Error())
			}
			<-ctx.Done()
			return nil
		case <-l.wake:
			done := l.learning()
			others.Reset(l.tryLearning(ctx))
			done()
		case <-others.C:
			others.Reset(l.tryLearning(ctx))
		}
	}
}

// tryLearning answers when to look again.
func (l *learner) tryLearning(ctx context.Context) time.Duration {
	err := l.learn(ctx)
	if errors.Is(err, errHeld) {
		return heldAgain
	}
	if err != nil && ctx.Err() == nil {
		l.s.log.Error("what was learned cannot be put in force; trying again soon", "error", err.Error())
	}
	return lookAgain
}

// learn puts what enough people confirmed and what staff taught in force, and does what is left to do about lessons.
func (l *learner) learn(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	lessons, err := l.load(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(lessons, unsettled) {
		return nil
	}
	return l.settleAll(ctx)
}

func unsettled(k persistence.KeptLesson) bool { return !k.Settled }

// settleAll settles the lessons that are left, while no other process does.
func (l *learner) settleAll(ctx context.Context) (err error) {
	leases := l.s.db.Outbox()
	lease, err := l.lease(ctx, leases)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leases.Release(context.WithoutCancel(ctx), lease)) }()
	lessons, err := l.load(ctx) // as they are now that nobody else settles them
	if err != nil {
		return err
	}
	for _, k := range lessons {
		if k.Settled {
			continue
		}
		if lease, err = l.lease(ctx, leases); err != nil {
			return err
		}
		if err := l.settle(ctx, k); err != nil {
			return fmt.Errorf("settle lesson %d: %w", k.ID, err)
		}
	}
	return nil
}

// lease takes the lease on lessons, or has it longer. Its error is errHeld when another process has it.
func (l *learner) lease(ctx context.Context, leases *persistence.Outbox) (outbox.Lease, error) {
	lease, err := leases.Acquire(ctx, lessonsLease, l.s.owner, settleWithin)
	if errors.Is(err, outbox.ErrLeaseHeld) || errors.Is(err, outbox.ErrRunning) {
		return lease, errHeld
	}
	return lease, err
}

// load reads what was learned and puts it in force.
func (l *learner) load(ctx context.Context) ([]persistence.KeptLesson, error) {
	list, err := l.s.db.LearnedPhrasings(ctx, knowledge.ConfirmingVotes)
	if err != nil {
		return nil, fmt.Errorf("read the learned phrasings: %w", err)
	}
	learned := make([]knowledge.Learned, 0, len(list))
	for _, p := range list {
		learned = append(learned, knowledge.Learned{ArticleID: p.Article, Language: language.Code(p.Lang), Text: p.Text, Votes: p.Votes})
	}
	kept, err := l.s.db.Lessons(ctx)
	if err != nil {
		return nil, err
	}
	lessons := make([]knowledge.Lesson, 0, len(kept))
	for _, k := range kept {
		lessons = append(lessons, k.Lesson)
	}
	if !slices.Equal(learned, l.learned) || !reflect.DeepEqual(lessons, l.lessons) {
		l.s.parts.articles.Update(func(c *knowledge.Content) { c.Learned, c.Lessons = learned, lessons })
		l.learned, l.lessons = learned, lessons
	}
	return kept, nil
}

// reload reads the files again. A broken edit changes nothing but what is said about it.
func (l *learner) reload() []string {
	defer l.s.alarm.nudge()
	set, report := parseSettings(l.s.path, config.Ignore)
	if problems := report.Problems(); problems.HasErrors() {
		said := problems.Summary() + ": " + problems[slices.IndexFunc(problems, isError)].Place()
		l.broken.Store(&said)
		l.s.log.Error("the changed files have problems; the last good version stays in force: see bot check", "problems", said)
		return nil
	}
	l.broken.Store(nil)
	l.s.parts.articles.Update(func(c *knowledge.Content) {
		c.Articles, c.Synonyms = set.content.Articles, set.content.Synonyms
	})
	l.s.log.Info("the articles are read again", "articles", len(set.content.Articles))
	waits := changedSections(l.s.set.document, set.document)
	if len(waits) > 0 {
		l.s.log.Warn("sections of the config have changed that take effect at the next start: restart the bot", "sections", waits)
	}
	l.waits.Store(&waits)
	return set.watched()
}

func isError(p config.Problem) bool { return p.Severity == config.Error }

// watched are the files whose change is noticed.
func (s settings) watched() []string {
	paths := slices.Clone(s.document.Watch)
	for _, pattern := range s.Knowledge.patterns(s.path) {
		paths = append(paths, s.Knowledge.Resolve(pattern))
	}
	return paths
}
