-- What operators watch.

-- +goose Up
CREATE INDEX outbox_unknown ON outbox (account) WHERE state = 3;
