-- +goose Up

-- Who may call the service. What is kept of a token's text is its SHA-256.
CREATE TABLE tokens (
    id           uuid        NOT NULL PRIMARY KEY,
    name         text        NOT NULL,
    role         text        NOT NULL,
    user_id      uuid        REFERENCES users (id),
    team         text        NOT NULL, -- '': it sees all teams
    hash         bytea       NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);
-- A name is free again when its token is revoked.
CREATE UNIQUE INDEX tokens_by_name ON tokens (name) WHERE revoked_at IS NULL;
