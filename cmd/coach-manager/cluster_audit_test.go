package main

import (
	"log/slog"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/store"
)

// wantTrueAudit wants one chain of all processes, whatever was done to them, and in
// it each request that was kept, with the outcome that it has, once.
func (c *cluster) wantTrueAudit() {
	c.t.Helper()
	db, err := store.Open(c.t.Context(), c.database, store.Options{Log: slog.New(slog.DiscardHandler), Patience: patience})
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	head, err := audit.Verify(c.t.Context(), db, nil, func(int64) {})
	if err != nil {
		c.t.Errorf("after %v: %v", head, err)
	}
	for _, wrong := range rowsOf(c, pgx.RowTo[string], `
		WITH entered AS (SELECT details::json ->> 'request_id' AS request, action, result FROM audit WHERE action LIKE 'disconnect.%ed'),
		kept AS (
			SELECT id::text AS request, 'disconnect.requested' AS action, 'pending' AS result FROM disconnect_requests
			UNION ALL SELECT id::text, 'disconnect.finished', outcome FROM disconnect_requests WHERE outcome <> 'pending')
		(SELECT 'not entered: ' || k::text FROM (SELECT * FROM kept EXCEPT ALL SELECT * FROM entered) k)
		UNION ALL (SELECT 'not kept: ' || e::text FROM (SELECT * FROM entered WHERE request IS NOT NULL EXCEPT ALL SELECT * FROM kept) e)`) {
		c.t.Error(wrong)
	}
}
