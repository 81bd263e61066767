package main

import "time"

// What the tests of a cluster look at of the answers.
type (
	shownUser struct {
		Extensions []shownExtension `json:"extensions"`
		Sessions   []shownSession   `json:"sessions"`
	}
	shownExtension struct {
		Extension string `json:"extension"`
	}
	shownSession struct {
		ID           string         `json:"id"`
		ETag         string         `json:"etag"`
		State        string         `json:"state"`
		Type         string         `json:"type"`
		Target       *shownUser     `json:"target_user"`
		Stale        bool           `json:"stale"`
		EndReason    string         `json:"end_reason"`
		EndedAtExact *bool          `json:"ended_at_exact"`
		Requests     []shownRequest `json:"disconnect_requests"`
	}
	shownRequest struct {
		Reason  string `json:"reason"`
		Outcome string `json:"outcome"`
	}
	shownDialer struct {
		Connected        bool       `json:"connected"`
		WatchedBy        string     `json:"watched_by"`
		LastReconciledAt *time.Time `json:"last_reconciled_at"`
	}
	shownRevision struct {
		Revision string `json:"revision"`
	}
)

func (u shownUser) extension() string {
	for _, e := range u.Extensions {
		return e.Extension // there is one dialer
	}
	return ""
}

// liveList are the live sessions that a process shows, in its order.
func liveList(by *program) (all []shownSession) {
	for _, u := range get[page[shownUser]](by, "/coaching-users").Items {
		all = append(all, u.Sessions...)
	}
	return all
}

func shown(by *program, id string) shownSession {
	return get[shownSession](by, "/coaching-sessions/"+id)
}

// watches tells whether a process shows that one watches the dialer, and is
// connected to it.
func watches(by *program, name string) bool {
	for _, d := range get[page[shownDialer]](by, "/dialers").Items {
		return d.Connected && d.WatchedBy == name
	}
	return false
}
