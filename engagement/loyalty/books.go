package loyalty

import (
	"context"
	"time"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/engagement"
	"github.com/rapport-chat/rapport/language"
)

// Store is what the programme needs of the database.
type Store interface {
	// In binds the books to a transaction that has locked the person: a turn, or ForCustomer.
	In(tx conversation.Tx) Books
	// ForCustomer runs fn in a transaction with the person locked; conversation.ErrNotFound for nobody.
	ForCustomer(ctx context.Context, who conversation.CustomerID, fn func(ctx context.Context, tx conversation.Tx, p conversation.Person) error) error
	// KeepOrder keeps an order of nobody known yet. It answers ErrOrderChanged like RecordOrder.
	KeepOrder(ctx context.Context, o Order) (fresh bool, err error)
	Reader
	Pages
}

// Books are the ledger, the members, the orders and the vouchers, inside one transaction about one person.
type Books interface {
	engagement.Emitter
	Ledger
	Membership
	OrderBook
	VoucherBook
	ReferralBook
	// Chat is the private chat in which the person can be told something; false when there is none.
	Chat(ctx context.Context) (c Chat, ok bool, err error)
}

// Ledger writes entries. An entry whose key the person has already is not fresh and changes nothing.
type Ledger interface {
	// Post writes an entry. Points below 0 are taken from what can be spent at e.At, or a *ShortError is answered.
	Post(ctx context.Context, e Entry) (Posted, error)
	// ReverseEntry writes the opposite of the entry with that id: e names the key, reason and time, and in Lot how long
	// points live that come back too late for their own lots. ErrReversed when that was done under another key.
	ReverseEntry(ctx context.Context, id int64, e Entry) (Posted, error)
	// FindEntry answers the person's entry by its key; conversation.ErrNotFound when there is none.
	FindEntry(ctx context.Context, source, sourceID string, kind Kind) (Entry, error)
	// ExpireLot writes off what remains of a lot that has lapsed at now.
	ExpireLot(ctx context.Context, lot int64, now time.Time) error
	// Account is the person's account, with what was written in this transaction.
	Account(ctx context.Context, now, since time.Time) (Account, error)
	// Earned lists what counts for the tier since a time, oldest first.
	Earned(ctx context.Context, since time.Time) ([]Earning, error)
	// EarnedFrom sums up what one source brought from a time on, before another, and was not taken back.
	EarnedFrom(ctx context.Context, source string, from, before time.Time) (int64, error)
	// LotsToWarn lists the person's lots with a warning to come that is due at now, or that lapse before a time.
	LotsToWarn(ctx context.Context, now, before time.Time) ([]Lot, error)
	// SetWarnings moves the next warning of lots; a zero time ends them.
	SetWarnings(ctx context.Context, lots []Lot) error
}

// Membership is who joined.
type Membership interface {
	// Join makes the person a member. fresh is false when one of its records is already.
	Join(ctx context.Context, m Member) (now Member, fresh bool, err error)
	// AcceptTerms notes a newer version of the terms.
	AcceptTerms(ctx context.Context, terms string) error
	// SetTier writes the tier, until when it is kept although too little was earned, and when to look again.
	SetTier(ctx context.Context, s Standing) error
	// SetNotices turns credit notices on or off.
	SetNotices(ctx context.Context, on bool) error
	// SetPhone keeps a proven phone number. ErrPhoneTaken when it is another person's.
	SetPhone(ctx context.Context, phone, source string, at time.Time) error
}

// OrderBook is the purchases.
type OrderBook interface {
	// RecordOrder keeps a purchase of the person. ErrOrderChanged when the order is known with another content.
	RecordOrder(ctx context.Context, o Order) (OrderRecord, error)
	// ReturnOrder marks a kept order as returned; fresh is false when it was already.
	ReturnOrder(ctx context.Context, source, id string, at time.Time) (fresh bool, err error)
	// ClaimOrders gives the person the orders that wait for a phone number, placed after a time, oldest first.
	ClaimOrders(ctx context.Context, phone string, after time.Time) ([]Order, error)
}

// VoucherBook is the codes.
type VoucherBook interface {
	// Issue writes a voucher with a new code. When its key is there already it answers that one, and fresh is false.
	Issue(ctx context.Context, v Voucher) (now Voucher, fresh bool, err error)
	// FindVoucher answers by key; conversation.ErrNotFound when there is none.
	FindVoucher(ctx context.Context, key string) (Voucher, error)
	// Use marks a voucher as used, or takes an amount from a gift card. A repeat of the same source and id answers
	// fresh false and changes nothing.
	Use(ctx context.Context, u Use) (now Voucher, fresh bool, err error)
	// TakeStock takes one of a reward that has stock in all; false when all are taken.
	TakeStock(ctx context.Context, reward string, stock int64) (bool, error)
	// GiveStock gives one back.
	GiveStock(ctx context.Context, reward string) error
	// CancelVoucher ends a voucher that was not used; fresh is false when it is not valid any more.
	CancelVoucher(ctx context.Context, id int64) (fresh bool, err error)
	// Held counts how many of a reward the person has had that were not cancelled.
	Held(ctx context.Context, reward string) (int64, error)
}

