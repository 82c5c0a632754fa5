package loyalty

import (
	"time"

	"github.com/rapport-chat/rapport/conversation"
)

// Account is what a person has, over all linked records.
type Account struct {
	Member       Member // zero when nobody has joined
	Spendable    int64
	Pending      int64
	PendingUntil time.Time // when the first pending points can be spent
	Owed         int64
	Earned       int64      // in the tier's window
	Entries      bool       // there has been something in the ledger
	Expiring     []Expiring // the next points to lapse, the earliest first
}

// Joined reports whether the person is a member.
func (a Account) Joined() bool { return a.Member.Card != "" }

// Expiring is points that lapse together.
type Expiring struct {
	At     time.Time
	Points int64
}

// Member is a membership.
type Member struct {
	Customer conversation.CustomerID
	Card     string // the code
	Invite   string // the code that brings friends
	Terms    string // the version that was accepted
	Way      string // "button", "till", "import"
	JoinedAt time.Time
	Notices  bool // wants to hear of credits
	Standing
}

// Standing is a member's place among the tiers.
type Standing struct {
	Tier     string    // id
	Until    time.Time // the tier is kept until then although too little was earned; zero when enough was
	ReviewAt time.Time // when it must be looked at again; zero for never
}

func (s Standing) same(o Standing) bool {
	return s.Tier == o.Tier && s.Until.Equal(o.Until) && s.ReviewAt.Equal(o.ReviewAt)
}

// Earning is what one entry counts for the tier.
type Earning struct {
	At     time.Time
	Points int64
}

// Proof is what verifying the books found.
type Proof struct {
	Entries  int64     `json:"entries"`
	Accounts int64     `json:"accounts"`
	Points   int64     `json:"points"` // that all accounts have together
	Findings []Finding `json:"findings"`
}

// Finding is one sum that does not hold.
type Finding struct {
	What     string                  `json:"what"` // "lot", "entry", "balance", "owed"
	ID       int64                   `json:"id"`   // of the lot or entry; the customer's for a balance
	Customer conversation.CustomerID `json:"customer"`
	Is       int64                   `json:"is"`
	ShouldBe int64                   `json:"should_be"`
}
