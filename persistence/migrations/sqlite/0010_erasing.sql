-- Erasing a person, and telling people what is kept about them, reads by person alone.

-- +goose Up
CREATE INDEX unanswered_by_customer ON unanswered (customer_id, id);
CREATE INDEX customers_forgotten ON customers (forgotten_at) WHERE forgotten_at > 0;
