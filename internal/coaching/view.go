package coaching

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// view keeps the live set in memory, advanced by the change log, and makes the
// immutable Live of it: at most once a change, and only when somebody looks.
// Its methods are safe for concurrent use.
type view struct {
	self   string // the token of this process's leases
	log    *slog.Logger
	tokens atomic.Uint64 // how often something may have happened to a token

	mu        sync.Mutex
	revision  Revision
	users     map[UserID]*User
	imported  map[string]UserID      // by external id
	sessions  map[SessionID]*Session // live ones
	dialers   map[string]DialerState
	leases    map[string]Lease // by dialer; outside the revisions
	leaseSeq  int64            // counts what this process itself did to leases
	catalogue *Catalogue
	away      *time.Time           // since when the database is away; nil while it answers
	freed     map[UserID]time.Time // when users last stopped supervising

	built map[UserID]*CoachingUser // as in the last Live
	dirty map[UserID]bool          // to be built anew, with those who listen to them
	live  *Live                    // nil when something changed since
	next  chan struct{}            // closed at the next change

	directory directory
}

func newView(self string, log *slog.Logger) *view {
	return &view{self: self, log: log, leases: map[string]Lease{}, next: make(chan struct{})}
}

// reset begins again from a live set.
func (v *view) reset(set LiveSet) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.revision = set.Revision
	v.users, v.sessions, v.dialers = map[UserID]*User{}, map[SessionID]*Session{}, map[string]DialerState{}
	v.imported = map[string]UserID{}
	v.catalogue = NewCatalogue(set.Catalogue)
	v.built, v.dirty = map[UserID]*CoachingUser{}, map[UserID]bool{}
	v.freed = maps.Clone(set.Freed)
	if v.freed == nil {
		v.freed = map[UserID]time.Time{}
	}
	v.directory.begin()
	for _, u := range set.Users {
		v.users[u.ID] = u
		v.learn(u)
	}
	for _, d := range set.Dialers {
		v.dialers[d.Name] = d
	}
	for _, s := range set.Sessions {
		v.sessions[s.ID] = s.Brief()
		v.dirty[s.User.ID] = true
	}
	v.log.Debug("live view begun", "revision", v.revision.Number)
	v.tokens.Add(1)
	v.wake()
}

// take applies what this process committed, where it follows the view's revision in
// this history; what the view has already is passed over. It tells whether the
// change log has to be read.
func (v *view) take(c Commit) (gap bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	stands := v.revision
	switch {
	case len(c.Changes) == 0:
		return false
	case c.Before.Number == stands.Number && c.Before.At.Equal(stands.At) && c.Before.Epoch == stands.Epoch:
		return v.follow(c.Changes)
	default:
		// Read meanwhile, as a rule. A number alone does not tell that.
		return c.Revision.Number > stands.Number || c.Revision.Number == stands.Number && !c.Revision.At.Equal(stands.At)
	}
}

// advance applies changes that follow the view's revision; those it has already
// are passed over. It tells whether there was a gap, at which it stopped.
func (v *view) advance(changes []Change) (gap bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.follow(changes)
}

func (v *view) follow(changes []Change) (gap bool) {
	var entries []CatalogueEntry // taken in together: an import has many
	defer func() {
		if len(entries) > 0 {
			v.catalogue = v.catalogue.With(entries...)
			v.touchAll()
		}
	}()
	for _, c := range changes {
		if c.Number <= v.revision.Number {
			continue
		}
		if c.Number != v.revision.Number+1 {
			return true
		}
		v.revision.Number, v.revision.At = c.Number, c.At
		v.log.Debug("change seen", "revision", c.Number, "kind", c.Kind)
		if c.Catalogue != nil {
			entries = append(entries, *c.Catalogue)
		}
		v.apply(c)
		v.wake()
	}
	return false
}

func (v *view) apply(c Change) {
	switch {
	case c.Session != nil:
		if c.Session.Live() {
			v.sessions[c.Session.ID] = c.Session
		} else {
			delete(v.sessions, c.Session.ID)
			v.freed[c.Session.User.ID] = later(*c.Session.EndedAt, v.freed[c.Session.User.ID])
		}
		v.dirty[c.Session.User.ID] = true
	case c.User != nil:
		v.directory.changed(v.users[c.User.ID], c.User)
		v.users[c.User.ID] = c.User
		v.learn(c.User)
		v.dirty[c.User.ID] = true
	case c.Dialer != nil:
		before := v.dialers[c.Dialer.Name]
		v.dialers[c.Dialer.Name] = *c.Dialer
		if before.Connected && c.Dialer.Connected {
			return // nothing that a session shows
		}
		v.touchDialer(c.Dialer.Name)
	case c.Kind == TokenChanged:
		v.tokens.Add(1)
	}
}

