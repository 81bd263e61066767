-- +goose Up

-- Secrets that all processes share and that nobody was told: each is made when it is
-- first needed.
CREATE TABLE keys (
    name    TEXT    NOT NULL PRIMARY KEY,
    secret  BLOB    NOT NULL CHECK (length(secret) = 32),
    made_at INTEGER NOT NULL
) STRICT;
