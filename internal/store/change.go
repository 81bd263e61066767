package store

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// changeTries is how often a change is tried when others are faster.
const changeTries = 5

// Change is part of coaching.Recorder. Rows are locked in one order: the lease
// (beside renewals), the dialer, users, sessions (a session's lock covers its calls and requests), each by id,
// then the audit where there is something to enter, and the counter last. So the changes of one dialer follow each other, and those
// of several wait for each other only from the counter to the commit.
func (s *Store) Change(ctx context.Context, scope coaching.Scope, rule func(*coaching.Board) error) (coaching.Commit, error) {
	scope = storableScope(scope)
	var c change
	err := s.tried(ctx, "change", func(tx *gorm.DB) error {
		c = change{engine: s.engine, scope: scope, rule: rule}
		return c.run(tx)
	})
	switch {
	case c.refused != nil:
		return coaching.Commit{}, c.refused
	case err != nil:
		return coaching.Commit{}, err
	}
	return c.commit, nil
}

// tried does something in one transaction, again where others were faster.
func (s *Store) tried(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	return s.bounded(ctx, doing, func(ctx context.Context) error {
		for try := 1; ; try++ {
			err := s.writing.WithContext(ctx).Transaction(do, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
			if err == nil || try == changeTries {
				return err
			}
			if v := s.engine.verdict(err); v != raced && v != clashed {
				return err
			}
			if !pause(ctx, rand.N(time.Duration(try)*20*time.Millisecond)) { // so that two do not meet again
				return err
			}
		}
	})
}

// change is one try of one change.
type change struct {
	engine engine
	scope  coaching.Scope
	rule   func(*coaching.Board) error
	// looking: nothing is to be written, so nothing is locked.
	looking bool

	rows      coaching.Rows
	newDialer bool
	users     map[key]userRows    // as they were
	sessions  map[key]sessionRows // as they were

	audited []audit.Entry // what is entered with the change

	refused error // the rule's
	commit  coaching.Commit
}

func (c *change) run(tx *gorm.DB) error {
	if c.scope.Fence != nil {
		if err := checkFence(tx, c.scope.Dialer, *c.scope.Fence); err != nil {
			return err
		}
	}
	if err := c.lockDialer(tx); err != nil {
		return err
	}
	if err := c.load(tx); err != nil {
		return err
	}
	board := coaching.NewBoard(c.rows)
	if c.refused = c.rule(board); c.refused != nil {
		return c.refused
	}
	return c.keep(tx, board.Writes())
}

// lockDialer locks the dialer's row, which is made if there is none, and checks
// the connection.
func (c *change) lockDialer(tx *gorm.DB) error {
	locked := func() (rows []dialerRow, err error) {
		err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("name = ?", c.scope.Dialer).Find(&rows).Error
		return rows, err
	}
	rows, err := locked()
	if err == nil && len(rows) == 0 {
		if c.scope.Connection != 0 {
			return coaching.ErrSuperseded
		}
		c.newDialer = true
		made := dialerRow{Name: c.scope.Dialer, Kind: c.scope.Kind}
		if err = tx.Create(&made).Error; err == nil {
			rows, err = locked()
		}
	}
	if err != nil {
		return err
	}
	c.rows.Dialer = rows[0].toDialer()
	if c.scope.Connection != 0 && c.scope.Connection != c.rows.Dialer.Connection {
		return coaching.ErrSuperseded
	}
	c.rows.Now, err = c.engine.now(tx)
	return err
}

// storableScope leaves out what no database can hold, and so holds not.
func storableScope(scope coaching.Scope) coaching.Scope {
	scope.Legs = filter(scope.Legs, storable)
	scope.Extensions = filter(scope.Extensions, storable)
	scope.Calls = filter(scope.Calls, storable)
	scope.Catalogue = filter(scope.Catalogue, func(r coaching.CatalogueReference) bool { return storable(r.Key) })
	return scope
}

func filter[T any](values []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(values), func(v T) bool { return !keep(v) })
}

// pause waits, and tells whether ctx lived on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
