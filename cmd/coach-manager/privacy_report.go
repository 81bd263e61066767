package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/config"
	"github.com/coachmanager/coachmanager/internal/sheet"
	"github.com/coachmanager/coachmanager/internal/store"
)

// errNoSuchUser tells that there is nobody to report on.
var errNoSuchUser = errors.New("no user has this id or external id; users export lists them")

// reportUser tells when, by whom and how a user was listened to, newest first. It
// holds one page at a time, however long the history is.
func reportUser(ctx context.Context, c config.ReportUser, stdout, stderr io.Writer) error {
	return onDatabase(ctx, c.Database, c.Log, stderr, func(db *store.Store) error {
		users, err := db.FindUsers(ctx, c.User)
		if err == nil && len(users) == 0 {
			err = errNoSuchUser
		}
		for _, u := range users {
			if err == nil {
				err = enter(ctx, db, audit.ListeningReported, audit.Subject{Kind: audit.User, ID: u.ID.String()}, nil)
			}
		}
		if err != nil {
			return err
		}
		begins, err := db.HistoryBegins(ctx)
		if err != nil {
			return err
		}
		r := report{query: coaching.SessionQuery{State: coaching.AnyState, From: c.From, To: c.To, Limit: 200}, db: db}
		if c.CSV {
			file := sheet.NewListening(stdout)
			r.write = file.Write
			if err := errors.Join(r.run(ctx, users), file.Close()); err != nil {
				return err
			}
			_, err = io.WriteString(stderr, r.summary(begins))
			return err
		}
		table := table{to: stdout}
		r.write = table.write
		for _, u := range users {
			_, _ = fmt.Fprintf(stdout, "Who listened to %s (id %s)\n", u.Name, u.ID)
		}
		if err := r.run(ctx, users); err != nil {
			return err
		}
		_, err = io.WriteString(stdout, r.summary(begins))
		return err
	})
}

// report is a report under way.
type report struct {
	db     *store.Store
	query  coaching.SessionQuery
	write  func(*coaching.Session) error
	count  int
	newest time.Time
	oldest time.Time
}

func (r *report) run(ctx context.Context, users []*coaching.User) error {
	for _, u := range users {
		q := r.query
		q.TargetUserID = &u.ID
		for more := true; more; more = q.After != nil {
			page, err := r.db.Sessions(ctx, q)
			if err != nil {
				return err
			}
			for _, s := range page.Sessions {
				r.note(s)
				if err := r.write(s); err != nil {
					return err
				}
			}
			q.After = page.Next
		}
	}
	return nil
}

func (r *report) note(s *coaching.Session) {
	if r.count == 0 || s.StartedAt.After(r.newest) {
		r.newest = s.StartedAt
	}
	if r.count == 0 || s.StartedAt.Before(r.oldest) {
		r.oldest = s.StartedAt
	}
	r.count++
}

// summary says how much there is, and over what time there could be more.
func (r *report) summary(begins *time.Time) string {
	said := count(r.count, "session")
	if r.count > 0 {
		said += fmt.Sprintf(", begun from %s to %s", shownTime(&r.oldest), shownTime(&r.newest))
	}
	asked := ""
	if r.query.From != nil {
		asked += " Asked for were none before " + shownTime(r.query.From) + "."
	}
	if r.query.To != nil {
		asked += " Asked for were none from " + shownTime(r.query.To) + " on."
	}
	kept := "Nothing is kept of anybody yet."
	if begins != nil {
		kept = "The history goes back to " + shownTime(begins) + ", and sessions are kept without an end."
	}
	return said + "." + asked + "\n" + kept + "\n"
}

// table writes sessions for people, in columns of fixed widths: it cannot know how
// wide those to come will be.
type table struct {
	to    io.Writer
	begun bool
}

const tableRow = "%-21s  %-21s  %-10s  %-24s  %-12s  %-18s  %s\n"

func (t *table) write(s *coaching.Session) error {
	if !t.begun {
		t.begun = true
		_, _ = fmt.Fprint(t.to, "A ~ marks a moment that nobody saw: it was inferred.\n\n")
		_, _ = fmt.Fprintf(t.to, tableRow, "STARTED", "ENDED", "LENGTH", "HOW", "DIALER", "END", "BY")
	}
	var types []string
	for _, kind := range s.HadTypes() {
		types = append(types, string(kind))
	}
	length := "goes on"
	if s.EndedAt != nil {
		length = s.Length().Round(time.Second).String()
	}
	_, err := fmt.Fprintf(t.to, tableRow, marked(&s.StartedAt, s.StartedAtExact), marked(s.EndedAt, s.EndedAtExact || s.EndedAt == nil), length,
		strings.Join(types, ", "), s.Dialer, string(s.EndReason), s.User.Name)
	return err
}

func marked(t *time.Time, exact bool) string {
	if exact {
		return shownTime(t)
	}
	return "~" + shownTime(t)
}
