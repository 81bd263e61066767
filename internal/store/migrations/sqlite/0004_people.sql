-- +goose Up

-- Somebody who is not in the imports any more: history points there, so the row
-- stays.
ALTER TABLE users ADD COLUMN inactive INTEGER NOT NULL DEFAULT 0;

-- An import has named it: the dialer's name no longer counts.
ALTER TABLE catalogue ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;

-- Imports on their way. One is gathered, then decided in a single step, and
-- carried out portion by portion from then on, by whoever is there.
CREATE TABLE imports (
    id         BLOB    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL,
    touched_at INTEGER NOT NULL,
    CHECK (state IN ('gathered', 'decided'))
) STRICT;
CREATE UNIQUE INDEX imports_decided ON imports (state) WHERE state = 'decided';

CREATE TABLE import_portions (
    import_id BLOB    NOT NULL REFERENCES imports (id),
    seq       INTEGER NOT NULL,
    payload   TEXT    NOT NULL, -- JSON
    PRIMARY KEY (import_id, seq)
) STRICT;
