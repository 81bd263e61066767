package coaching

import "time"

// Live is the live view at a revision: who listens to whom now. It is immutable,
// and what did not change between two of them is the same pointer in both.
type Live struct {
	Revision Revision

	users    []*CoachingUser // sorted by name and id
	byID     map[UserID]*CoachingUser
	sessions map[SessionID]*SessionView
	dialers  []DialerState // sorted by name
}

// CoachingUser is a user with the live sessions this user supervises in. Its
// presence is what is shown: StatusOf.
type CoachingUser struct {
	User
	Sessions []*SessionView // by start and id; empty for a user without one
}

// SessionView is a session with what surrounds it.
type SessionView struct {
	*Session
	Supervisor User  // the session's user as known now, with the presence shown
	TargetUser *User // nil while the target is unknown
	// Stale: the dialer or the database cannot be reached, so this is how it was
	// when it was last confirmed.
	Stale           bool
	LastConfirmedAt *time.Time // nil unless stale
	// The names of what the session and its calls point at.
	Catalogue *Catalogue
}

// OfTeam tells whether the supervisor or the target is of a team; every session is
// of the team "".
func (s *SessionView) OfTeam(team string) bool {
	return team == "" || s.Supervisor.Team == team || s.TargetUser != nil && s.TargetUser.Team == team
}

// ForTeam is the user as a team sees it, with those sessions only that are of the
// team; nil where it sees nothing of this user. The team "" sees all.
func (u *CoachingUser) ForTeam(team string) *CoachingUser {
	if team == "" || u.Team == team {
		return u
	}
	seen := &CoachingUser{User: u.User}
	for _, s := range u.Sessions {
		if s.OfTeam(team) {
			seen.Sessions = append(seen.Sessions, s)
		}
	}
	if len(seen.Sessions) == 0 {
		return nil
	}
	return seen
}

// CoachingUsers are the users with a live session, sorted by name and id. The
// slice is shared: it must not be changed.
func (l *Live) CoachingUsers() []*CoachingUser { return l.users }

// CoachingUser returns a user with a live session, nil for any other.
func (l *Live) CoachingUser(id UserID) *CoachingUser { return l.byID[id] }

// Session returns a live session, nil for any other.
func (l *Live) Session(id SessionID) *SessionView { return l.sessions[id] }

// Sessions are the live sessions, in no order.
func (l *Live) Sessions() map[SessionID]*SessionView { return l.sessions }

// Dialers are all dialers, sorted by name. The slice is shared: it must not be
// changed.
func (l *Live) Dialers() []DialerState { return l.dialers }
