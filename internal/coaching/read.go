package coaching

import (
	"context"
	"errors"
	"slices"
)

// Live returns the live view. It asks neither the database nor a dialer.
func (f *Floor) Live() *Live { return f.view.now() }

// Changed returns a channel that is closed at the live view's next change. Take
// it before looking at Live: nothing is missed.
func (f *Floor) Changed() <-chan struct{} { return f.view.changed() }

// Dialers returns the dialers that are watched, sorted by name. Live knows of
// others too: those that were watched once.
func (f *Floor) Dialers() []DialerState {
	var dialers []DialerState
	for _, d := range f.Live().Dialers() {
		i := slices.IndexFunc(f.dialers, func(w *watched) bool { return w.Name == d.Name })
		if i < 0 {
			continue
		}
		if q := f.dialers[i].reports.Load(); q != nil && d.Connected {
			heard := q.lastHeard()
			d.LastHeardAt = &heard
		}
		dialers = append(dialers, d)
	}
	return dialers
}

func (f *Floor) watches(dialer string) bool {
	return slices.ContainsFunc(f.dialers, func(w *watched) bool { return w.Name == dialer })
}

// Catalogue returns the names of campaigns, lists and result codes.
func (f *Floor) Catalogue() *Catalogue { return f.view.names() }

// User returns a user with the live sessions this user supervises in, if any.
// The error is an *Error with UserNotFound.
func (f *Floor) User(id UserID) (*CoachingUser, error) {
	if u, ok := f.view.user(id); ok {
		return u, nil
	}
	return nil, &Error{Code: UserNotFound, Message: "No user with this id."}
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
	if _, err := f.User(user); err != nil {
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
