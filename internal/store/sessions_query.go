package store

import (
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// sessionsQuery is a walk along one index, and what narrows it.
type sessionsQuery struct {
	byCall bool   // along session_calls; else along sessions
	in     terms  // what leads into the index: equalities and the range of starts
	narrow terms  // what is looked at in each entry's row
	time   string // the index's columns
	id     string
	most   int // entries to look at where something narrows
}

// terms are conditions that are all to hold.
type terms []term

type term struct {
	sql  string
	args []any
}

func (t *terms) add(sql string, args ...any) { *t = append(*t, term{sql, args}) }

// where appends the conditions to a statement.
func (t terms) where(sql *strings.Builder, args *[]any) {
	for i, term := range t {
		sql.WriteString([]string{" AND ", " WHERE "}[b2i(i == 0)])
		sql.WriteString(term.sql)
		*args = append(*args, term.args...)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// newSessionsQuery tells whether anything can match at all.
func newSessionsQuery(q coaching.SessionQuery, most int) (query *sessionsQuery, possible bool) {
	mask := typeMask(q.Types)
	if !storable(q.Team) || !storable(q.CallID) || !storable(q.PhoneNumber) || !storable(q.Dialer) || !storable(string(q.EndReason)) ||
		len(q.Types) > 0 && mask == 0 {
		return nil, false
	}
	s := &sessionsQuery{time: "started_at", id: "id", most: most}
	s.wayIn(q)
	s.starts(q)
	if mask != 0 {
		s.narrow.add("types & ? <> 0", mask)
	}
	if q.Team != "" {
		// Two looks by primary key an entry. Teams are those of now, as in the live
		// view: a column of the session would have to follow every import.
		s.narrow.add("EXISTS (SELECT 1 FROM users u WHERE u.id IN (s.user_id, s.target_user_id) AND u.team = ?)", q.Team)
	}
	if q.Dialer != "" {
		s.narrow.add("s.dialer = ?", q.Dialer)
	}
	if q.EndReason != "" {
		s.narrow.add("end_reason = ?", string(q.EndReason))
	}
	if q.State == coaching.OnlyEnded {
		s.narrow.add("s.state = 'ended'")
	}
	if q.At != nil {
		s.narrow.add("(s.ended_at IS NULL OR s.ended_at > ?)", at(*q.At))
	}
	return s, true
}

// wayIn takes the first way that is given; the others narrow. The live sessions
// have an index of their own, so short that everything else narrows.
func (s *sessionsQuery) wayIn(q coaching.SessionQuery) {
	taken := q.State == coaching.OnlyLive
	if taken {
		s.in.add("state <> 'ended'") // in these words: the index is partial
	}
	way := func(given, byCall bool, in, narrow string, value any) {
		switch {
		case !given:
		case taken:
			s.narrow.add(narrow, value)
		default:
			taken, s.byCall = true, byCall
			s.in.add(in, value)
		}
	}
	const heard = "EXISTS (SELECT 1 FROM session_calls c WHERE c.session_id = s.id AND c."
	way(q.CallID != "", true, "call_id = ?", heard+"call_id = ?)", q.CallID)
	way(q.PhoneNumber != "", true, "phone_number = ?", heard+"phone_number = ?)", q.PhoneNumber)
	way(q.UserID != nil, false, "user_id = ?", "s.user_id = ?", keyOf(q.UserID))
	way(q.TargetUserID != nil, false, "target_user_id = ?", "s.target_user_id = ?", keyOf(q.TargetUserID))
	way(q.TargetCampaignID != nil, false, "target_campaign_id = ?", "s.target_campaign_id = ?", keyOf(q.TargetCampaignID))
	if !taken {
		s.in.add("state <> ''") // in these words: see sessions_by_time in the schema
	}
	if s.byCall {
		s.time, s.id = "session_started_at", "session_id"
	}
}

// starts bounds the walk: the newest and the oldest start. There is one upper
// bound only, the lowest, since SQLite makes use of one; with the other a late
// page would walk over all that came before it.
func (s *sessionsQuery) starts(q coaching.SessionQuery) {
	from, to := q.From, q.To
	if q.At != nil {
		dayBefore, just := q.At.Add(-24*time.Hour), at(*q.At).time().Add(time.Microsecond)
		if from == nil || from.Before(dayBefore) {
			from = &dayBefore
		}
		if to == nil || just.Before(*to) {
			to = &just
		}
	}
	switch {
	case q.After != nil && (to == nil || q.After.StartedAt.Before(*to)):
		s.in.add("("+s.time+", "+s.id+") < (?, ?)", at(q.After.StartedAt), key(q.After.ID))
	case to != nil:
		s.in.add(s.time+" < ?", notBefore(*to))
	}
	if from != nil {
		s.in.add(s.time+" >= ?", notBefore(*from))
	}
}

// notBefore is the first whole microsecond that is not before t.
func notBefore(t time.Time) instant {
	if whole := at(t); whole.time().Equal(t) {
		return whole
	}
	return at(t.Add(time.Microsecond))
}

// page is the statement that returns up to limit rows.
func (s *sessionsQuery) page(limit int) (string, []any) {
	walked := limit
	if len(s.narrow) > 0 {
		walked = s.most
	}
	var sql strings.Builder
	var args []any
	if s.byCall {
		sql.WriteString("SELECT " + sessionColumns("s.") + " FROM (")
		s.walk(&sql, &args, "DISTINCT session_started_at, session_id")
		sql.WriteString(" LIMIT ?) AS heard CROSS JOIN sessions AS s WHERE s.id = heard.session_id")
		args = append(args, walked)
		var narrow strings.Builder
		s.narrow.where(&narrow, &args)
		sql.WriteString(strings.Replace(narrow.String(), " WHERE ", " AND ", 1))
		sql.WriteString(" ORDER BY heard.session_started_at DESC, heard.session_id DESC LIMIT ?")
		return sql.String(), append(args, limit)
	}
	sql.WriteString("SELECT " + sessionColumns("s.") + " FROM (")
	s.walk(&sql, &args, sessionColumns(""))
	sql.WriteString(" LIMIT ?) AS s")
	args = append(args, walked)
	s.narrow.where(&sql, &args)
	sql.WriteString(" ORDER BY started_at DESC, id DESC LIMIT ?")
	return sql.String(), append(args, limit)
}

// walk is the walk along the index, from the newest entry on.
func (s *sessionsQuery) walk(sql *strings.Builder, args *[]any, columns string) {
	table := "sessions"
	if s.byCall {
		table = "session_calls"
	}
	sql.WriteString("SELECT " + columns + " FROM " + table)
	s.in.where(sql, args)
	sql.WriteString(" ORDER BY " + s.time + " DESC, " + s.id + " DESC")
}

// end tells where a walk that did not fill its page ended, if it was not at the
// index's end. The skip is no paging by offset: it is as long as one walk at most,
// and in the index only.
func (s *sessionsQuery) end(tx *gorm.DB) (*coaching.Place, error) {
	columns := s.time + " AS started_at, " + s.id + " AS id"
	if s.byCall {
		columns = "DISTINCT " + columns
	}
	var sql strings.Builder
	var args []any
	s.walk(&sql, &args, columns)
	sql.WriteString(" LIMIT 2 OFFSET ?")
	var last []struct {
		StartedAt instant
		ID        key
	}
	if err := tx.Raw(sql.String(), append(args, s.most-1)...).Scan(&last).Error; err != nil || len(last) < 2 {
		return nil, err
	}
	return &coaching.Place{StartedAt: last[0].StartedAt.time(), ID: coaching.SessionID(last[0].ID)}, nil
}
