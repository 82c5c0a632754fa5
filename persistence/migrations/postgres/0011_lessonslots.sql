-- What was taught is counted in several rows, too, so that messages which it answers do not wait for each other's commit.

-- +goose Up
ALTER TABLE lesson_uses ADD COLUMN slot bigint NOT NULL DEFAULT 0;
ALTER TABLE lesson_uses DROP CONSTRAINT lesson_uses_pkey;
ALTER TABLE lesson_uses ADD PRIMARY KEY (lesson_id, day, slot);
