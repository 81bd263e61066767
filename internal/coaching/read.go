package coaching

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Live returns the live view. It asks neither the database nor a dialer.
func (f *Floor) Live() *Live {
	f.noteSilence()
	return f.view.now()
}

// Name is the process's, for people.
func (f *Floor) Name() string { return f.self.Name }

// Changed returns a channel that is closed at the live view's next change. Take
// it before looking at Live: nothing is missed.
func (f *Floor) Changed() <-chan struct{} { return f.view.changed() }

// Dialers returns the dialers that are to be watched, by this process or by
// another, sorted by name. Live knows of others too: those that were watched once.
func (f *Floor) Dialers() []DialerState {
	var dialers []DialerState
	for _, d := range f.Live().Dialers() {
		if !f.watches(d.Name) && d.WatchedBy == "" {
			continue
		}
		if heard := f.lastHeard(d.Name); heard != nil && d.Connected {
			d.LastHeardAt = heard
		}
		dialers = append(dialers, d)
	}
	for _, w := range f.dialers {
		if !slices.ContainsFunc(dialers, func(d DialerState) bool { return d.Name == w.Name }) {
			dialers = append(dialers, DialerState{Name: w.Name, Kind: w.Kind}) // nobody connected to it ever
		}
	}
	slices.SortFunc(dialers, func(a, b DialerState) int { return strings.Compare(a.Name, b.Name) })
	return dialers
}

// lastHeard is when a dialer was last heard as far as this process knows: right
// now where it watches the dialer itself, else as it was kept.
func (f *Floor) lastHeard(dialer string) *time.Time {
	for _, w := range f.dialers {
		if q := w.reports.Load(); q != nil && w.Name == dialer {
			if heard := q.lastHeard(); heard != nil {
				at := moment(time.Now().Add(-heard.Ago))
				return &at
			}
		}
	}
	return f.view.lease(dialer).HeardAt
}

// watches tells whether this process is to watch a dialer when it gets the lease.
func (f *Floor) watches(dialer string) bool {
	return slices.ContainsFunc(f.dialers, func(w *watched) bool { return w.Name == dialer })
}

// TokenChanges counts what happened to tokens, as the change log tells it: whoever
// keeps tokens in memory reads them again when it rises.
func (f *Floor) TokenChanges() uint64 { return f.view.tokens.Load() }

// TokensReadAt is when the database could last be read, by this process's clock,
// and what TokenChanges was then, or is by now.
func (f *Floor) TokensReadAt() (time.Time, uint64) {
	read := f.lastRead() // first: a change that comes meanwhile is counted
	return read, f.TokenChanges()
}

// Catalogue returns the names of campaigns, lists and result codes.
func (f *Floor) Catalogue() *Catalogue { return f.view.names() }

// UserOf returns a user as a team sees it, or UserNotFound; the team "" sees all.
func (f *Floor) UserOf(ctx context.Context, team string, id UserID) (*CoachingUser, error) {
	u, err := f.User(ctx, id)
	if err == nil {
		if seen := u.ForTeam(team); seen != nil {
			return seen, nil
		}
		err = noUser()
	}
	return nil, err
}

func noUser() error { return &Error{Code: UserNotFound, Message: "No user with this id."} }

// User returns a user with the live sessions this user supervises in, if any. A
// user it does not know may be one that another process has just met: only then it
// asks the database. The error is an *Error with UserNotFound or
// DatabaseUnavailable.
func (f *Floor) User(ctx context.Context, id UserID) (*CoachingUser, error) {
	if u, ok := f.view.user(id); ok {
		return u, nil
	}
	err := f.catchUp(ctx)
	if u, ok := f.view.user(id); ok {
		return u, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return nil, noUser()
}

// Inactive tells whether a user is known to be inactive, from memory.
func (f *Floor) Inactive(id UserID) bool {
	u, ok := f.view.user(id)
	return ok && u.Inactive
}

// SessionOf returns a session that is of a team, or SessionNotFound; else it is as
// Session.
func (f *Floor) SessionOf(ctx context.Context, team string, id SessionID) (*SessionView, error) {
	s, err := f.Session(ctx, id)
	if err == nil && !s.OfTeam(team) {
		return nil, noSession()
	}
	return s, err
}

// Session returns a session, live or ended, with all the calls it heard. The error
// is an *Error with SessionNotFound or DatabaseUnavailable.
func (f *Floor) Session(ctx context.Context, id SessionID) (*SessionView, error) {
	s, err := f.stored(ctx, id)
	if err != nil {
		return nil, err
	}
	return f.view.surrounded(s), nil
}

func (f *Floor) stored(ctx context.Context, id SessionID) (*Session, error) {
	s, err := f.store.Session(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, noSession()
	}
	return s, unavailable(err)
}

func noSession() error { return &Error{Code: SessionNotFound, Message: "No session with this id."} }

// Sessions returns a page of sessions, newest first. The error is an *Error with
// DatabaseUnavailable.
func (f *Floor) Sessions(ctx context.Context, query SessionQuery) (SessionPage, error) {
	page, err := f.store.Sessions(ctx, query)
	if err != nil {
		return SessionPage{}, unavailable(err)
	}
	return page, f.nameAll(ctx, page.Sessions)
}

// UserHistory returns a page of the ended sessions of a user, newest first. The
// error is an *Error with UserNotFound or DatabaseUnavailable.
func (f *Floor) UserHistory(ctx context.Context, user UserID, query SessionQuery) (SessionPage, error) {
	if _, err := f.UserOf(ctx, query.Team, user); err != nil {
		return SessionPage{}, err
	}
	query.UserID, query.State = &user, OnlyEnded
	return f.Sessions(ctx, query)
}

// nameAll sees to it that the catalogue has the names of what a page points at:
// another process may have committed them since the view was last advanced.
func (f *Floor) nameAll(ctx context.Context, sessions []*Session) error {
	names := f.Catalogue()
	for _, s := range sessions {
		if s.TargetCampaignID == nil {
			continue
		}
		if _, ok := names.Entry(*s.TargetCampaignID); !ok {
			return unavailable(f.catchUp(ctx))
		}
	}
	return nil
}

// DatabaseAnswers tells whether the database can be read now and could be written
// the last time; the error is for the log only.
func (f *Floor) DatabaseAnswers(ctx context.Context) error {
	return errors.Join(f.catchUp(ctx), f.writesFail())
}
