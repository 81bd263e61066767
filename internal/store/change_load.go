package store

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

const (
	endedOfLeg     = 16 // as coaching.Scope says
	sessionsOfCall = 64 // a call is heard by few; ids that a dialer uses again are heard by many
)

// load puts all that is in scope on the board's rows.
func (c *change) load(tx *gorm.DB) error {
	if err := c.loadUsers(tx); err != nil {
		return err
	}
	if err := c.loadSessions(tx); err != nil {
		return err
	}
	keys := map[coaching.CatalogueKind][]string{}
	for _, r := range c.scope.Catalogue {
		keys[r.Kind] = append(keys[r.Kind], r.Key)
	}
	for _, kind := range slices.Sorted(maps.Keys(keys)) {
		rows, err := find[catalogueRow](keys[kind], func(list []string) *gorm.DB {
			return tx.Where("dialer = ? AND kind = ? AND key IN ?", c.scope.Dialer, string(kind), list)
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			c.rows.Catalogue = append(c.rows.Catalogue, row.toEntry())
		}
	}
	return nil
}

func (c *change) loadUsers(tx *gorm.DB) error {
	known, err := find[extensionRow](c.scope.Extensions, func(list []string) *gorm.DB {
		return tx.Where("dialer = ? AND extension IN ?", c.scope.Dialer, list)
	})
	if err != nil {
		return err
	}
	var ids []key
	for _, e := range known {
		ids = append(ids, e.UserID)
	}
	return c.loadUsersOf(tx, ids)
}

// loadUsersOf puts the users with these ids on the board's rows, whole.
func (c *change) loadUsersOf(tx *gorm.DB, ids []key) error {
	ids = sorted(ids)
	rows, err := find[userRow](ids, func(list []key) *gorm.DB {
		some := tx.Where("id IN ?", list).Order("id")
		if c.looking {
			return some
		}
		return some.Clauses(clause.Locking{Strength: "UPDATE"})
	})
	if err != nil {
		return err
	}
	extensions, err := find[extensionRow](ids, func(list []key) *gorm.DB {
		return tx.Where("user_id IN ?", list).Order("dialer, extension")
	})
	if err != nil {
		return err
	}
	c.users = map[key]userRows{}
	for _, row := range rows {
		c.users[row.ID] = userRows{user: row}
	}
	for _, e := range extensions {
		u := c.users[e.UserID]
		u.extensions = append(u.extensions, e)
		c.users[e.UserID] = u
	}
	for _, row := range rows {
		c.rows.Users = append(c.rows.Users, c.users[row.ID].toUser())
	}
	return nil
}

func (c *change) loadSessions(tx *gorm.DB) error {
	ids, err := c.sessionsInScope(tx)
	if err != nil {
		return err
	}
	rows, err := find[sessionRow](ids, func(list []key) *gorm.DB {
		return tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id IN ? AND dialer = ?", list, c.scope.Dialer).Order("id")
	})
	if err != nil {
		return err
	}
	return c.takeSessions(tx, rows)
}

// takeSessions puts sessions on the board's rows, with their calls and requests.
func (c *change) takeSessions(tx *gorm.DB, rows []sessionRow) error {
	whole, err := withCallsAndRequests(tx, rows)
	if err != nil {
		return err
	}
	c.sessions = make(map[key]sessionRows, len(whole))
	for _, rows := range whole {
		c.sessions[rows.session.ID] = rows
	}
	c.rows.Sessions, err = toSessions(whole)
	return err
}

// sessionsInScope are the ids of the sessions in scope, sorted. Some may be of
// another dialer.
func (c *change) sessionsInScope(tx *gorm.DB) ([]key, error) {
	live := func() *gorm.DB {
		return tx.Model(&sessionRow{}).Select("id").Where("dialer = ? AND state <> 'ended'", c.scope.Dialer)
	}
	ids := keysOf(c.scope.Sessions)
	add := func(more []key, err error) error {
		ids = append(ids, more...)
		return err
	}
	if c.scope.AllLive {
		if err := live().Find(&ids).Error; err != nil {
			return nil, err
		}
		ids = append(ids, keysOf(c.scope.Sessions)...)
	} else {
		if err := add(find[key](c.scope.Legs, func(list []string) *gorm.DB { return live().Where("leg IN ?", list) })); err != nil {
			return nil, err
		}
		targets := slices.Collect(maps.Keys(c.users))
		if err := add(find[key](targets, func(list []key) *gorm.DB { return live().Where("target_user_id IN ?", list) })); err != nil {
			return nil, err
		}
	}
	if c.scope.OpenCalls {
		if err := add(openCalls(tx, c.scope.Dialer)); err != nil {
			return nil, err
		}
	}
	err := add(newestOfEach(tx, c.scope.Legs, `SELECT id FROM sessions WHERE leg = ? AND dialer = ? AND state = 'ended'
		ORDER BY started_at DESC, id DESC LIMIT ?`, c.scope.Dialer, endedOfLeg))
	if err == nil {
		err = add(newestOfEach(tx, c.scope.Calls, `SELECT session_id AS id FROM session_calls WHERE call_id = ? AND dialer = ?
			ORDER BY session_started_at DESC, session_id DESC LIMIT ?`, c.scope.Dialer, sessionsOfCall))
	}
	return sorted(ids), err
}

// openCallsOf finds the sessions that heard a call which is not over.
const openCallsOf = "SELECT session_id FROM session_calls WHERE dialer = ? AND state <> 'ended'"

func openCalls(tx *gorm.DB, dialer string) (ids []key, err error) {
	return ids, tx.Raw(openCallsOf, dialer).Scan(&ids).Error
}

// newestOfEach asks one bounded question for each value, many at a time.
func newestOfEach(tx *gorm.DB, values []string, question, dialer string, limit int) (ids []key, err error) {
	err = portions(values, 64, func(list []string) error {
		args := make([]any, 0, 3*len(list))
		for _, v := range list {
			args = append(args, v, dialer, limit)
		}
		each := "SELECT id FROM (" + question + ") AS newest"
		var some []key
		err := tx.Raw(each+strings.Repeat(" UNION ALL "+each, len(list)-1), args...).Scan(&some).Error
		ids = append(ids, some...)
		return err
	})
	return ids, err
}

// sorted is the order in which rows are locked.
func sorted(ids []key) []key {
	slices.SortFunc(ids, func(a, b key) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
