-- +goose Up

-- The call's number was erased: no report brings it back.
ALTER TABLE session_calls ADD COLUMN number_erased INTEGER NOT NULL DEFAULT 0;

-- The calls that nobody hears any more and whose numbers are there still, oldest
-- first: those whose numbers grow too old.
CREATE INDEX session_calls_with_number ON session_calls (heard_until, session_id, seq)
    WHERE phone_number <> '' AND heard_until IS NOT NULL;
