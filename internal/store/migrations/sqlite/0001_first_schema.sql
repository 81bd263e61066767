-- +goose Up
-- Times are microseconds since 1970, UUIDs their 16 bytes, booleans 0 or 1.

-- The change log's head: one row, raised last in every transaction that tells
-- something. The epoch is made with the database, so that its revisions are told
-- from another database's.
CREATE TABLE counter (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch    TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    as_of    INTEGER NOT NULL
) STRICT;
INSERT INTO counter (id, epoch, revision, as_of)
VALUES (1, lower(hex(randomblob(8))), 0, CAST(unixepoch('subsec') * 1000000 AS INTEGER));

CREATE TABLE changes (
    number    INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    kind      TEXT    NOT NULL,
    entity_id TEXT    NOT NULL,
    payload   TEXT    NOT NULL
) STRICT;

CREATE TABLE dialers (
    name               TEXT    NOT NULL PRIMARY KEY,
    kind               TEXT    NOT NULL,
    connected          INTEGER NOT NULL,
    since              INTEGER,
    last_heard_at      INTEGER,
    last_reconciled_at INTEGER,
    boot               TEXT    NOT NULL,
    connection         INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY,
    external_id   TEXT,
    name          TEXT    NOT NULL,
    team          TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    status_since  INTEGER,
    status_reason TEXT    NOT NULL
) STRICT;

-- Not unique: two dialers may know one person by one key and two extensions.
CREATE INDEX users_by_external_id ON users (external_id);

CREATE TABLE user_extensions (
    dialer    TEXT    NOT NULL,
    extension TEXT    NOT NULL,
    user_id   BLOB    NOT NULL REFERENCES users (id),
    PRIMARY KEY (dialer, extension)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_extensions_by_user ON user_extensions (user_id);

CREATE TABLE catalogue (
    id     BLOB    NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    dialer TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    UNIQUE (dialer, kind, key)
) STRICT;

-- Names are kept as they were then, and history outlives what it points at: no
-- foreign keys to users or catalogue.
CREATE TABLE sessions (
    id                 BLOB    NOT NULL PRIMARY KEY,
    dialer             TEXT    NOT NULL,
    boot               TEXT    NOT NULL,
    leg                TEXT    NOT NULL,
    state              TEXT    NOT NULL,
    type               TEXT    NOT NULL,
    types              INTEGER NOT NULL, -- a bit for each type it had
    timeline           TEXT    NOT NULL, -- JSON
    user_id            BLOB    NOT NULL,
    user_name          TEXT    NOT NULL,
    target_user_id     BLOB,
    target_user_name   TEXT,
    target_campaign_id BLOB,
    started_at         INTEGER NOT NULL,
    started_at_exact   INTEGER NOT NULL,
    ended_at           INTEGER,
    ended_at_exact     INTEGER NOT NULL,
    end_reason         TEXT    NOT NULL,
    ended_by_name      TEXT,
    ended_by_user_id   BLOB,
    ended_by_user_name TEXT,
    type_stated_at     INTEGER NOT NULL,
    sighted_connection INTEGER NOT NULL,
    sighted_seq        INTEGER NOT NULL,
    CHECK (state IN ('active', 'disconnecting', 'ended')),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT;

-- One index for each way into the history, in the order of its pages. The first
-- has a condition that is always true, and that only queries by time repeat: so
-- no planner walks through all of time to find a campaign's sessions.
CREATE INDEX sessions_by_time ON sessions (started_at, id) WHERE state <> '';
CREATE INDEX sessions_by_user ON sessions (user_id, started_at, id);
CREATE INDEX sessions_by_target_user ON sessions (target_user_id, started_at, id);
CREATE INDEX sessions_by_target_campaign ON sessions (target_campaign_id, started_at, id);
CREATE INDEX sessions_live ON sessions (started_at, id) WHERE state <> 'ended';
-- For changes: a leg's sessions, of which one is live at most.
CREATE INDEX sessions_by_leg ON sessions (dialer, leg, started_at, id);
CREATE UNIQUE INDEX sessions_live_leg ON sessions (dialer, boot, leg) WHERE state <> 'ended';

-- The session's start and dialer are repeated here, so that the ways in by call
-- and by number are ranges of one index.
CREATE TABLE session_calls (
    session_id         BLOB    NOT NULL REFERENCES sessions (id),
    seq                INTEGER NOT NULL,
    session_started_at INTEGER NOT NULL,
    dialer             TEXT    NOT NULL,
    call_id            TEXT    NOT NULL,
    phone_number       TEXT    NOT NULL,
    direction          TEXT    NOT NULL,
    state              TEXT    NOT NULL,
    started_at         INTEGER NOT NULL,
    answered_at        INTEGER,
    ended_at           INTEGER,
    campaign_id        BLOB,
    list_id            BLOB,
    result_code        TEXT    NOT NULL,
    heard_from         INTEGER NOT NULL,
    heard_until        INTEGER,
    PRIMARY KEY (session_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_calls_by_call ON session_calls (call_id, session_started_at, session_id);
CREATE INDEX session_calls_by_number ON session_calls (phone_number, session_started_at, session_id);

CREATE TABLE disconnect_requests (
    session_id         BLOB    NOT NULL REFERENCES sessions (id),
    seq                INTEGER NOT NULL,
    id                 BLOB    NOT NULL UNIQUE,
    asked_at           INTEGER NOT NULL,
    asked_by_name      TEXT    NOT NULL,
    asked_by_user_id   BLOB,
    asked_by_user_name TEXT,
    reason             TEXT    NOT NULL,
    forced             INTEGER NOT NULL,
    type               TEXT    NOT NULL,
    joined             INTEGER NOT NULL,
    accepted_at        INTEGER,
    outcome            TEXT    NOT NULL,
    finished_at        INTEGER,
    PRIMARY KEY (session_id, seq)
) STRICT, WITHOUT ROWID;