// ReferralBook is who brought whom.
type ReferralBook interface {
	// Invite records that a member brought the person: ErrOwnInvite, ErrInvited or ErrHasOrders when that cannot be.
	Invite(ctx context.Context, inviter conversation.CustomerID, at time.Time) error
	// ReferralDue notes the first order of a person who was invited, and when it can no longer be returned. It does
	// nothing for others.
	ReferralDue(ctx context.Context, order string, due time.Time) error
	// PaidReferrals counts the person's invitations that were paid since a time.
	PaidReferrals(ctx context.Context, since time.Time) (int, error)
	// EndReferral ends a due invitation as paid, or as refused for a reason.
	EndReferral(ctx context.Context, id int64, paid bool, reason string, at time.Time) error
}

// Reader reads outside transactions.
type Reader interface {
	// ReadAccount is the account of a person, given by any linked record; since begins the tier's window.
	ReadAccount(ctx context.Context, who conversation.CustomerID, now, since time.Time) (Account, error)
	// History lists a person's entries with an id below before (0: from the newest), newest first.
	History(ctx context.Context, who conversation.CustomerID, before int64, limit int) ([]Entry, error)
	// Vouchers lists a person's valid vouchers, the next to end first.
	Vouchers(ctx context.Context, who conversation.CustomerID, now time.Time, limit int) ([]Voucher, error)
	// VoucherByCode answers a voucher; conversation.ErrNotFound for an unknown code.
	VoucherByCode(ctx context.Context, code string) (Voucher, error)
	// FindByCard and FindByPhone answer whose it is; conversation.ErrNotFound when nobody's.
	FindByCard(ctx context.Context, code string) (conversation.CustomerID, error)
	FindByPhone(ctx context.Context, phone string) (conversation.CustomerID, error)
	// FindByInvite answers whose invitation code it is; conversation.ErrNotFound when nobody's.
	FindByInvite(ctx context.Context, code string) (conversation.CustomerID, error)
	// FindOrder answers an order with its customer, 0 for nobody known.
	FindOrder(ctx context.Context, source, id string) (Order, error)
	// Verify proves the books: it lists what does not add up, at most limit findings.
	Verify(ctx context.Context, limit int) (Proof, error)
}

// Pages finds what is due, in pages.
type Pages interface {
	// NextExpiry, NextWarning, NextReview, NextReferral, NextVoucherEnd and NextOrderEnd are the earliest due times.
	NextExpiry(ctx context.Context) (time.Time, bool, error)
	NextWarning(ctx context.Context) (time.Time, bool, error)
	NextReview(ctx context.Context) (time.Time, bool, error)
	NextReferral(ctx context.Context) (time.Time, bool, error)
	NextVoucherEnd(ctx context.Context) (time.Time, bool, error)
	NextOrderEnd(ctx context.Context, wait time.Duration) (time.Time, bool, error)
	// LapsedLots, LotsDueWarning, MembersToReview and ReferralsDue list what is due at now, the earliest first.
	LapsedLots(ctx context.Context, now time.Time, limit int) ([]Lot, error)
	LotsDueWarning(ctx context.Context, now time.Time, limit int) ([]Lot, error)
	MembersToReview(ctx context.Context, now time.Time, limit int) ([]conversation.CustomerID, error)
	ReferralsDue(ctx context.Context, now time.Time, limit int) ([]Invitation, error)
	// BirthdayCursor is the end of the last day whose birthdays were dealt with, zero before the first; MoveBirthdays
	// moves it forward.
	BirthdayCursor(ctx context.Context) (time.Time, error)
	MoveBirthdays(ctx context.Context, to time.Time) error
	// Birthdays lists members whose birthday is on a day such as 05-28, by id.
	Birthdays(ctx context.Context, monthDay string, after conversation.CustomerID, limit int) ([]conversation.CustomerID, error)
	// EndVouchers ends what is over at now and answers how many that were.
	EndVouchers(ctx context.Context, now time.Time, limit int) (int64, error)
	// ForgetPhones takes the phone from orders that have waited since before a time, and answers how many those were.
	ForgetPhones(ctx context.Context, before time.Time, limit int) (int64, error)
}

// Chat is where and in which language a person can be told something.
type Chat struct {
	To     conversation.Address
	Locale language.Code // as the platform reports it; may be empty
}
