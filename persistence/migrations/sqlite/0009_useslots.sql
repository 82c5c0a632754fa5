-- A counter has several rows, so that messages which the same article answers do not wait for each other's commit.

-- +goose Up
CREATE TABLE article_uses_slots (
	article TEXT    NOT NULL,
	lang    TEXT    NOT NULL,
	day     TEXT    NOT NULL, -- 2027-03-20, brand's zone
	slot    INTEGER NOT NULL,
	uses    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (article, lang, day, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO article_uses_slots (article, lang, day, slot, uses) SELECT article, lang, day, 0, uses FROM article_uses;
DROP TABLE article_uses;
ALTER TABLE article_uses_slots RENAME TO article_uses;
