-- The desk's clocks: when time does something to a ticket, what customers heard of trouble, and tickets shown together.

-- +goose Up

ALTER TABLE tickets ADD COLUMN wake_at INTEGER NOT NULL DEFAULT 0; -- when time does something to it next; 0: nothing
ALTER TABLE tickets ADD COLUMN wake_version INTEGER NOT NULL DEFAULT 0; -- the version from which wake_at was reckoned
ALTER TABLE tickets ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0; -- when it stood in a staff channel for the first time
ALTER TABLE tickets ADD COLUMN down_told_at INTEGER NOT NULL DEFAULT 0; -- the customer heard that the desk is not reached
ALTER TABLE tickets ADD COLUMN up_told_at INTEGER NOT NULL DEFAULT 0; -- and that it is
ALTER TABLE tickets ADD COLUMN group_due_at INTEGER NOT NULL DEFAULT 0; -- held until then, to be shown with others
ALTER TABLE tickets ADD COLUMN group_outbox_id INTEGER NOT NULL DEFAULT 0; -- the message that shows it with others
UPDATE tickets SET seen_at = opened_at;
CREATE INDEX tickets_waking ON tickets (wake_at) WHERE wake_at > 0;
CREATE INDEX tickets_unreckoned ON tickets (id) WHERE wake_version <> version;
CREATE INDEX tickets_unseen ON tickets (opened_at) WHERE seen_at = 0 AND state = 'open';
CREATE INDEX tickets_unheard ON tickets (id) WHERE down_told_at > 0 AND up_told_at = 0;
CREATE INDEX tickets_held ON tickets (group_due_at) WHERE group_due_at > 0;
CREATE INDEX tickets_seen ON tickets (opened_at) WHERE seen_at > 0;
CREATE INDEX tickets_opened ON tickets (opened_at);
CREATE INDEX tickets_answered ON tickets (topic, opened_at) WHERE first_response_at > 0;
CREATE INDEX tickets_unanswered ON tickets (asked_at) WHERE state IN ('open', 'claimed') AND asked_at > 0;
CREATE INDEX tickets_owned ON tickets (owner) WHERE state = 'claimed';

CREATE TABLE ticket_groups (
	outbox_id INTEGER NOT NULL,
	place     INTEGER NOT NULL,
	ticket_id INTEGER NOT NULL REFERENCES tickets(id),
	shows     INTEGER NOT NULL, -- the version that the message shows
	live      INTEGER NOT NULL DEFAULT 1, -- it showed the ticket as open
	PRIMARY KEY (outbox_id, place)
) STRICT;
CREATE INDEX ticket_groups_live ON ticket_groups (outbox_id, ticket_id) WHERE live = 1;
