-- +goose Up

-- Secrets that all processes share and that nobody was told: each is made when it is
-- first needed.
CREATE TABLE keys (
    name    text        NOT NULL PRIMARY KEY,
    secret  bytea       NOT NULL CHECK (octet_length(secret) = 32),
    made_at timestamptz NOT NULL
);
