package store

import (
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// key is a UUID as the databases keep it: 16 bytes in SQLite, a uuid in Postgres,
// which takes the same bytes.
type key uuid.UUID

// Value hands the bytes over.
func (k key) Value() (driver.Value, error) { return k[:], nil }

// Scan takes bytes (SQLite) and text (Postgres).
func (k *key) Scan(src any) error { return (*uuid.UUID)(k).Scan(src) }

// GormDataType keeps GORM from looking into the array.
func (key) GormDataType() string { return "bytes" }

func keyOf(id *uuid.UUID) *key { return (*key)(id) }

func (k *key) id() *uuid.UUID {
	if k == nil {
		return nil
	}
	id := uuid.UUID(*k)
	return &id
}

func keysOf(ids []uuid.UUID) []key {
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = key(id)
	}
	return keys
}

// instant is a moment as the databases keep it: UTC, in whole microseconds. Two
// instants of the same moment are deeply equal.
type instant time.Time

func at(t time.Time) instant { return instant(t.UTC().Truncate(time.Microsecond)) }

func atOrNull(t *time.Time) *instant {
	if t == nil {
		return nil
	}
	i := at(*t)
	return &i
}

func (i instant) time() time.Time { return time.Time(i) }

func (i *instant) timeOrNil() *time.Time {
	if i == nil {
		return nil
	}
	t := i.time()
	return &t
}

// Value hands a time over, of which the SQLite driver makes microseconds.
func (i instant) Value() (driver.Value, error) { return time.Time(i), nil }

// Scan takes times (Postgres) and microseconds (SQLite).
func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*i = at(v)
	case int64:
		*i = at(time.UnixMicro(v))
	default:
		return fmt.Errorf("a moment cannot be made of a %T", src)
	}
	return nil
}

// GormDataType keeps GORM from looking into the struct.
func (instant) GormDataType() string { return "time" }
