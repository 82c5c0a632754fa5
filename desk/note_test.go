package desk_test

import (
	"strings"
	"testing"
)

func TestAPressTwiceSendsNoEarlierRemark(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		o.write("nigar", "she complains every week")
		o.write("nigar", "It arrives tomorrow.")
		says(t, "the notes", o.thread("nigar"), "“she complains every week”", "“It arrives tomorrow.”")
		for range 2 {
			o.press("nigar", "Send to customer")
		}
		heard := strings.Join(o.heard("ayla"), "\n")
		says(t, "the customer", heard, "It arrives tomorrow.")
		hushed(t, "the customer", heard, "every week")
		says(t, "the thread", o.thread("nigar"), "This is about an earlier message of yours: “she complains every week”.")
		o.press("nigar", "Send that one")
		says(t, "the customer, once it is meant", strings.Join(o.heard("ayla"), "\n"), "every week")
	})
}

func TestANoteSendsTheWordsThatItQuotes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, o *office) {
		o.customer("ayla", "where is my parcel")
		id := o.write("nigar", "It arrives tomorrow.")
		o.change("nigar", "edit", id, "It arrives tomorrow, tell her nothing of the damage")
		o.press("nigar", "Send to customer")
		hushed(t, "the customer", strings.Join(o.heard("ayla"), "\n"), "damage")
		says(t, "the thread", o.thread("nigar"), "“It arrives tomorrow, tell her nothing of the damage”")
	})
}
