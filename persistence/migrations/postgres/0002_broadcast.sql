-- Broadcasts under way: how they go, and why one was paused.

-- +goose Up

ALTER TABLE occurrences ADD COLUMN sent bigint NOT NULL DEFAULT 0;
ALTER TABLE occurrences ADD COLUMN failed bigint NOT NULL DEFAULT 0; -- refused for good, or the person blocked us
ALTER TABLE occurrences ADD COLUMN unknown bigint NOT NULL DEFAULT 0; -- in flight when a process died
ALTER TABLE occurrences ADD COLUMN recent bigint NOT NULL DEFAULT 0; -- of the last few hundred: all
ALTER TABLE occurrences ADD COLUMN recent_failed bigint NOT NULL DEFAULT 0; -- and the failed ones among them
ALTER TABLE occurrences ADD COLUMN stop_at bigint NOT NULL DEFAULT 20; -- percent of recent that may fail
ALTER TABLE schedules ADD COLUMN paused_why text NOT NULL DEFAULT ''; -- staff, failures
ALTER TABLE schedules ADD COLUMN paused_at bigint NOT NULL DEFAULT 0;