// touched tells whether a user with these sessions is to be built anew: for a
// change of its own, or of somebody who is listened to.
func (v *view) touched(id UserID, sessions []*Session) bool {
	return v.dirty[id] || slices.ContainsFunc(sessions, func(s *Session) bool { return s.Target != nil && v.dirty[s.Target.ID] })
}

func (v *view) touchDialer(name string) {
	for _, s := range v.sessions {
		if s.Dialer == name {
			v.dirty[s.User.ID] = true
		}
	}
}

func (v *view) touchAll() {
	for _, s := range v.sessions {
		v.dirty[s.User.ID] = true
	}
}

// leasesSeen is for showLeases: take it before the leases are read.
func (v *view) leasesSeen() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.leaseSeq
}

// showLeases shows who holds the dialers. What nobody watches is not known to be so
// any more, whatever the last one who watched it left in the database: it is shown
// as not connected. Leases that were read before this process itself took or lost
// one are passed over. They are no change of the database's and have no revision.
func (v *view) showLeases(seen int64, leases []Lease) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if seen != v.leaseSeq {
		return
	}
	for _, l := range leases {
		if ours := v.leases[l.Dialer]; l.Fence.Token == v.self && l.Fence == ours.Fence && l.Holder != "" {
			ours.HeardAt = l.HeardAt // of the rest this process knows more than the database
			l = ours
		}
		v.setLease(l)
	}
}

// showLease shows a lease that this process has taken.
func (v *view) showLease(l Lease) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l.HeardAt = v.leases[l.Dialer].HeardAt
	v.leaseSeq++
	v.setLease(l)
}

// showHeld shows whether a lease of this process may have expired.
func (v *view) showHeld(dialer string, held bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.leases[dialer]
	l.Held, l.Until = held, moment(time.Now())
	v.setLease(l)
}

// showBehind shows since when something of what the dialer told could not be kept;
// nil if all is.
func (v *view) showBehind(dialer string, since *time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.leases[dialer]
	l.BehindSince = since
	v.setLease(l)
}

func (v *view) setLease(l Lease) {
	before := v.leases[l.Dialer]
	v.leases[l.Dialer] = l
	turned := before.Held != l.Held || !sameTime(before.BehindSince, l.BehindSince)
	if turned {
		v.touchDialer(l.Dialer)
	}
	if turned || before.Fence != l.Fence {
		v.wake()
	}
}

// unheld are the dialers that nobody holds and that the database has as connected,
// or with requests under way; the values are their kinds.
func (v *view) unheld() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := map[string]string{}
	for name, d := range v.dialers {
		if d.Connected && !v.leases[name].Held {
			found[name] = d.Kind
		}
	}
	for _, s := range v.sessions {
		if s.Pending() != nil && !v.leases[s.Dialer].Held {
			found[s.Dialer] = v.dialers[s.Dialer].Kind
		}
	}
	return found
}

// left counts the live sessions of each dialer that nobody holds.
func (v *view) left() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	found := map[string]int{}
	for _, s := range v.sessions {
		if !v.leases[s.Dialer].Held {
			found[s.Dialer]++
		}
	}
	return found
}

// lease returns who holds a dialer.
func (v *view) lease(dialer string) Lease {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.leases[dialer]
}

// shownDialer is a dialer as it is shown.
func (v *view) shownDialer(name string) DialerState {
	d, l := v.dialers[name], v.leases[name]
	if l.HeardAt != nil && (d.LastHeardAt == nil || l.HeardAt.After(*d.LastHeardAt)) {
		d.LastHeardAt = l.HeardAt
	}
	d.Behind = l.BehindSince != nil
	switch {
	case l.Held && (v.away == nil || l.Fence.Token == v.self):
		d.WatchedBy = l.Holder
	case d.Connected && l.Held: // it was; the database does not tell any more
		d.Connected, d.Since = false, v.away
	case d.Connected && l.Until.IsZero():
		d.Connected, d.Since = false, d.LastHeardAt
	case d.Connected:
		d.Connected, d.Since = false, &l.Until
	}
	return d
}

