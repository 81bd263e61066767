package coaching

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Disconnect ends a session at its dialer. It marks the session, whoever watches
// the dialer carries that out, and it waits for the outcome, Timing.Wait at most.
// A caller who goes away does not stop what is under way.
//
// It returns the session: ended, or disconnecting when the dialer agreed and the
// leg has not gone yet. Errors are *Error with PreconditionRequired,
// SessionNotFound, SessionChangedSince, CustomerWouldDrop, DialerRefused,
// DialerUnreachable, DialerTimeout or DatabaseUnavailable, and hold the session as
// it is where there is one.
func (f *Floor) Disconnect(ctx context.Context, d Disconnect) (*SessionView, error) {
	if d.Force && (len(d.IfMatch) == 0 || slices.Contains(d.IfMatch, "*")) {
		return nil, &Error{
			Code:    PreconditionRequired,
			Message: "force=true needs an If-Match header with the session's etag, so that it holds only for what you saw.",
		}
	}
	deadline := time.NewTimer(f.timing.Wait)
	defer deadline.Stop()
	request, err := f.mark(ctx, d)
	if err != nil {
		return nil, f.withSession(ctx, d.Session, err)
	}
	if request != uuid.Nil {
		if err := f.await(ctx, d.Session, request, deadline.C); err != nil {
			return nil, f.withSession(ctx, d.Session, err)
		}
	}
	return f.asKnown(ctx, d.Session)
}

// mark keeps the request and marks the session in one transaction: the mark is
// the command.
func (f *Floor) mark(ctx context.Context, d Disconnect) (request uuid.UUID, err error) {
	session, err := f.brief(ctx, d.Session)
	if err != nil {
		return uuid.Nil, err
	}
	if !f.view.surrounded(session).OfTeam(d.Team) {
		return uuid.Nil, noSession()
	}
	if !session.Live() {
		return uuid.Nil, nil
	}
	if l := f.view.lease(session.Dialer); !f.watches(session.Dialer) && (!l.Held || l.Fence.Token == f.self.Token) {
		return uuid.Nil, failure(OutcomeUnreachable) // nobody would carry it out
	}
	scope := Scope{Dialer: session.Dialer, Sessions: []SessionID{d.Session}}
	err = f.change(ctx, scope, func(b *Board) error {
		request, err = b.Ask(d)
		return err
	})
	if errors.Is(err, ErrUnavailable) {
		return uuid.Nil, &Error{
			Code: DatabaseUnavailable,
			Message: "The database does not answer, so it is not known whether the request was kept. If it was, it is still carried out: " +
				"look at the session again, or repeat the request, which is safe.",
			Cause: err,
		}
	}
	return request, err
}

// withSession adds the session as it is now to an error about it.
func (f *Floor) withSession(ctx context.Context, id SessionID, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == SessionNotFound || e.Code == DatabaseUnavailable {
		return err
	}
	if s, lookErr := f.asKnown(ctx, id); lookErr == nil {
		e.Session = s
	}
	return err
}

// asKnown is the session as it is; while the database is away, a live one as it
// was when it was last confirmed.
func (f *Floor) asKnown(ctx context.Context, id SessionID) (*SessionView, error) {
	s, err := f.Session(ctx, id)
	if CodeOf(err) == DatabaseUnavailable {
		if live := f.view.now().Session(id); live != nil {
			return live, nil
		}
	}
	return s, err
}

// await waits until a request has its outcome, or the time is up, and returns the
// error that its asker gets for it.
func (f *Floor) await(ctx context.Context, id SessionID, request uuid.UUID, deadline <-chan time.Time) error {
	for {
		changed := f.view.changed()
		s, err := f.brief(ctx, id)
		if err != nil {
			return err
		}
		r := s.Request(request) // nil while the view has not caught up with the mark
		if r != nil && r.Outcome != OutcomePending {
			return failure(r.Outcome)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			if r != nil && r.AcceptedAt != nil {
				return nil
			}
			return failure(OutcomeTimedOut)
		}
	}
}

// brief is a session from memory while it is live, else from the database.
func (f *Floor) brief(ctx context.Context, id SessionID) (*Session, error) {
	if s := f.view.now().Session(id); s != nil {
		return s.Session, nil
	}
	return f.stored(ctx, id)
}

// failure is the error that the asker of a request gets for its outcome; nil
// where the session has ended.
func failure(outcome Outcome) error {
	switch outcome {
	case OutcomeConfirmed, OutcomeAlreadyGone, OutcomeMoved:
		return nil
	case OutcomeWouldDropCustomer:
		return &Error{Code: CustomerWouldDrop, Message: wouldDropMessage}
	case OutcomeRefused:
		return &Error{
			Code:    DialerRefused,
			Message: "The dialer refused to end the session; nothing was done and the session goes on.",
		}
	case OutcomeUnreachable:
		return &Error{
			Code:    DialerUnreachable,
			Message: "The dialer cannot be reached right now; nothing was done. Try again shortly.",
		}
	default:
		return &Error{
			Code:    DialerTimeout,
			Message: "The dialer has not confirmed the end in time. It may still happen: look at the session again.",
		}
	}
}
