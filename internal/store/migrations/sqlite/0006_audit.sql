-- +goose Up

-- By what right it was asked, as the audit names it; '' of an older program's.
ALTER TABLE disconnect_requests ADD COLUMN credential TEXT NOT NULL DEFAULT '';

-- Who did what: an append-only chain, each entry with a hash over the one before. It
-- holds ids and keyed hashes, so that nothing in it ever has to be erased.
CREATE TABLE audit (
    number        INTEGER NOT NULL PRIMARY KEY,
    at            INTEGER NOT NULL, -- rises with the number
    action        TEXT    NOT NULL,
    result        TEXT    NOT NULL,
    actor_kind    TEXT    NOT NULL,
    actor_id      TEXT    NOT NULL,
    actor_user_id BLOB,
    subject_kind  TEXT    NOT NULL,
    subject_id    TEXT    NOT NULL,
    details       TEXT    NOT NULL, -- JSON, as it was hashed
    hash          BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_by_time ON audit (at, number);
CREATE INDEX audit_by_action ON audit (action, number);
CREATE INDEX audit_by_actor ON audit (actor_id, number);
CREATE INDEX audit_by_subject ON audit (subject_id, number);

-- Where the chain ends: one row, changed by whoever appends.
CREATE TABLE audit_head (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    hash   BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_head (id, number, at, hash) VALUES (1, 0, CAST(unixepoch('subsec') * 1000000 AS INTEGER), zeroblob(32));

-- A belt against accidents. Whoever owns the file can take it off: the chain tells
-- of that.
-- +goose StatementBegin
CREATE TRIGGER audit_stays_unchanged BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is only ever appended to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE number = NEW.number) BEGIN
    SELECT RAISE(ABORT, 'the audit is only ever appended to');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit is only ever appended to');
END;
-- +goose StatementEnd
