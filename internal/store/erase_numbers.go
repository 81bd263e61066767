package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// ErrNotErased tells that an erasure did not come to its end: what it erased stays
// erased, and the same erasure again does the rest.
var ErrNotErased = errors.New("not all of it is erased; run it again")

// Erasure says which customers' numbers are to be erased: one, however it is spelt,
// or those of calls that ended longer ago than an age, and with them the reasons of
// requests of that age.
type Erasure struct {
	Number    coaching.PhoneNumber
	OlderThan time.Duration // where Number is zero
	DryRun    bool          // count, and change nothing
	By        audit.ActorKind
}

// Erased is what an erasure came to. It holds no number.
type Erased struct {
	Calls     int // whose numbers were erased
	Sessions  int // that heard them; of one number only
	Live      int // of these, how many went on; of one number only
	Spellings int // of one number only
	Reasons   int // of disconnect requests: in which the number stood, or of the age
	Changes   int // entries of the change log that held one
	Files     Scrubbed
}

// EraseNumbers erases customers' numbers everywhere in the database: calls, reasons
// of requests, the change log. All rows stay. It tells seen, from time to time, what
// it came to so far.
//
// It works in portions beside everything else, and nothing has to be remembered
// between them: a process that dies in between leaves fewer numbers behind. Calls
// are marked in the transaction that erases their numbers, so that a call that goes
// on gets it back from no report, in no process. The calls come first, until a look
// at all of them finds none; from then on no transaction can add the number of a call
// that was there, so that the change log, which comes after them, stays clean too.
func (s *Store) EraseNumbers(ctx context.Context, of Erasure, seen func(Erased)) (Erased, error) {
	e := eraser{
		store: s, dryRun: of.DryRun, by: of.By, seen: seen, sessions: map[key]bool{}, live: map[key]bool{}, spellings: map[string]bool{},
		rules: coaching.NumberErasure{Number: of.Number},
	}
	err := e.erase(ctx, of)
	if err != nil && !of.DryRun {
		err = fmt.Errorf("%w: %w", ErrNotErased, err)
	}
	return e.total, err
}

// What an erasure asks, each a walk of one index from where the walk before ended.
const (
	nextNumber   = "(SELECT min(phone_number) FROM session_calls WHERE phone_number > "
	numbersAfter = "WITH RECURSIVE walk(number) AS (SELECT " + nextNumber + "?) UNION ALL SELECT " + nextNumber + `walk.number)
			FROM walk WHERE walk.number IS NOT NULL)
		SELECT number FROM walk WHERE number IS NOT NULL LIMIT ?`
	callsOfNumber = `SELECT DISTINCT session_started_at AS at, session_id AS id FROM session_calls
		WHERE phone_number = ? AND (session_started_at, session_id) > (?, ?) ORDER BY session_started_at, session_id LIMIT ?`
	oldNumbers = `SELECT heard_until AS at, session_id, seq FROM session_calls
		WHERE phone_number <> '' AND heard_until IS NOT NULL AND heard_until < ? AND (heard_until, session_id, seq) > (?, ?, ?)
		ORDER BY heard_until, session_id, seq LIMIT ?`
	oldReasons = `SELECT asked_at AS at, session_id, seq FROM disconnect_requests
		WHERE reason <> '' AND asked_at < ? AND (asked_at, session_id, seq) > (?, ?, ?)
		ORDER BY asked_at, session_id, seq LIMIT ?`
)

// eraser is an erasure under way.
type eraser struct {
	store  *Store
	rules  coaching.NumberErasure
	dryRun bool
	by     audit.ActorKind
	seen   func(Erased)

	total     Erased
	now       time.Time
	sessions  map[key]bool // of one number
	live      map[key]bool
	spellings map[string]bool
	logged    bool // the change log may hold some of it
}

func (e *eraser) erase(ctx context.Context, of Erasure) error {
	err := e.store.bounded(ctx, "look at the clock", func(ctx context.Context) (err error) {
		e.now, err = e.store.engine.now(e.store.reading.WithContext(ctx))
		return err
	})
	if err != nil {
		return err
	}
	if of.Number.IsZero() {
		e.rules.Before = e.now.Add(-of.OlderThan)
		if err = e.eraseOld(ctx, oldNumbers, &e.total.Calls); err == nil {
			err = e.eraseOld(ctx, oldReasons, &e.total.Reasons)
		}
	} else {
		e.logged = true
		err = e.eraseNumber(ctx)
	}
	if err != nil || e.dryRun {
		return err
	}
	if e.logged {
		if err := e.eraseFromLog(ctx); err != nil {
			return err
		}
	}
	if of.Number.IsZero() {
		return nil
	}
	e.total.Files, err = e.store.engine.scrub(ctx, of.Number)
	return err
}

