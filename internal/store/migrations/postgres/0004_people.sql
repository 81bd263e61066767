-- +goose Up

-- Somebody who is not in the imports any more: history points there, so the row
-- stays.
ALTER TABLE users ADD COLUMN inactive boolean NOT NULL DEFAULT FALSE;

-- An import has named it: the dialer's name no longer counts.
ALTER TABLE catalogue ADD COLUMN imported boolean NOT NULL DEFAULT FALSE;

-- Imports on their way. One is gathered, then decided in a single step, and
-- carried out portion by portion from then on, by whoever is there.
CREATE TABLE imports (
    id         uuid        NOT NULL PRIMARY KEY,
    state      text        NOT NULL,
    touched_at timestamptz NOT NULL,
    CHECK (state IN ('gathered', 'decided'))
);
CREATE UNIQUE INDEX imports_decided ON imports (state) WHERE state = 'decided';

CREATE TABLE import_portions (
    import_id uuid    NOT NULL REFERENCES imports (id),
    seq       integer NOT NULL,
    payload   text    NOT NULL, -- JSON
    PRIMARY KEY (import_id, seq)
);
