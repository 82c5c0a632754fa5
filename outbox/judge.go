package outbox

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

const (
	// firstRetry doubles with every further try of a message that did not reach the platform, up to longestRetry.
	firstRetry, longestRetry = time.Second, 10 * time.Minute
	// mostCalls ends the tries after about a day: ten that double, then one every ten minutes.
	mostCalls = 10 + 24*6
	// mostUnknown is how many calls of an answer may end without anybody knowing whether they were done. Each may
	// be seen by the person as a repeat.
	mostUnknown = 3
	// firstWait doubles with every look of an edit for its target, up to longestWait; after mostWaits, about a day,
	// it is given up.
	firstWait, longestWait = 100 * time.Millisecond, time.Minute
	mostWaits              = 10 + 24*60
)

// Codes of results that the worker decides itself.
const (
	codeTarget = "target_not_sent" // an edit or deletion whose target never left
	codePanic  = "panic"           // the adapter broke while sending
)

// verdict is what a call leads to, and what its error says.
type verdict struct {
	Result
	refused  *conversation.SendError // the platform asked to wait
	dead     error                   // our credentials are dead
	awaiting bool                    // the target has not been sent
}

// judge says what becomes of an item after its call. Waits are counted from now, the real clock.
func judge(item Item, r *ref, receipt conversation.Receipt, err error, now time.Time) verdict {
	v := verdict{Result: Result{ID: item.ID, Receipt: receipt}}
	if err == nil {
		v.Outcome = Sent
		return v
	}
	var se *conversation.SendError
	if !errors.As(err, &se) {
		se = &conversation.SendError{Kind: conversation.OutcomeUnknown, Err: err}
	}
	v.Kind, v.Code, v.Detail, v.Receipt = se.Kind, se.Code, se.Error(), conversation.Receipt{}
	if v.Code == "" {
		v.Code = se.Kind.String()
	}
	switch se.Kind {
	case conversation.PersonGone, conversation.PersonUnreachable:
		v.Outcome = Failed
	case conversation.OurPayload:
		v.Outcome = Failed
		if item.IsAnswer() && item.Body.CanBePlain() {
			v.Outcome, v.Plain, v.RetryAt = Retry, true, now
		}
	case conversation.OurCredentials:
		v.Outcome, v.Uncalled, v.dead = Retry, true, err
	case conversation.RateLimited:
		v.Outcome, v.Uncalled, v.refused = Retry, true, se
	case conversation.Temporary:
		if se.Doubtful && item.AfterCrash == conversation.Unknown {
			v.Outcome = Lost
			return v
		}
		v.again(item, now)
	default:
		r.unknowns++
		if item.AfterCrash == conversation.Unknown || r.unknowns >= mostUnknown {
			v.Outcome = Lost
			return v
		}
		v.again(item, now)
	}
	return v
}

// again tries once more, or gives up after about a day.
func (v *verdict) again(item Item, now time.Time) {
	if item.Attempts+1 >= mostCalls {
		v.Outcome = Failed
		return
	}
	v.Outcome, v.RetryAt = Retry, now.Add(retryWait(item.ID, item.Attempts))
}

// await puts off an edit or deletion whose target has not been sent. It takes no attempt.
func await(item Item, r *ref, now time.Time) verdict {
	v := verdict{Result: Result{ID: item.ID, Kind: conversation.Temporary, Code: codeTarget}}
	if r.waits >= mostWaits {
		v.Outcome = Failed
		return v
	}
	v.Outcome, v.Uncalled, v.awaiting = Retry, true, true
	v.RetryAt = now.Add(doubled(firstWait, longestWait, r.waits))
	return v
}

// retryWait is how long to wait after so many calls before this one. It is spread by a quarter either way, by a hash
// of the id, so that what failed together does not come back together.
func retryWait(id conversation.OutgoingID, before int) time.Duration {
	d := doubled(firstRetry, longestRetry, before)
	h := fnv.New32a()
	for i := 0; i < 8; i++ {
		_, _ = h.Write([]byte{byte(id >> (8 * i))})
	}
	_, _ = h.Write([]byte{byte(before)})
	return d*3/4 + d/2*time.Duration(h.Sum32()%1024)/1024
}

// doubled is first times two to the n, at most longest.
func doubled(first, longest time.Duration, n int) time.Duration {
	for ; n > 0 && first < longest; n-- {
		first *= 2
	}
	return min(first, longest)
}

// send makes the call. A panic of the adapter is an error like any other that leaves the outcome unknown.
func send(ctx context.Context, s Sender, what conversation.Sending) (receipt conversation.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			receipt = conversation.Receipt{}
			err = &conversation.SendError{
				Kind: conversation.OutcomeUnknown, Code: codePanic, Err: errors.New("the adapter panicked while sending"),
			}
		}
	}()
	return s.Send(ctx, what)
}
