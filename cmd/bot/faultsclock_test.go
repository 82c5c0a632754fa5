package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFaultClockSteps moves the service's clock on by days while people write on all three platforms. What is measured
// on the real clock does not notice: no lease changes hands, nobody is answered twice, and nobody goes without an
// answer.
func TestFaultClockSteps(t *testing.T) {
	t.Parallel()
	people, questions, steps := 2, 3, 3
	if faultsInFull() {
		people, questions, steps = 10, 10, 12
	}
	b := startBox(t)
	db := openForTest(t, "sqlite://"+b.data+"/rapport.db")
	type lease struct {
		Account, Owner string
		Epoch          int
	}
	leases := func() (all []lease) {
		if err := db.Select(&all, `SELECT account, owner, epoch FROM leases ORDER BY account`); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before, late := leases(), lateness(t)
	if len(before) < len(everyPlatform) {
		t.Fatalf("there are leases of %v only", before)
	}
	var all sync.WaitGroup
	for _, platform := range everyPlatform {
		all.Go(func() {
			for range questions {
				for i := range people {
					status, said := b.try("/api/"+platform+"/say", map[string]string{"as": clockwise(i), "text": "What is the wifi password?", "locale": "en"})
					if status != http.StatusOK {
						t.Errorf("%s: %d %v", platform, status, said)
					}
				}
				<-time.After(500 * time.Millisecond)
			}
		})
	}
	for range steps {
		b.advance("31h")
	}
	all.Wait()
	b.idle()
	seen := 0
	for _, platform := range everyPlatform {
		for i := range people {
			answers := 0
			for _, m := range b.person(platform, clockwise(i)).chat() {
				if m.From == "bot" && strings.Contains(m.Text, "NarCoffee") {
					answers++
				}
			}
			seen += answers
			if answers != questions {
				t.Errorf("%s on %s asked %d times and got %d answers", clockwise(i), platform, questions, answers)
			}
		}
	}
	publish(t, []string{fmt.Sprintf("%-34s questions %d answers seen %d | the business clock moved %d times by 31 hours",
		sceneOf(t), questions*people*len(everyPlatform), seen, steps)})
	if late() > time.Second { // then a lease may be lost whatever the clock does
		t.Logf("the machine stood still for %v: nothing can be said about leases", late())
		return
	}
	after := leases()
	for i := range before {
		if after[i] != before[i] {
			t.Errorf("a lease changed hands when the clock was moved: %v, then %v", before[i], after[i])
		}
	}
}

func clockwise(i int) string { return "clock" + string(rune('a'+i)) }
