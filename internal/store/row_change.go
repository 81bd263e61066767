package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// changeRow is an entry of the change log.
type changeRow struct {
	Number   int64 `gorm:"primaryKey;autoIncrement:false"`
	At       instant
	Kind     string
	EntityID string
	Payload  string
}

// TableName tells GORM the table.
func (changeRow) TableName() string { return "changes" }

// counterRow is the change log's head.
type counterRow struct {
	ID       int
	Epoch    string
	Revision int64
	AsOf     instant
	Prior    *instant // AsOf before the last change; nil if that was made by an older program
}

// TableName tells GORM the table.
func (counterRow) TableName() string { return "counter" }

func (row counterRow) toRevision() coaching.Revision {
	return coaching.Revision{Epoch: row.Epoch, Number: row.Revision, At: row.AsOf.time()}
}

// before is the head before so many changes were added.
func (row counterRow) before(changes int) coaching.Revision {
	r := row.toRevision()
	if changes > 0 {
		r.Number, r.At = row.Revision-int64(changes), time.Time{}
		if row.Prior != nil {
			r.At = row.Prior.time()
		}
	}
	return r
}

// asKept returns a change as it will be read back: times in whole microseconds,
// UTC. It shares nothing with the change it is given.
func asKept(c coaching.Change) (coaching.Change, error) {
	switch {
	case c.Session != nil:
		rows, err := rowsOfSession(c.Session)
		if err != nil {
			return c, err
		}
		c.Session, err = rows.toSession()
		return c, err
	case c.User != nil:
		c.User = rowsOfUser(c.User).toUser()
	case c.Dialer != nil:
		d := rowOfDialer(*c.Dialer).toDialer()
		c.Dialer = &d
	case c.Catalogue != nil:
		e := *c.Catalogue
		c.Catalogue = &e
	}
	return c, nil
}

// rowOfChange needs the change's number and time.
func rowOfChange(c coaching.Change) (changeRow, error) {
	var entity string
	var payload any
	switch {
	case c.Session != nil:
		entity, payload = c.Session.ID.String(), c.Session
	case c.User != nil:
		entity, payload = c.User.ID.String(), c.User
	case c.Dialer != nil:
		entity, payload = c.Dialer.Name, c.Dialer
	case c.Catalogue != nil:
		entity, payload = c.Catalogue.ID.String(), c.Catalogue
	default:
		return changeRow{}, fmt.Errorf("change of kind %q holds nothing", c.Kind)
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return changeRow{}, fmt.Errorf("write change of %s: %w", entity, err)
	}
	return changeRow{Number: c.Number, At: at(c.At), Kind: string(c.Kind), EntityID: entity, Payload: string(text)}, nil
}

func (row changeRow) toChange() (coaching.Change, error) {
	c := coaching.Change{Number: row.Number, Kind: coaching.ChangeKind(row.Kind), At: row.At.time()}
	var into any
	switch c.Kind {
	case coaching.SessionStarted, coaching.SessionChanged, coaching.SessionEnded:
		c.Session = new(coaching.Session)
		into = c.Session
	case coaching.UserChanged:
		c.User = new(coaching.User)
		into = c.User
	case coaching.DialerChanged:
		c.Dialer = new(coaching.DialerState)
		into = c.Dialer
	case coaching.CatalogueChanged:
		c.Catalogue = new(coaching.CatalogueEntry)
		into = c.Catalogue
	default:
		return c, nil // a newer program's
	}
	if err := json.Unmarshal([]byte(row.Payload), into); err != nil {
		return c, fmt.Errorf("read change %d: %w", row.Number, err)
	}
	return c, nil
}
