-- +goose NO TRANSACTION
-- +goose Up

-- Without a transaction, as the indexes before.
--
-- The calls that are not over: a dialer's snapshot ends those that it does not have.
DROP INDEX CONCURRENTLY IF EXISTS session_calls_open;
CREATE INDEX CONCURRENTLY session_calls_open ON session_calls (dialer, session_id) WHERE state <> 'ended';

-- Programs before this one left a call open that outlived the session which heard it
-- and whose end they did not see. One that does go on is told again.
UPDATE session_calls SET state = 'ended', ended_at = coalesce(ended_at, heard_until)
WHERE state <> 'ended' AND heard_until IS NOT NULL;
