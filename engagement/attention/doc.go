// Package attention decides whether something that we start may reach a person now: one budget per person over
// offers, surveys, greetings and reminders. The decision is pure; the outbox asks it when it claims a message, and
// what it grants is reserved in the same transaction.
package attention
