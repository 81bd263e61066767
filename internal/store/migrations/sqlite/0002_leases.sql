-- +goose Up

-- Who watches a dialer: the process whose token stands here, until the lease
-- expires. The fencing number rises with each holding.
CREATE TABLE leases (
    dialer       TEXT    NOT NULL PRIMARY KEY,
    process      TEXT    NOT NULL, -- its name for people; '' after a release
    token        TEXT    NOT NULL,
    fence        INTEGER NOT NULL,
    renewed_at   INTEGER NOT NULL, -- a clock that stands before it was set back
    expires_at   INTEGER NOT NULL,
    behind_since INTEGER           -- since when the holder has reports that it could not keep
) STRICT;

-- The head's time before the last change: with the number it tells one history
-- from another.
ALTER TABLE counter ADD COLUMN prior INTEGER;

-- What the dialer's own clock showed when the dialer was last heard: ends that
-- nobody saw are told by it, as are all others.
ALTER TABLE dialers ADD COLUMN clock_at INTEGER;

-- When users last stopped supervising: what a dialer told of them before that holds
-- again since then.
CREATE TABLE freed (
    user_id BLOB    NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL
) STRICT;

-- The oldest schema whose program may work on this one, beside newer programs.
CREATE TABLE compatibility (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    oldest INTEGER NOT NULL
) STRICT;
INSERT INTO compatibility (id, oldest) VALUES (1, 2);
