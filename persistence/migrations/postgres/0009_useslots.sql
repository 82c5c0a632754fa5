-- A counter has several rows, so that messages which the same article answers do not wait for each other's commit.

-- +goose Up
ALTER TABLE article_uses ADD COLUMN slot bigint NOT NULL DEFAULT 0;
ALTER TABLE article_uses DROP CONSTRAINT article_uses_pkey;
ALTER TABLE article_uses ADD PRIMARY KEY (article, lang, day, slot);
