-- What was taught is counted in several rows, too, so that messages which it answers do not wait for each other's commit.

-- +goose Up
CREATE TABLE lesson_uses_slots (
	lesson_id INTEGER NOT NULL REFERENCES lessons(id),
	day       TEXT    NOT NULL, -- 2027-03-20, UTC
	slot      INTEGER NOT NULL,
	uses      INTEGER NOT NULL DEFAULT 0,
	failed    INTEGER NOT NULL DEFAULT 0, -- of them: "it did not help"
	PRIMARY KEY (lesson_id, day, slot)
) STRICT;
INSERT INTO lesson_uses_slots (lesson_id, day, slot, uses, failed) SELECT lesson_id, day, 0, uses, failed FROM lesson_uses;
DROP TABLE lesson_uses;
ALTER TABLE lesson_uses_slots RENAME TO lesson_uses;
