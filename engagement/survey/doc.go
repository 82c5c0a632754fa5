// Package survey asks customers and reads what they answer: NPS, CSAT, CES and surveys of questions from the bank. It
// holds the rules (scales, bands, results with their margin, recontact, sampling, spread), the skill that asks in the
// chat, and the agenda that plans, asks, reminds, closes and follows up.
//
// # An invitation
//
// One person is asked once about one thing: the key is the survey, what triggered it, and the person's root. An
// invitation is planned with a due time, goes through the outbox (sending), is open once it was delivered, and ends as
// answered, partial, declined, expired or suppressed with a reason. It has at most one response; what an answer was
// before it was changed stays in the response's history.
//
// # What is decided here
//
//   - A survey is answered when its last question was answered or skipped and at least one has an answer. That earns the
//     reward, the same for every score, once.
//   - An answer may be changed until the window closes, by a button or by typing another mark within an hour. That is
//     never a second response.
//   - What is typed after a mark is the comment, for an hour or until a command.
//   - A low score asks for a person: at once with the comment, or half an hour later without one.
package survey
