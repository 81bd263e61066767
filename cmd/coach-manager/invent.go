package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/store"
)

// inventedPast is how far back the demo's history goes.
const inventedPast = 60 * 24 * time.Hour

// invent gives an empty database the past of the centre with this seed. One that
// was used before goes on as it is.
func invent(ctx context.Context, db *database, seed uint64) error {
	past := simulator.History(simulator.Config{Seed: seed}, demoDialer, time.Now(), inventedPast)
	_, err := db.ImportHistory(ctx, store.History{Users: past.Users, Catalogue: past.Catalogue, Sessions: past.Sessions})
	if err != nil {
		return fmt.Errorf("fill the demo's database; is there room for it?: %w", err)
	}
	return nil
}
