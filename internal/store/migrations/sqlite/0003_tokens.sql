-- +goose Up

-- Who may call the service. What is kept of a token's text is its SHA-256.
CREATE TABLE tokens (
    id           BLOB    NOT NULL PRIMARY KEY,
    name         TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    user_id      BLOB    REFERENCES users (id),
    team         TEXT    NOT NULL, -- '': it sees all teams
    hash         BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER
) STRICT;
-- A name is free again when its token is revoked.
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL;
