package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

const (
	// gatheredAtOnce is how many portions are put aside in one transaction.
	gatheredAtOnce = 4
	// forsakenAfter is how long nobody has worked on a decided import before another
	// process goes on with it. Two may work on it at once: each portion is carried
	// out once.
	forsakenAfter = 10 * time.Second
	// carryTries is how often a portion is tried again when the database is away, or
	// dialers tell of new users faster.
	carryTries = 20
	// gatheredFor is how long an import may take until it is decided.
	gatheredFor = time.Hour
)

// ErrUndecided tells that an import changed nothing; ErrUnfinished that it will be
// carried out to its end by a service, or by the next import; ErrUnsure that the
// database went away at the very step between.
var (
	ErrUndecided  = errors.New("nothing was changed")
	ErrUnsure     = errors.New("whether the import was decided is not known; run it again")
	ErrUnfinished = errors.New("the import is decided and not done yet; a running service goes on with it within a minute, else the next import does")
)

// Import carries a plan out. All of it happens or nothing: it is put aside first,
// where nobody sees it, and then decided in one small transaction. From then on its
// portions are carried out one by one, each with its entries of the change log, and
// are taken up again by others where this process dies. In between, readers see a
// part of it.
//
// One transaction for all would be simpler, and would hold up everything else: an
// SQLite database has one writer at a time, and on Postgres dialers' reports of the
// same users would wait to its end. A portion holds the change log's counter for
// milliseconds.
//
// It tells done how many portions of all were carried out. Its error is ErrUndecided,
// ErrUnsure or ErrUnfinished.
func (s *Store) Import(ctx context.Context, plan *ImportPlan, done func(portions, all int)) error {
	if !plan.Changes() {
		return nil
	}
	id := key(uuid.Must(uuid.NewV7()))
	err := s.gather(ctx, id, plan.portions)
	if err == nil {
		err = s.decide(ctx, id, plan)
	}
	if err != nil {
		decided, unsure := s.dropImport(context.WithoutCancel(ctx), id)
		switch {
		case unsure != nil:
			return fmt.Errorf("%w: %w", ErrUnsure, err)
		case !decided:
			return fmt.Errorf("%w: %w", ErrUndecided, err)
		}
	}
	carried := 0
	err = s.carryOut(ctx, func() { carried++; done(min(carried, len(plan.portions)), len(plan.portions)) })
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfinished, err)
	}
	return nil
}

// gather puts the portions of an import aside.
func (s *Store) gather(ctx context.Context, id key, portions []coaching.Portion) error {
	if err := s.dropForgotten(ctx); err != nil {
		return err
	}
	err := s.tried(ctx, "begin an import", func(tx *gorm.DB) error {
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		return tx.Create(&importRow{ID: id, State: importGathered, TouchedAt: at(now)}).Error
	})
	for first := 0; first < len(portions) && err == nil; first += gatheredAtOnce {
		var rows []portionRow
		for seq := first; seq < min(first+gatheredAtOnce, len(portions)) && err == nil; seq++ {
			var row portionRow
			row, err = rowOfPortion(id, seq, portions[seq])
			rows = append(rows, row)
		}
		if err == nil {
			err = s.tried(ctx, "put an import aside", func(tx *gorm.DB) error { return tx.Create(&rows).Error })
		}
	}
	return err
}

// decide is the one step from nothing to all. Another import that is decided
// already comes first. The audit tells of it in the same transaction.
func (s *Store) decide(ctx context.Context, id key, plan *ImportPlan) error {
	entry, err := plan.entry(id)
	if err != nil {
		return err
	}
	for {
		var another bool
		err := s.tried(ctx, "decide an import", func(tx *gorm.DB) error {
			err := tx.Raw("SELECT EXISTS (SELECT 1 FROM imports WHERE state = ?)", importDecided).Scan(&another).Error
			if err != nil || another {
				return err
			}
			now, err := s.engine.now(tx)
			if err != nil {
				return err
			}
			result := tx.Exec("UPDATE imports SET state = ?, touched_at = ? WHERE id = ?", importDecided, at(now), id)
			if result.Error == nil && result.RowsAffected == 0 {
				return fmt.Errorf("it took longer than %v to prepare, and was dropped", gatheredFor)
			}
			if result.Error != nil {
				return result.Error
			}
			return appendAudit(tx, s.engine, []audit.Entry{entry})
		})
		if err != nil || !another {
			return err
		}
		if err := s.carryOut(ctx, func() {}); err != nil {
			return err
		}
	}
}

