// Package loyalty keeps customers' points and what they buy: an append-only ledger of whole points with lots, the rules
// by which purchases and events earn, tiers, rewards with a code for the till, the card, and the skills that show all of
// it in a chat.
//
// # The books
//
// Every change is an Entry with a reason; nothing is ever edited. An entry that adds points makes a lot, which may be
// pending at first (until the return window has passed) and lapses at its end. What takes points takes them from the
// lot that lapses first, and the allocations say how much from which. So at any time, proven by Verify:
//
//   - a lot's remaining points are its points and its allocations, between 0 and its points;
//   - an entry's points are those of the lot that it made and of its allocations;
//   - a record's balance is what remains in its lots.
//
// Entries, lots and balances keep the record that they were made with. A person's balance is the sum over all records
// with the same root, and the business keys count per person, so that linking joins accounts and unlinking gives each
// record back what is left of its own lots.
//
// # What is decided here
//
//   - Points are kept for whoever earns them; to spend them one must have joined, with one tap on the terms. Tiers,
//     notices and warnings are for members.
//   - A returned order takes its points back: from its own lot, then from those that lapse first. What is missing
//     because it was spent is owed, and taken from what comes next. A balance is never negative.
//   - A reward that is taken back restores the very lots that paid for it. What would have lapsed in the meantime comes
//     back in a lot of its own that lives for the reprieve.
//   - Points lapse at the end of a day in the brand's zone. A balance counts what can be spent now, whether or not the
//     lapse has been written down yet.
//   - An order older than newsFor is history: it earns, but nobody is told and nothing follows from it.
package loyalty
