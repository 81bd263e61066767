-- +goose Up

-- The program before this one knew no leases, and held this lock while it served
-- the database alone: both would watch the dialers.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(1668243811, hashtext(current_schema()) & 2147483647) THEN
        RAISE EXCEPTION 'an older Coach Manager is serving this database; stop it first';
    END IF;
END $$;
-- +goose StatementEnd

-- Who watches a dialer: the process whose token stands here, until the lease
-- expires. The fencing number rises with each holding.
CREATE TABLE leases (
    dialer       text        NOT NULL PRIMARY KEY,
    process      text        NOT NULL, -- its name for people; '' after a release
    token        text        NOT NULL,
    fence        bigint      NOT NULL,
    renewed_at   timestamptz NOT NULL, -- a clock that stands before it was set back
    expires_at   timestamptz NOT NULL,
    behind_since timestamptz           -- since when the holder has reports that it could not keep
);

-- The head's time before the last change: with the number it tells one history
-- from another.
ALTER TABLE counter ADD COLUMN prior timestamptz;

-- What the dialer's own clock showed when the dialer was last heard: ends that
-- nobody saw are told by it, as are all others.
ALTER TABLE dialers ADD COLUMN clock_at timestamptz;

-- When users last stopped supervising: what a dialer told of them before that holds
-- again since then.
CREATE TABLE freed (
    user_id uuid        NOT NULL PRIMARY KEY,
    at      timestamptz NOT NULL
);

-- The oldest schema whose program may work on this one, beside newer programs.
CREATE TABLE compatibility (
    id     smallint NOT NULL PRIMARY KEY CHECK (id = 1),
    oldest bigint   NOT NULL
);
INSERT INTO compatibility (id, oldest) VALUES (1, 2);
