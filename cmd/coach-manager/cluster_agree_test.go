package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// disagreement tells how what the members show differs from what is in the centre,
// which stands still; "" if it does not.
func (s *storm) disagreement() string {
	s.t.Helper()
	var want []string
	for _, a := range s.centre.Truth().Live {
		want = append(want, fmt.Sprintf("%s of %s on %s: %s", a.Leg, a.Supervisor, a.Target, a.Types[len(a.Types)-1].Type))
	}
	slices.Sort(want)
	legs := map[string]string{}
	for _, row := range rowsOf(s.cluster, pgx.RowToStructByPos[struct{ ID, Leg string }], "SELECT id::text, leg FROM sessions WHERE state <> 'ended'") {
		legs[row.ID] = row.Leg
	}
	head := valueOf[string](s.cluster, "SELECT epoch || '-' || revision FROM counter")
	var differ []string
	watchers := map[string]bool{}
	for _, m := range s.members {
		got, wrong := s.showsOf(m, legs, head)
		if missing, extra := less(want, got), less(got, want); len(missing)+len(extra) > 0 {
			wrong = append(wrong, fmt.Sprintf("lacks %q, and has %q too much", missing, extra))
		}
		var dialers page[shownDialer]
		if err := s.read(m, "/dialers", &dialers); err != nil {
			wrong = append(wrong, err.Error())
		}
		for _, d := range dialers.Items {
			watchers[d.WatchedBy] = true
			if !d.Connected {
				wrong = append(wrong, "is not connected")
			}
		}
		if len(wrong) > 0 {
			differ = append(differ, m.name+" "+strings.Join(wrong, "; "))
		}
	}
	if len(watchers) != 1 {
		differ = append(differ, fmt.Sprintf("there are the watchers %v", watchers))
	}
	return strings.Join(differ, "\n")
}

// showsOf are the sessions that a member shows, and what is wrong with how it does.
func (s *storm) showsOf(m *member, legs map[string]string, head string) (got, wrong []string) {
	var list struct {
		shownRevision
		page[shownUser]
	}
	if err := s.read(m, "/coaching-users", &list); err != nil {
		return nil, []string{err.Error()}
	}
	if list.Revision != head {
		wrong = append(wrong, fmt.Sprintf("is at revision %s, not at %s", list.Revision, head))
	}
	for _, u := range list.Items {
		for _, session := range u.Sessions {
			target := "nobody"
			if session.Target != nil {
				target = session.Target.extension()
			}
			shows := fmt.Sprintf("%s of %s on %s: %s", legs[session.ID], u.extension(), target, session.Type)
			got = append(got, shows)
			if session.Stale || session.State != "active" {
				wrong = append(wrong, fmt.Sprintf("shows %s as %s, stale: %v", shows, session.State, session.Stale))
			}
		}
	}
	slices.Sort(got)
	return got, wrong
}

// read reads what a member answers with 200.
func (s *storm) read(m *member, path string, into any) error {
	status, body, err := m.ask(s.t.Context(), http.MethodGet, "/api/v1"+path, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answers %s with %d %s", path, status, body)
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

// less are those of all that are not among others; both are sorted, and one may
// stand in them more than once.
func less(all, others []string) (left []string) {
	for _, one := range all {
		if at, found := slices.BinarySearch(others, one); found {
			others = slices.Delete(slices.Clone(others), at, at+1)
			continue
		}
		left = append(left, one)
	}
	return left
}
