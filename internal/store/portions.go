package store

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// portion is how many values a list in a query holds at most.
const portion = 256

// portions hands out values in lists whose lengths are powers of two; the last
// list repeats its last value where it would be shorter. So a query has few
// texts, and servers that remember prepared statements remember few.
func portions[T any](values []T, most int, ask func([]T) error) error {
	for len(values) > 0 {
		n := min(len(values), most)
		list := append(make([]T, 0, most), values[:n]...)
		for len(list)&(len(list)-1) != 0 {
			list = append(list, values[n-1])
		}
		if err := ask(list); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}

// find collects the rows that a query has for each portion of values.
func find[Row, T any](values []T, query func([]T) *gorm.DB) ([]Row, error) {
	var all []Row
	err := portions(values, portion, func(list []T) error {
		var rows []Row
		if err := query(list).Find(&rows).Error; err != nil {
			return err
		}
		all = append(all, rows...)
		return nil
	})
	return all, err
}

// write inserts rows, or replaces those that have the same primary key.
func write[Row any](tx *gorm.DB, rows []Row, primary ...string) error {
	columns := make([]clause.Column, len(primary))
	for i, name := range primary {
		columns[i].Name = name
	}
	replace := clause.OnConflict{Columns: columns, UpdateAll: true}
	return inPowersOfTwo(rows, func(batch []Row) error { return tx.Clauses(replace).Create(&batch).Error })
}

// insert inserts rows, of which none may be there.
func insert[Row any](tx *gorm.DB, rows []Row) error {
	return inPowersOfTwo(rows, func(batch []Row) error { return tx.Create(&batch).Error })
}

// inPowersOfTwo hands rows out in batches whose lengths are powers of two, for
// the reason that portions has.
func inPowersOfTwo[Row any](rows []Row, do func([]Row) error) error {
	for size := 64; len(rows) > 0; size /= 2 {
		for len(rows) >= size {
			if err := do(rows[:size]); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}
