package survey

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Chance is a hash of ids, never a random number, so that it comes out the same after a crash and in a simulation.

// chance is an evenly distributed number from the parts of a key.
func chance(parts ...string) uint64 {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p)) // a hash never fails
		h.Write([]byte{0})
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// sampled says whether a person is among the percent that are asked.
func sampled(surveyID, trigger string, root conversation.CustomerID, percent int) bool {
	return percent >= 100 || int(chance("sample", surveyID, trigger, strconv.FormatInt(int64(root), 10))%100) < percent
}

// spreadUnit is how finely people are spread over days: the time of day of the schedule stays roughly what it was.
const (
	spreadUnit  = 24 * time.Hour
	spreadInDay = 2 * time.Hour
)

// spreadBy is how long after its start a round asks a person: on one of the days of over, within two hours of the
// schedule's time. Over less than two days it is any moment of it.
func spreadBy(surveyID, trigger string, root conversation.CustomerID, over time.Duration) time.Duration {
	if over <= 0 {
		return 0
	}
	n := chance("spread", surveyID, trigger, strconv.FormatInt(int64(root), 10))
	if over < 2*spreadUnit {
		return time.Duration(n % uint64(over)).Truncate(time.Second)
	}
	days := uint64(over / spreadUnit)
	within := chance("moment", surveyID, trigger, strconv.FormatInt(int64(root), 10)) % uint64(spreadInDay)
	return time.Duration(n%days)*spreadUnit + time.Duration(within).Truncate(time.Second)
}