// databaseAway shows everything as stale since a moment, or no longer. It is no
// change of the database's and has no revision. It tells whether that is new.
func (v *view) databaseAway(since *time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if (v.away == nil) == (since == nil) {
		return false
	}
	v.away = since
	v.touchAll()
	v.wake()
	return true
}

func (v *view) wake() {
	v.live = nil
	close(v.next)
	v.next = make(chan struct{})
}

// changed returns a channel that is closed at the next change. Take it first,
// then look: nothing is missed.
func (v *view) changed() <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.next
}

// now returns the live view as it is.
func (v *view) now() *Live {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live == nil {
		v.live = v.build()
	}
	return v.live
}

// standsAt returns the revision the view stands at.
func (v *view) standsAt() Revision {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.revision
}

func (v *view) build() *Live {
	byUser := v.sessionsByUser()
	l := &Live{Revision: v.revision, byID: map[UserID]*CoachingUser{}, sessions: map[SessionID]*SessionView{}}
	for id, sessions := range byUser {
		u := v.built[id]
		if u == nil || v.touched(id, sessions) {
			u = v.coachingUser(id, sessions, byUser)
		}
		l.byID[id] = u
		l.users = append(l.users, u)
		for _, s := range u.Sessions {
			l.sessions[s.ID] = s
		}
	}
	slices.SortFunc(l.users, func(a, b *CoachingUser) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
	})
	for name := range v.dialers {
		l.dialers = append(l.dialers, v.shownDialer(name))
	}
	slices.SortFunc(l.dialers, func(a, b DialerState) int { return strings.Compare(a.Name, b.Name) })
	v.built, v.dirty = l.byID, map[UserID]bool{}
	return l
}

func (v *view) coachingUser(id UserID, sessions []*Session, byUser map[UserID][]*Session) *CoachingUser {
	u := &CoachingUser{User: v.shown(id, byUser)}
	slices.SortFunc(sessions, func(a, b *Session) int {
		return cmp.Or(a.StartedAt.Compare(b.StartedAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	for _, s := range sessions {
		u.Sessions = append(u.Sessions, v.surround(s, byUser))
	}
	return u
}

// shown is a user with the presence that is shown.
func (v *view) shown(id UserID, byUser map[UserID][]*Session) User {
	u := v.users[id]
	if u == nil {
		return User{ID: id, Presence: Presence{Status: StatusUnknown}}
	}
	shown := *u
	shown.Presence = StatusOf(u.Presence, byUser[id])
	// What a dialer reported before the user supervised holds again since then.
	if freed, ok := v.freed[id]; ok && shown.Presence.Since != nil && len(byUser[id]) == 0 {
		since := later(*shown.Presence.Since, freed)
		shown.Presence.Since = &since
	}
	return shown
}

func (v *view) surround(s *Session, byUser map[UserID][]*Session) *SessionView {
	sv := &SessionView{Session: s, Supervisor: v.shown(s.User.ID, byUser), Catalogue: v.catalogue}
	if s.Target != nil {
		target := v.shown(s.Target.ID, byUser)
		sv.TargetUser = &target
	}
	if !s.Live() {
		return sv
	}
	dialer := v.shownDialer(s.Dialer)
	behind := v.leases[s.Dialer].BehindSince
	switch {
	case !dialer.Connected:
		sv.Stale, sv.LastConfirmedAt = true, dialer.LastHeardAt
	case behind != nil:
		sv.Stale, sv.LastConfirmedAt = true, behind
	case v.away != nil:
		sv.Stale, sv.LastConfirmedAt = true, v.away
	}
	return sv
}

// surrounded returns a session, live or ended, with what surrounds it.
func (v *view) surrounded(s *Session) *SessionView {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.surround(s, v.sessionsByUser())
}

// user returns any known user, with the live sessions this user supervises in.
func (v *view) user(id UserID) (*CoachingUser, bool) {
	if u := v.now().CoachingUser(id); u != nil {
		return u, true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.users[id]; !ok {
		return nil, false
	}
	return &CoachingUser{User: v.shown(id, v.sessionsByUser())}, true
}

func (v *view) sessionsByUser() map[UserID][]*Session {
	byUser := map[UserID][]*Session{}
	for _, s := range v.sessions {
		byUser[s.User.ID] = append(byUser[s.User.ID], s)
	}
	return byUser
}

func (v *view) names() *Catalogue {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.catalogue
}
