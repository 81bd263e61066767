package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// late is how much later than what it tells a report may come, behind others: the
// dialer's mischief.
const late = 300 * time.Millisecond

// wantTrueHistory wants the sessions of every leg that ever was to be a true
// account of it.
func (s *storm) wantTrueHistory() {
	s.t.Helper()
	heard := s.heardRings()
	heardBetween := func(from, to time.Time) bool { return s.centre.heardBetween(heard, from.Add(late), to) }
	type leg struct{ boot, name string }
	past, kept := map[leg][]episode{}, map[leg][]keptSession{}
	now, sure := s.centre.Now(), 0
	for _, a := range s.centre.attachments() {
		e := episode{Attachment: a}
		until := a.EndedAt
		if e.live() {
			until = now
		}
		if e.heard = heardBetween(a.BeganAt, until); e.heard {
			sure++
		}
		past[leg{a.Boot, a.Leg}] = append(past[leg{a.Boot, a.Leg}], e)
	}
	rows := rowsOf(s.cluster, pgx.RowToStructByPos[keptSession], `SELECT s.id::text, boot, leg, coalesce(e.extension, ''), state, type,
			started_at, started_at_exact, ended_at, ended_at_exact, end_reason
		FROM sessions s LEFT JOIN user_extensions e ON e.user_id = s.target_user_id ORDER BY started_at, s.id`)
	for _, k := range rows {
		kept[leg{k.Boot, k.Leg}] = append(kept[leg{k.Boot, k.Leg}], k)
		if past[leg{k.Boot, k.Leg}] == nil {
			s.t.Errorf("a session of a leg that never was: %+v", k)
		}
	}
	for l, episodes := range past {
		slices.SortFunc(episodes, func(a, b episode) int { return a.BeganAt.Compare(b.BeganAt) })
		if !tells(episodes, kept[l], heardBetween) {
			s.t.Errorf("%s of %s: the database has\n%s\nof\n%s", l.name, l.boot, lines(kept[l]), lines(episodes))
		}
	}
	for _, wrong := range rowsOf(s.cluster, pgx.RowTo[string], `SELECT format('%s of %s is %s, and the change log has %s starts and %s ends of it', s.id, s.leg, s.state, c.started, c.ended)
		FROM sessions s LEFT JOIN (SELECT entity_id, count(*) FILTER (WHERE kind = 'session.started') AS started,
			count(*) FILTER (WHERE kind = 'session.ended') AS ended FROM changes GROUP BY entity_id) c ON c.entity_id = s.id::text
		WHERE c.started IS DISTINCT FROM 1 OR c.ended IS DISTINCT FROM (s.state = 'ended')::int`) {
		s.t.Error(wrong)
	}
	s.sum("history", fmt.Sprintf("%d attachments so far, of which %d were heard for sure; %d sessions", len(s.centre.past), sure, len(rows)))
}

func lines[T any](all []T) string {
	var text []string
	for _, one := range all {
		text = append(text, strings.ReplaceAll(fmt.Sprintf("  %+v", one), " +0000 UTC", ""))
	}
	return strings.Join(text, "\n")
}

// heardRings are the rings of the centre's bell that are in the change log, in their
// order.
func (s *storm) heardRings() (heard []int) {
	s.t.Helper()
	for _, reason := range rowsOf(s.cluster, pgx.RowTo[string], `SELECT DISTINCT payload::json->'presence'->>'reason' FROM changes
		WHERE kind = 'user.changed' AND entity_id = (SELECT user_id::text FROM user_extensions WHERE extension = $1)
		AND payload::json->'presence'->>'reason' IS NOT NULL`, bell) {
		var n int
		if _, err := fmt.Sscanf(reason, "ring %d", &n); err == nil {
			heard = append(heard, n)
		}
	}
	slices.Sort(heard)
	return heard
}
