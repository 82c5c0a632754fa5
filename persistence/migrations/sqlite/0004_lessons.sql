-- What staff taught the bot: articles and phrasings that came from their replies.

-- +goose Up

DROP TABLE learned_articles;

-- A lesson is in force while it is live. What the operator's own files say of the same article counts before it.
CREATE TABLE lessons (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	key        TEXT NOT NULL UNIQUE, -- the reply that it came from, and the article: a second press teaches nothing twice
	kind       TEXT NOT NULL, -- article, phrasing
	article    TEXT NOT NULL,
	lang       TEXT NOT NULL,
	body       TEXT NOT NULL, -- JSON: title, phrasings, answer; of a phrasing only the phrasings
	words      TEXT NOT NULL DEFAULT '', -- the question that was handed over
	author     TEXT NOT NULL, -- name of the member of staff
	author_id  TEXT NOT NULL, -- slack:U123
	ticket_id  INTEGER NOT NULL DEFAULT 0,
	note_id    INTEGER NOT NULL DEFAULT 0, -- outbox: the message that tells staff, edited when more is known
	note_to    TEXT NOT NULL DEFAULT '', -- JSON: where it stands
	state      TEXT NOT NULL DEFAULT 'live', -- live, undone
	taught_at  INTEGER NOT NULL,
	undone_at  INTEGER NOT NULL DEFAULT 0,
	undone_by  TEXT NOT NULL DEFAULT '',
	settled_at INTEGER NOT NULL DEFAULT 0 -- the file is written and those who waited were offered it
) STRICT;
CREATE UNIQUE INDEX lessons_articles ON lessons (article) WHERE kind = 'article';
CREATE INDEX lessons_unsettled ON lessons (id) WHERE settled_at = 0;

-- How often what was taught answered, by day: each use is a reply that nobody had to write, unless it did not help.
CREATE TABLE lesson_uses (
	lesson_id INTEGER NOT NULL REFERENCES lessons(id),
	day       TEXT NOT NULL, -- 2027-03-20, UTC
	uses      INTEGER NOT NULL DEFAULT 0,
	failed    INTEGER NOT NULL DEFAULT 0, -- of them: "it did not help"
	PRIMARY KEY (lesson_id, day)
) STRICT;
