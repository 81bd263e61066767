-- +goose Up

-- The calls that nobody hears any more and whose numbers are there still, oldest
-- first: those whose numbers grow too old. And so the reasons of requests.
CREATE INDEX session_calls_with_number ON session_calls (heard_until, session_id, seq)
    WHERE phone_number <> '' AND heard_until IS NOT NULL;
CREATE INDEX disconnect_requests_with_reason ON disconnect_requests (asked_at, session_id, seq)
    WHERE reason <> '';
