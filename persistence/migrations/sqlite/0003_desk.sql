-- The desk: who works on a ticket, where its card stands, and what became of each reply.

-- +goose Up

ALTER TABLE tickets ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE tickets ADD COLUMN owner_name TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN priority INTEGER NOT NULL DEFAULT 0; -- of the customer's tier: higher is served first
ALTER TABLE tickets ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0; -- since when the customer waits for an answer
ALTER TABLE tickets ADD COLUMN reopen_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN resolved_by TEXT NOT NULL DEFAULT ''; -- a member, customer, answer, time
ALTER TABLE tickets ADD COLUMN replies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN reminded_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN escalated_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN late_told_at INTEGER NOT NULL DEFAULT 0; -- the customer heard that it takes longer
ALTER TABLE tickets ADD COLUMN missed INTEGER NOT NULL DEFAULT 0; -- targets missed by the present owner
ALTER TABLE tickets ADD COLUMN card_channel TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN card_shows INTEGER NOT NULL DEFAULT 0; -- the version that the card shows
ALTER TABLE tickets ADD COLUMN card_face TEXT NOT NULL DEFAULT ''; -- of what the card shows, but for the talk: the same face is not written again
CREATE INDEX tickets_behind ON tickets (id) WHERE card_shows < version;
CREATE INDEX tickets_by_root ON tickets (root_id, id);
CREATE INDEX tickets_told ON tickets (told_until) WHERE state <> 'resolved' AND told_until > 0;
CREATE INDEX tickets_snoozed ON tickets (snoozed_until) WHERE state <> 'resolved' AND snoozed_until > 0;

-- Every card that a ticket ever had: the threads under all of them are its own.
CREATE TABLE ticket_cards (
	outbox_id INTEGER PRIMARY KEY,
	ticket_id INTEGER NOT NULL REFERENCES tickets(id),
	account   TEXT    NOT NULL,
	chat      TEXT    NOT NULL, -- as configured
	real_chat TEXT    NOT NULL DEFAULT '', -- where it stands, once sent
	thread    TEXT    NOT NULL DEFAULT ''  -- the platform's id of the card, once sent
) STRICT;
CREATE INDEX ticket_cards_by_thread ON ticket_cards (thread, account) WHERE thread <> '';
CREATE INDEX ticket_cards_by_ticket ON ticket_cards (ticket_id);

ALTER TABLE ticket_messages ADD COLUMN author_name TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket_messages ADD COLUMN attachments TEXT NOT NULL DEFAULT ''; -- JSON
ALTER TABLE ticket_messages ADD COLUMN received_by TEXT NOT NULL DEFAULT ''; -- the account that has the attachments
ALTER TABLE ticket_messages ADD COLUMN message_id TEXT NOT NULL DEFAULT ''; -- the platform's, where it was written
ALTER TABLE ticket_messages ADD COLUMN way TEXT NOT NULL DEFAULT ''; -- out: note, mark, form, suggestion, canned
ALTER TABLE ticket_messages ADD COLUMN code TEXT NOT NULL DEFAULT ''; -- out: why it failed
ALTER TABLE ticket_messages ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0; -- out: how often it was sent again
ALTER TABLE ticket_messages ADD COLUMN files TEXT NOT NULL DEFAULT ''; -- JSON: the outbox ids of attachments
ALTER TABLE ticket_messages ADD COLUMN note_id INTEGER NOT NULL DEFAULT 0; -- outbox
ALTER TABLE ticket_messages ADD COLUMN echo_id INTEGER NOT NULL DEFAULT 0; -- outbox
ALTER TABLE ticket_messages ADD COLUMN learn TEXT NOT NULL DEFAULT ''; -- JSON: buttons of the echo
ALTER TABLE ticket_messages ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
