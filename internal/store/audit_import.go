package store

import (
	"slices"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// usersNamedAtOnce is how many users one entry of the audit names at most.
const usersNamedAtOnce = 128

// entry tells that an import was decided: how much of what, and nothing of whom.
func (p *ImportPlan) entry(id key) (audit.Entry, error) {
	counts := audit.Details{"moved": p.Moved}
	for _, e := range []struct {
		name   string
		effect coaching.Effect
	}{
		{"created", coaching.EffectCreated}, {"completed", coaching.EffectCompleted}, {"changed", coaching.EffectChanged},
		{"unchanged", coaching.EffectUnchanged}, {"deactivated", coaching.EffectDeactivated},
	} {
		counts[e.name] = p.Effects[e.effect]
	}
	return importEntry(id, p.action, counts)
}

// changedUsers tells whom a portion of an import changed, in the transaction that
// does so.
func changedUsers(id key, users []*coaching.User) (entries []audit.Entry, err error) {
	for some := range slices.Chunk(users, usersNamedAtOnce) {
		var ids []coaching.UserID
		for _, u := range some {
			ids = append(ids, u.ID)
		}
		e, err := importEntry(id, audit.UsersChanged, audit.Details{"user_ids": ids})
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func importEntry(id key, action audit.Action, details audit.Details) (audit.Entry, error) {
	return audit.ByACommand(action, audit.Subject{Kind: audit.Import, ID: uuid.UUID(id).String()}, details)
}
