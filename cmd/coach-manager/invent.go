package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/dialer/simulator"
	"github.com/coachmanager/coachmanager/internal/store"
)

// invent gives an empty database the past of the demo's contact centre. One that
// was used before goes on as it is.
func invent(ctx context.Context, db *database, c config.Demo) error {
	span := time.Duration(c.Days) * 24 * time.Hour
	past := simulator.History(simulator.Config{Seed: c.Seed}, demoDialer, time.Now(), span)
	_, err := db.ImportHistory(ctx, store.History{Users: past.Users, Catalogue: past.Catalogue, Sessions: past.Sessions})
	if err != nil {
		return fmt.Errorf("fill the demo's database; is there room for it?: %w", err)
	}
	return nil
}
