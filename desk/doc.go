// Package desk is where people take over: tickets, the cards and threads in which staff work on them, and what
// customers hear meanwhile.
//
// # How it hangs together
//
// A Ticket is a row that pure functions move from state to state (ticket.go). Whatever changes it locks it in the
// turn's transaction, applies one of them and saves it (Books). Its card in the staff channel is a projection: Cards,
// an agenda, renders whatever ticket is newer than its card, outside any transaction, and writes one message or edit
// for it. So a card is changed no more often than needed, and a transaction never waits for a ranking.
//
// Staff's side is the skill Staff: presses, forms and the messages of threads. The customer's side is the skill Human.
//
// # The law
//
// What staff write is internal. Only four acts send: the press on "Send to customer" under the owner's own message, a
// leading reply mark, the reply form, and the press on "Send" beside a suggested or prepared answer. Each act has an
// identity, the Key of its Message, and reaches the customer once: the outbox key of a reply is made of the message's
// row and the attempt, its crash rule is Unknown, and what became of it is told in the thread.
package desk
