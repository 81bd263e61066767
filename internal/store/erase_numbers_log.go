package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// entriesAtOnce is how many entries of the change log are looked at by one statement.
const entriesAtOnce = 500

// eraseFromLog erases what is to go of the change log. Entries keep their numbers,
// times and all else: whoever follows reads the same story without the numbers.
func (e *eraser) eraseFromLog(ctx context.Context) error {
	var first, last int64
	err := e.store.bounded(ctx, "look at the change log", func(ctx context.Context) error {
		tx := e.store.reading.WithContext(ctx)
		head, err := counter(tx)
		last = head.Revision
		if err == nil {
			err = tx.Raw("SELECT coalesce(min(number), 0) FROM changes").Scan(&first).Error
		}
		return err
	})
	if err != nil || first == 0 {
		return err
	}
	return e.inPortions(ctx, func() (more bool, err error) {
		var rows []changeRow
		err = e.store.bounded(ctx, "look at the change log", func(ctx context.Context) error {
			return e.entries(e.store.reading.WithContext(ctx), first, &rows)
		})
		if err == nil && slices.ContainsFunc(rows, func(row changeRow) bool { _, holds, err := e.without(row); return holds || err != nil }) {
			err = e.store.tried(ctx, "erase numbers from the change log", func(tx *gorm.DB) error { return e.rewrite(tx, first) })
		}
		if err == nil {
			first += entriesAtOnce
		}
		return first <= last, err
	})
}

// entries reads the entries about sessions among some numbers.
func (e *eraser) entries(tx *gorm.DB, first int64, rows *[]changeRow) error {
	kinds := []string{string(coaching.SessionStarted), string(coaching.SessionChanged), string(coaching.SessionEnded)}
	return tx.Where("number >= ? AND number < ? AND kind IN ?", first, first+entriesAtOnce, kinds).Order("number").Find(rows).Error
}

// rewrite reads the entries again, locked: two erasures of one entry must not undo
// each other.
func (e *eraser) rewrite(tx *gorm.DB, first int64) error {
	var rows []changeRow
	if err := e.entries(tx.Clauses(clause.Locking{Strength: "UPDATE"}), first, &rows); err != nil {
		return err
	}
	for _, row := range rows {
		payload, holds, err := e.without(row)
		if err == nil && holds {
			err = tx.Exec("UPDATE changes SET payload = ? WHERE number = ?", payload, row.Number).Error
			e.total.Changes++
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// without is an entry's payload without what is to go; holds tells whether there was
// anything. What else a newer program may have written there stays as it is.
func (e *eraser) without(row changeRow) (payload string, holds bool, err error) {
	c, err := row.toChange()
	if err != nil || c.Session == nil {
		return "", false, err
	}
	if erased := c.Session.EraseNumbers(e.rules); erased.Calls+erased.Reasons == 0 {
		return "", false, nil
	}
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader([]byte(row.Payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return "", false, fmt.Errorf("read change %d: %w", row.Number, err)
	}
	each := func(list string, change func(i int, item map[string]any)) {
		items, _ := fields[list].([]any)
		for i, item := range items {
			if item, ok := item.(map[string]any); ok {
				change(i, item)
			}
		}
	}
	each("calls", func(i int, call map[string]any) {
		if c.Session.Calls[i].NumberErased {
			delete(call, "phone_number")
			call["number_erased"] = true
		}
	})
	each("requests", func(i int, request map[string]any) {
		if c.Session.Requests[i].Reason == "" {
			delete(request, "reason")
		}
	})
	text, err := json.Marshal(fields)
	return string(text), true, err
}