// CarryOnImports goes on with an import that was decided by a process that has
// gone. It tells how many portions it carried out.
func (s *Store) CarryOnImports(ctx context.Context) (portions int, err error) {
	var forsaken bool
	err = s.bounded(ctx, "look for an import", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		now, err := s.engine.now(tx)
		if err == nil {
			err = tx.Raw("SELECT EXISTS (SELECT 1 FROM imports WHERE state = ? AND touched_at < ?)", importDecided, at(now.Add(-forsakenAfter))).Scan(&forsaken).Error
		}
		return err
	})
	if err == nil && forsaken {
		err = s.carryOut(ctx, func() { portions++ })
	}
	return portions, err
}

// carryOut carries out what is decided, to its end. Between two portions it leaves
// the database to others: a writer of SQLite does not queue, it looks again from
// time to time whether the file is free.
func (s *Store) carryOut(ctx context.Context, done func()) error {
	failed := 0
	for {
		began := time.Now()
		worked, err := s.carryOutPortion(ctx)
		switch {
		case err == nil && !worked:
			return nil
		case err == nil:
			failed = 0
			done()
		case !errors.Is(err, coaching.ErrUnavailable) && s.engine.verdict(err) != clashed || failed == carryTries:
			return err
		default:
			failed++
		}
		took := time.Since(began)
		if !pause(ctx, took/4+rand.N(took/2+1)+time.Duration(failed)*50*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

// carryOutPortion carries out one portion of the decided import, or ends that where
// none is left. The import's row is locked first, so that each is carried out once.
func (s *Store) carryOutPortion(ctx context.Context) (worked bool, err error) {
	err = s.tried(ctx, "carry out an import", func(tx *gorm.DB) error {
		worked = false
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		var decided []key
		err = tx.Raw("UPDATE imports SET touched_at = ? WHERE state = ? RETURNING id", at(now), importDecided).Scan(&decided).Error
		if err != nil || len(decided) == 0 {
			return err
		}
		var next []portionRow
		if err := tx.Where("import_id = ?", decided[0]).Order("seq").Limit(1).Find(&next).Error; err != nil {
			return err
		}
		if len(next) == 0 {
			return tx.Exec("DELETE FROM imports WHERE id = ?", decided[0]).Error
		}
		worked = true
		return s.apply(tx, next[0])
	})
	return worked, err
}

// apply changes what a portion says, tells it in the change log, and takes the
// portion away.
func (s *Store) apply(tx *gorm.DB, row portionRow) error {
	portion, err := row.toPortion()
	if err != nil {
		return err
	}
	c := change{engine: s.engine}
	roster, err := c.roster(tx, portion)
	if err != nil {
		return err
	}
	roster.Import(portion)
	writes := roster.Writes()
	if c.audited, err = changedUsers(row.ImportID, writes.Users); err != nil {
		return err
	}
	if err := tx.Exec("DELETE FROM import_portions WHERE import_id = ? AND seq = ?", row.ImportID, row.Seq).Error; err != nil {
		return err
	}
	return c.keep(tx, writes) // with the counter, which comes last
}

// dropForgotten takes away what was put aside by processes that have gone.
func (s *Store) dropForgotten(ctx context.Context) error {
	var ids []key
	err := s.bounded(ctx, "look for imports that nobody decided", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		return tx.Model(&importRow{}).Where("state = ? AND touched_at < ?", importGathered, at(now.Add(-gatheredFor))).Select("id").Find(&ids).Error
	})
	for _, id := range ids {
		if err == nil {
			_, err = s.dropImport(ctx, id)
		}
	}
	return err
}

// dropImport takes an import away, unless it is decided.
func (s *Store) dropImport(ctx context.Context, id key) (decided bool, err error) {
	err = s.tried(ctx, "drop an import", func(tx *gorm.DB) error {
		var states []string
		// Locked, so that it is not decided meanwhile.
		if err := tx.Raw("UPDATE imports SET touched_at = touched_at WHERE id = ? RETURNING state", id).Scan(&states).Error; err != nil {
			return err
		}
		if decided = slices.Contains(states, importDecided); decided {
			return nil
		}
		if err := tx.Where("import_id = ?", id).Delete(&portionRow{}).Error; err != nil {
			return err
		}
		return tx.Where("id = ?", id).Delete(&importRow{}).Error
	})
	return decided, err
}
