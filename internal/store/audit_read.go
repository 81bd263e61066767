package store

import (
	"context"
	"math"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/audit"
)

// AuditHead is part of audit.Chain.
func (s *Store) AuditHead(ctx context.Context) (head audit.Head, err error) {
	err = s.bounded(ctx, "read the head of the audit", func(ctx context.Context) error {
		head, err = auditHead(s.reading.WithContext(ctx))
		return err
	})
	return head, err
}

func auditHead(tx *gorm.DB) (audit.Head, error) {
	var row auditHeadRow
	if err := tx.Where("id = 1").Take(&row).Error; err != nil {
		return audit.Head{}, err
	}
	return row.toHead(), nil
}

// AuditEntries is part of audit.Chain.
func (s *Store) AuditEntries(ctx context.Context, after int64, limit int) ([]audit.Entry, error) {
	var rows []auditRow
	err := s.bounded(ctx, "read the audit", func(ctx context.Context) error {
		return s.reading.WithContext(ctx).Where("number > ?", after).Order("number").Limit(limit).Find(&rows).Error
	})
	return entriesOf(rows), err
}

// AuditPage is part of audit.Store.
func (s *Store) AuditPage(ctx context.Context, q audit.Query) (page audit.Page, err error) {
	err = s.bounded(ctx, "read a page of the audit", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		page.Head, err = auditHead(tx)
		if err != nil || !storable(q.SubjectID) || !storable(q.ActorID) || !storable(string(q.Action)) {
			return err
		}
		w, err := newAuditWalk(tx, q)
		if err == nil {
			page.Entries, page.Next, err = w.walk(tx, s.mostEntries)
		}
		return err
	})
	return page, err
}

// auditWalk is a walk down one index of the audit.
type auditWalk struct {
	query     audit.Query
	column    string // of the way in; "" is the number itself
	value     string
	narrowed  bool  // not all that is walked by is part of the page
	low, high int64 // numbers: low is part of the walk, high is not
}

// newAuditWalk finds the numbers that the times stand for: the one rises with the
// other.
func newAuditWalk(tx *gorm.DB, q audit.Query) (w auditWalk, err error) {
	w = auditWalk{query: q, low: math.MinInt64, high: math.MaxInt64}
	for _, way := range []struct{ column, value string }{
		{"subject_id", q.SubjectID}, {"actor_id", q.ActorID}, {"action", string(q.Action)},
	} {
		switch {
		case way.value == "":
		case w.column == "":
			w.column, w.value = way.column, way.value
		default:
			w.narrowed = true
		}
	}
	if q.Before > 0 {
		w.high = q.Before
	}
	if q.From != nil {
		w.low, err = firstAudit(tx, *q.From)
	}
	if q.To != nil && err == nil {
		var end int64
		end, err = firstAudit(tx, *q.To)
		w.high = min(w.high, end)
	}
	return w, err
}

// firstAudit is the number of the first entry of a time or later.
func firstAudit(tx *gorm.DB, from time.Time) (int64, error) {
	var numbers []int64
	err := tx.Raw("SELECT number FROM audit WHERE at >= ? ORDER BY at, number LIMIT 1", at(from)).Scan(&numbers).Error
	if len(numbers) == 0 {
		return math.MaxInt64, err
	}
	return numbers[0], err
}

// narrowedAtOnce is how many entries are read at a time where only some are wanted.
const narrowedAtOnce = 500

// walk collects a page, and looks at so many entries at most. next is what the next
// page is before; 0 where there is none.
func (w auditWalk) walk(tx *gorm.DB, most int) (entries []audit.Entry, next int64, err error) {
	batch := w.query.Limit + 1
	if w.narrowed {
		batch = max(batch, narrowedAtOnce)
	}
	for looked := 0; looked < most; looked += batch {
		var rows []auditRow
		sql, args := w.statement()
		if err := tx.Where(sql, args...).Order(w.order()).Limit(batch).Find(&rows).Error; err != nil {
			return nil, 0, err
		}
		for _, row := range rows {
			if !w.wants(row) {
				continue
			}
			if len(entries) == w.query.Limit {
				return entries, entries[len(entries)-1].Number, nil
			}
			entries = append(entries, row.toEntry())
		}
		if len(rows) < batch {
			return entries, 0, nil
		}
		w.high = rows[len(rows)-1].Number
	}
	return entries, w.high, nil
}

// statement compares whole rows of the way's index, so that no planner walks
// another one.
func (w auditWalk) statement() (string, []any) {
	if w.column == "" {
		return "number >= ? AND number < ?", []any{w.low, w.high}
	}
	return "(" + w.column + ", number) >= (?, ?) AND (" + w.column + ", number) < (?, ?)", []any{w.value, w.low, w.value, w.high}
}

func (w auditWalk) order() string {
	if w.column == "" {
		return "number DESC"
	}
	return w.column + " DESC, number DESC"
}

func (w auditWalk) wants(row auditRow) bool {
	q := w.query
	return (q.SubjectID == "" || q.SubjectID == row.SubjectID) && (q.ActorID == "" || q.ActorID == row.ActorID) &&
		(q.Action == "" || string(q.Action) == row.Action)
}
