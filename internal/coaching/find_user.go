package coaching

import "slices"

// UserByExternalID returns the id of the user whom an import gave this key, from
// memory: one that another process has imported this moment may be missing.
func (f *Floor) UserByExternalID(externalID string) (UserID, bool) {
	f.view.mu.Lock()
	defer f.view.mu.Unlock()
	id, ok := f.view.imported[externalID]
	return id, ok
}

// learn takes note of a user's external id, which stays with the user. Of several
// with one, as databases of the first schema may have, the active one that was there
// first is meant. It needs the view's lock.
func (v *view) learn(u *User) {
	if u.ExternalID == "" {
		return
	}
	if other := v.users[v.imported[u.ExternalID]]; other != nil && other.ID != u.ID {
		if u.Inactive && !other.Inactive || u.Inactive == other.Inactive && slices.Compare(other.ID[:], u.ID[:]) < 0 {
			return
		}
	}
	v.imported[u.ExternalID] = u.ID
}
