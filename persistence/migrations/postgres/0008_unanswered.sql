-- Turns whose answers no platform took, of which operators are told.

-- +goose Up
CREATE INDEX outbox_unanswered ON outbox (created_at) WHERE report_kind = 'unanswered';