// eraseNumber erases one number in all calls and requests.
func (e *eraser) eraseNumber(ctx context.Context) error {
	for {
		found, err := e.findSpellings(ctx)
		if err != nil {
			return err
		}
		for _, spelt := range found {
			e.spellings[spelt] = true
			if err := e.eraseSpelling(ctx, spelt); err != nil {
				return err
			}
		}
		e.total.Spellings = len(e.spellings)
		if len(found) == 0 || e.dryRun {
			return e.eraseReasons(ctx)
		}
	}
}

// spellingsAtOnce is how many different numbers are looked at by one statement.
const spellingsAtOnce = 2000

// findSpellings walks over all different numbers there are, from one to the next
// along their index, and returns those that are the one that is meant.
func (e *eraser) findSpellings(ctx context.Context) (found []string, err error) {
	var after string
	err = e.inPortions(ctx, func() (more bool, err error) {
		var some []string
		err = e.store.bounded(ctx, "look for a number", func(ctx context.Context) error {
			return e.store.reading.WithContext(ctx).Raw(numbersAfter, after, spellingsAtOnce).Scan(&some).Error
		})
		for _, spelt := range some {
			after = spelt
			if e.rules.Number.Is(spelt) {
				found = append(found, spelt)
			}
		}
		return len(some) == spellingsAtOnce, err
	})
	return found, err
}

// erasedAtOnce is how many sessions are changed in one transaction: others who
// write wait for hundredths of a second.
const erasedAtOnce = 64

// eraseSpelling erases one spelling in all sessions.
func (e *eraser) eraseSpelling(ctx context.Context, spelt string) error {
	var last struct {
		At instant
		ID key
	}
	return e.inPortions(ctx, func() (more bool, err error) {
		some := []struct {
			At instant
			ID key
		}{}
		err = e.store.bounded(ctx, "look for calls of a number", func(ctx context.Context) error {
			return e.store.reading.WithContext(ctx).Raw(callsOfNumber, spelt, last.At, last.ID, erasedAtOnce).Scan(&some).Error
		})
		var ids []key
		for _, row := range some {
			ids = append(ids, row.ID)
		}
		if err == nil {
			err = e.portion(ctx, ids)
		}
		if err == nil && len(some) > 0 {
			last = some[len(some)-1]
		}
		return len(some) == erasedAtOnce, err
	})
}

// eraseReasons erases the reasons of requests in which somebody wrote the number, in
// sessions that heard it and all others.
func (e *eraser) eraseReasons(ctx context.Context) error {
	last := struct {
		SessionID key
		Seq       int
	}{Seq: -1}
	const atOnce = 1000
	return e.inPortions(ctx, func() (more bool, err error) {
		var rows []requestRow
		err = e.store.bounded(ctx, "look for reasons", func(ctx context.Context) error {
			return e.store.reading.WithContext(ctx).Where("(session_id, seq) > (?, ?)", last.SessionID, last.Seq).
				Order("session_id, seq").Limit(atOnce).Find(&rows).Error
		})
		var ids []key
		for _, row := range rows {
			counted := e.dryRun && e.sessions[row.SessionID] // with its calls
			if !counted && e.rules.Number.In(row.Reason) {
				ids = append(ids, row.SessionID)
			}
		}
		if err == nil {
			err = e.portion(ctx, ids)
		}
		if err == nil && len(rows) > 0 {
			last.SessionID, last.Seq = rows[len(rows)-1].SessionID, rows[len(rows)-1].Seq
		}
		return len(rows) == atOnce, err
	})
}

// eraseOld erases what is older than a moment in the sessions that a question finds,
// along the index of what there is to erase. A dry run counts only.
func (e *eraser) eraseOld(ctx context.Context, question string, counted *int) error {
	type entry struct {
		At        instant
		SessionID key
		Seq       int
	}
	var last entry
	const atOnce = 256
	return e.inPortions(ctx, func() (more bool, err error) {
		var some []entry
		err = e.store.bounded(ctx, "look for what is old", func(ctx context.Context) error {
			return e.store.reading.WithContext(ctx).Raw(question, at(e.rules.Before), last.At, last.SessionID, last.Seq, atOnce).Scan(&some).Error
		})
		if err == nil && e.dryRun {
			*counted += len(some)
		} else if err == nil {
			var ids []key
			for _, row := range some {
				ids = append(ids, row.SessionID)
			}
			err = e.portion(ctx, ids)
		}
		if err == nil && len(some) > 0 {
			last = some[len(some)-1]
		}
		return len(some) == atOnce, err
	})
}

// inPortions does something again and again while there is more, and leaves the
// database to others in between. A portion that the database is away for is tried
// again.
func (e *eraser) inPortions(ctx context.Context, do func() (more bool, err error)) error {
	failed := 0
	for {
		began := time.Now()
		more, err := do()
		switch {
		case err == nil && !more:
			return nil
		case err == nil:
			failed = 0
		case !errors.Is(err, coaching.ErrUnavailable) || failed == carryTries:
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
