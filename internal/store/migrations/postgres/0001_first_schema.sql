-- +goose Up

-- The change log's head: one row, raised last in every transaction that tells
-- something. The epoch is made with the database, so that its revisions are told
-- from another database's.
CREATE TABLE counter (
    id       smallint    NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch    text        NOT NULL,
    revision bigint      NOT NULL,
    as_of    timestamptz NOT NULL
);
INSERT INTO counter (id, epoch, revision, as_of)
VALUES (1, right(replace(gen_random_uuid()::text, '-', ''), 16), 0, clock_timestamp());

CREATE TABLE changes (
    number    bigint      NOT NULL PRIMARY KEY,
    at        timestamptz NOT NULL,
    kind      text        NOT NULL,
    entity_id text        NOT NULL,
    payload   text        NOT NULL
);

CREATE TABLE dialers (
    name               text        NOT NULL PRIMARY KEY,
    kind               text        NOT NULL,
    connected          boolean     NOT NULL,
    since              timestamptz,
    last_heard_at      timestamptz,
    last_reconciled_at timestamptz,
    boot               text        NOT NULL,
    connection         bigint      NOT NULL
);

CREATE TABLE users (
    id            uuid NOT NULL PRIMARY KEY,
    external_id   text,
    name          text NOT NULL,
    team          text NOT NULL,
    status        text NOT NULL,
    status_since  timestamptz,
    status_reason text NOT NULL
);

-- Not unique: two dialers may know one person by one key and two extensions.
CREATE INDEX users_by_external_id ON users (external_id);

CREATE TABLE user_extensions (
    dialer    text NOT NULL,
    extension text NOT NULL,
    user_id   uuid NOT NULL REFERENCES users (id),
    PRIMARY KEY (dialer, extension)
);
CREATE INDEX user_extensions_by_user ON user_extensions (user_id);

CREATE TABLE catalogue (
    id     uuid NOT NULL PRIMARY KEY,
    kind   text NOT NULL,
    dialer text NOT NULL,
    key    text NOT NULL,
    name   text NOT NULL,
    UNIQUE (dialer, kind, key)
);

-- Names are kept as they were then, and history outlives what it points at: no
-- foreign keys to users or catalogue.
CREATE TABLE sessions (
    id                 uuid        NOT NULL PRIMARY KEY,
    dialer             text        NOT NULL,
    boot               text        NOT NULL,
    leg                text        NOT NULL,
    state              text        NOT NULL,
    type               text        NOT NULL,
    types              integer     NOT NULL, -- a bit for each type it had
    timeline           text        NOT NULL, -- JSON
    user_id            uuid        NOT NULL,
    user_name          text        NOT NULL,
    target_user_id     uuid,
    target_user_name   text,
    target_campaign_id uuid,
    started_at         timestamptz NOT NULL,
    started_at_exact   boolean     NOT NULL,
    ended_at           timestamptz,
    ended_at_exact     boolean     NOT NULL,
    end_reason         text        NOT NULL,
    ended_by_name      text,
    ended_by_user_id   uuid,
    ended_by_user_name text,
    type_stated_at     timestamptz NOT NULL,
    sighted_connection bigint      NOT NULL,
    sighted_seq        bigint      NOT NULL,
    CHECK (state IN ('active', 'disconnecting', 'ended')),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);

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
    session_id         uuid        NOT NULL REFERENCES sessions (id),
    seq                integer     NOT NULL,
    session_started_at timestamptz NOT NULL,
    dialer             text        NOT NULL,
    call_id            text        NOT NULL,
    phone_number       text        NOT NULL,
    direction          text        NOT NULL,
    state              text        NOT NULL,
    started_at         timestamptz NOT NULL,
    answered_at        timestamptz,
    ended_at           timestamptz,
    campaign_id        uuid,
    list_id            uuid,
    result_code        text        NOT NULL,
    heard_from         timestamptz NOT NULL,
    heard_until        timestamptz,
    PRIMARY KEY (session_id, seq)
);
CREATE INDEX session_calls_by_call ON session_calls (call_id, session_started_at, session_id);
CREATE INDEX session_calls_by_number ON session_calls (phone_number, session_started_at, session_id);

CREATE TABLE disconnect_requests (
    session_id         uuid        NOT NULL REFERENCES sessions (id),
    seq                integer     NOT NULL,
    id                 uuid        NOT NULL UNIQUE,
    asked_at           timestamptz NOT NULL,
    asked_by_name      text        NOT NULL,
    asked_by_user_id   uuid,
    asked_by_user_name text,
    reason             text        NOT NULL,
    forced             boolean     NOT NULL,
    type               text        NOT NULL,
    joined             boolean     NOT NULL,
    accepted_at        timestamptz,
    outcome            text        NOT NULL,
    finished_at        timestamptz,
    PRIMARY KEY (session_id, seq)
);
