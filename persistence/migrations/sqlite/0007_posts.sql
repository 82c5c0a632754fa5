-- Offers that are shown once for everybody, in a channel of a server.

-- +goose Up

CREATE TABLE posts (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	occurrence_id INTEGER NOT NULL REFERENCES occurrences(id),
	channel       TEXT    NOT NULL,
	state         TEXT    NOT NULL DEFAULT 'open', -- open: not written yet; else as deliveries
	reason        TEXT    NOT NULL DEFAULT '',
	next_at       INTEGER NOT NULL DEFAULT 0, -- not gone on with before
	outbox_id     INTEGER NOT NULL DEFAULT 0,
	settled_at    INTEGER NOT NULL DEFAULT 0,
	UNIQUE (occurrence_id, channel)
) STRICT;
CREATE INDEX posts_open ON posts (occurrence_id) WHERE state IN ('open', 'pending', 'deferred');
