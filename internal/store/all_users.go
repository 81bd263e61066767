package store

import (
	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// usersAtOnce is how many users are read by one statement.
const usersAtOnce = 5000

// allUsers reads all users by id, and tells forward after some of them that it goes
// on. It scans by hand: of a million rows, GORM's way would be most of the time.
func allUsers(tx *gorm.DB, forward func()) ([]*coaching.User, error) {
	var all []*coaching.User
	texts := map[string]string{}
	var after key
	for {
		rows, err := someUsers(tx, after)
		if err != nil || len(rows) == 0 {
			return all, err
		}
		last := rows[len(rows)-1].user.ID
		if err := addExtensions(tx, rows, after, last); err != nil {
			return nil, err
		}
		for _, row := range rows {
			u := row.toUser()
			u.Team = once(texts, u.Team)
			for i := range u.Extensions {
				u.Extensions[i].Dialer = once(texts, u.Extensions[i].Dialer)
			}
			all = append(all, u)
		}
		after = last
		forward()
	}
}

// once returns a text that many have, kept once.
func once(texts map[string]string, text string) string {
	if known, ok := texts[text]; ok {
		return known
	}
	texts[text] = text
	return text
}

func someUsers(tx *gorm.DB, after key) (all []userRows, err error) {
	rows, err := tx.Raw(`SELECT id, external_id, name, team, status, status_since, status_reason, inactive
		FROM users WHERE id > ? ORDER BY id LIMIT ?`, after, usersAtOnce).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r userRow
		if err := rows.Scan(&r.ID, &r.ExternalID, &r.Name, &r.Team, &r.Status, &r.StatusSince, &r.StatusReason, &r.Inactive); err != nil {
			return nil, err
		}
		all = append(all, userRows{user: r})
	}
	return all, rows.Err()
}

// addExtensions gives the users of a range of ids their extensions, in their order.
func addExtensions(tx *gorm.DB, users []userRows, after, last key) error {
	rows, err := tx.Raw(`SELECT user_id, dialer, extension FROM user_extensions
		WHERE user_id > ? AND user_id <= ? ORDER BY user_id, dialer, extension`, after, last).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	i := 0
	for rows.Next() {
		var e extensionRow
		if err := rows.Scan(&e.UserID, &e.Dialer, &e.Extension); err != nil {
			return err
		}
		for i < len(users) && users[i].user.ID != e.UserID {
			i++
		}
		if i == len(users) {
			break // of nobody: the foreign key has none
		}
		users[i].extensions = append(users[i].extensions, e)
	}
	return rows.Err()
}
