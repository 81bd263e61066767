package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coachmanager/coachmanager/internal/coaching"
	"github.com/coachmanager/coachmanager/internal/coaching/coachingtest"
)

// keptRequest is a request to end a session, with what became of the session.
type keptRequest struct {
	Session, Leg, State, EndReason string
	Reason, Outcome                string
	Joined                         bool
	AskedAt                        time.Time
	FinishedAt                     *time.Time
}

// wantTrueOutcomes wants every request to have one outcome, which is what happened
// at the dialer, and every click to have been answered in accordance with it.
func (s *storm) wantTrueOutcomes() {
	s.t.Helper()
	rows := rowsOf(s.cluster, pgx.RowToStructByPos[keptRequest], `SELECT s.id::text, s.leg, s.state, s.end_reason,
			r.reason, r.outcome, r.joined, r.asked_at, r.finished_at
		FROM disconnect_requests r JOIN sessions s ON s.id = r.session_id ORDER BY s.id, r.seq`)
	asks := map[string][]coachingtest.FarAsk{} // by leg
	for _, a := range s.dialer.Asks() {
		asks[a.Leg] = append(asks[a.Leg], a)
	}
	byReason := map[string]keptRequest{}
	var before keptRequest // the last one of the session that did not join
	for _, r := range rows {
		if _, twice := byReason[r.Reason]; twice {
			s.t.Errorf("%s is kept twice", r.Reason)
		}
		byReason[r.Reason] = r
		if wrong := r.wrong(before, asks[r.Leg]); wrong != "" {
			s.t.Errorf("%s: %s; the dialer was asked\n%s", r, wrong, lines(asks[r.Leg]))
		}
		if !r.Joined {
			before = r
		}
	}
	ended := map[string]string{} // states of all sessions
	for _, row := range rowsOf(s.cluster, pgx.RowToStructByPos[struct{ ID, State string }], "SELECT id::text, state FROM sessions") {
		ended[row.ID] = row.State
	}
	answers, outcomes := map[string]int{}, map[string]int{}
	for _, r := range rows {
		outcomes[r.Outcome]++
	}
	for _, c := range s.clicks.sent() {
		answers[c.answered()]++
		r, kept := byReason[c.reason]
		if wrong := c.wrong(r, kept, ended[c.session] == "ended"); wrong != "" {
			s.t.Errorf("%v\n%s; kept: %v %v", c, wrong, kept, r)
		}
	}
	for _, wrong := range rowsOf(s.cluster, pgx.RowTo[string], `SELECT format('%s (%s) was disconnected, and no request of it is confirmed', s.id, s.leg)
		FROM sessions s WHERE end_reason = 'disconnected'
		AND NOT EXISTS (SELECT 1 FROM disconnect_requests r WHERE r.session_id = s.id AND r.outcome = 'confirmed')`) {
		s.t.Error(wrong)
	}
	s.wantTrueAudit()
	s.wantNoLateAsk(s.dialer)
	s.sum("requests", fmt.Sprintf("%d clicks so far: %v; %d requests: %v; %d asks", len(s.clicks.sent()), answers, len(rows), outcomes, len(s.dialer.Asks())))
}

func (r keptRequest) String() string {
	return fmt.Sprintf("%s for %s (%s, %s %s), joined: %v, of %v: %s at %v", r.Reason, r.Session, r.Leg, r.State, r.EndReason, r.Joined, r.AskedAt, r.Outcome, r.FinishedAt)
}

// wrong tells what cannot be so; "" for nothing. before is the last request of the
// same session that did not join another.
func (r keptRequest) wrong(before keptRequest, asks []coachingtest.FarAsk) string {
	same := before.Session == r.Session
	ended := r.State == "ended"
	mine := r.among(asks)
	got := func(verdicts ...coaching.Verdict) bool {
		return slices.ContainsFunc(mine, func(a coachingtest.FarAsk) bool { return slices.Contains(verdicts, a.Verdict) })
	}
	switch {
	case r.FinishedAt == nil || r.Outcome == "pending":
		return "it has no outcome"
	case r.Joined && (!same || before.Outcome != r.Outcome || !before.FinishedAt.Equal(*r.FinishedAt)):
		return fmt.Sprintf("it joined %v", before)
	case !r.Joined && same && before.FinishedAt.After(r.AskedAt):
		return fmt.Sprintf("it came while there was %v", before)
	case (r.Outcome == "confirmed" || r.Outcome == "already_gone") && !ended, r.Outcome == "moved" && r.EndReason != "moved_on":
		return "the session did not end so"
	case r.Joined:
		return ""
	case r.Outcome == "confirmed" && !got(coaching.Accepted, coaching.NoAnswer, ""):
		return "nobody asked the dialer so that it might have done it"
	case r.Outcome == "refused" && !got(coaching.Refused), r.Outcome == "would_drop_customer" && !got(coaching.WouldDropCustomer):
		return "the dialer did not say so"
	case (r.Outcome == "refused" || r.Outcome == "unreachable") && got(coaching.Accepted):
		return "the dialer had accepted"
	case r.Outcome == "failed" && !got(coaching.Accepted):
		return "the dialer had not accepted"
	}
	return r.asked(mine)
}

// among are the asks that were made while the request was under way.
func (r keptRequest) among(asks []coachingtest.FarAsk) (mine []coachingtest.FarAsk) {
	for _, a := range asks {
		if r.FinishedAt != nil && !a.WrittenAt.Before(r.AskedAt) && !a.WrittenAt.After(*r.FinishedAt) {
			mine = append(mine, a)
		}
	}
	return mine
}

// asked tells what is wrong with the asks for one request: one process asks at a
// time, and waits before it asks again; another one asks only in its place.
func (r keptRequest) asked(mine []coachingtest.FarAsk) string {
	slices.SortFunc(mine, func(a, b coachingtest.FarAsk) int { return a.WrittenAt.Compare(b.WrittenAt) })
	for i := range max(0, len(mine)-1) {
		a, b := mine[i], mine[i+1]
		if b.Watch < a.Watch || b.Client == a.Client && b.WrittenAt.Sub(a.WrittenAt) < againAfter {
			return "the dialer was asked twice at once"
		}
	}
	return ""
}

// wrong tells what cannot be so about a click; "" for nothing. r is its request,
// where one is kept.
func (c click) wrong(r keptRequest, kept, ended bool) string {
	outcome := func(outcomes ...string) bool { return kept && slices.Contains(outcomes, r.Outcome) }
	switch c.answered() {
	case "none", "503 database_unavailable": // it may have got through
	case "200":
		if !ended || c.answer.State != "ended" || kept && !outcome("confirmed", "already_gone", "moved") {
			return "it was told that the session had ended"
		}
	case "202":
		if !kept || c.answer.State != "disconnecting" {
			return "it was told that the dialer had accepted"
		}
	case "409 would_drop_customer":
		if kept && !outcome("would_drop_customer") {
			return "it was told that the customer would be dropped"
		}
	case "412 session_changed":
		if kept {
			return "it was told that nothing was done"
		}
	case "502 dialer_refused":
		if !outcome("refused") {
			return "it was told that the dialer refused"
		}
	case "503 dialer_unreachable":
		if kept && !outcome("unreachable") {
			return "it was told that nothing was done"
		}
	case "504 dialer_timeout":
		if !kept {
			return "it was told that the dialer was asked"
		}
	default:
		return "there is no such answer"
	}
	return ""
}
