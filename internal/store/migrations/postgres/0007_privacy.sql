-- +goose Up

-- The call's number was erased: no report brings it back.
ALTER TABLE session_calls ADD COLUMN number_erased boolean NOT NULL DEFAULT FALSE;
