// Package offer sends offers, greetings and win-backs: what a schedule, a date or an event makes due goes to the people
// of an audience, once to each.
//
// An occurrence is an offer at one due time, claimed once. A delivery is one person's share of it, with its state and
// the reasons that "Why me?" tells. People are looked at page by page; each page's deliveries and messages are written
// in one transaction with the cursor, so that a kill at any point leaves nobody out and tells nobody twice.
package offer
