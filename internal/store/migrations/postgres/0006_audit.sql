-- +goose Up

-- By what right it was asked, as the audit names it; '' of an older program's.
ALTER TABLE disconnect_requests ADD COLUMN credential text NOT NULL DEFAULT '';

-- Who did what: an append-only chain, each entry with a hash over the one before. It
-- holds ids and keyed hashes, so that nothing in it ever has to be erased.
CREATE TABLE audit (
    number        bigint      NOT NULL PRIMARY KEY,
    at            timestamptz NOT NULL, -- rises with the number
    action        text        NOT NULL,
    result        text        NOT NULL,
    actor_kind    text        NOT NULL,
    actor_id      text        NOT NULL,
    actor_user_id uuid,
    subject_kind  text        NOT NULL,
    subject_id    text        NOT NULL,
    details       text        NOT NULL, -- JSON, as it was hashed
    hash          bytea       NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_by_time ON audit (at, number);
CREATE INDEX audit_by_action ON audit (action, number);
CREATE INDEX audit_by_actor ON audit (actor_id, number);
CREATE INDEX audit_by_subject ON audit (subject_id, number);

-- Where the chain ends: one row, locked by whoever appends.
CREATE TABLE audit_head (
    id     smallint    NOT NULL PRIMARY KEY CHECK (id = 1),
    number bigint      NOT NULL,
    at     timestamptz NOT NULL,
    hash   bytea       NOT NULL CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_head (id, number, at, hash) VALUES (1, 0, clock_timestamp(), decode(repeat('00', 32), 'hex'));

-- A belt against accidents. Whoever owns the database can take it off: the chain
-- tells of that.
-- +goose StatementBegin
CREATE FUNCTION refuse_to_change_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever appended to';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_audit();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit();
