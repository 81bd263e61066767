-- +goose NO TRANSACTION
-- +goose Up

-- Without a transaction, so that a service that runs goes on to write while the
-- indexes are built. One that was left half built is built again.
--
-- The calls that nobody hears any more and whose numbers are there still, oldest
-- first: those whose numbers grow too old. And so the reasons of requests.
DROP INDEX CONCURRENTLY IF EXISTS session_calls_with_number;
CREATE INDEX CONCURRENTLY session_calls_with_number ON session_calls (heard_until, session_id, seq)
    WHERE phone_number <> '' AND heard_until IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS disconnect_requests_with_reason;
CREATE INDEX CONCURRENTLY disconnect_requests_with_reason ON disconnect_requests (asked_at, session_id, seq)
    WHERE reason <> '';
