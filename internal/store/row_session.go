package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"gorm.io/gorm/schema"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// sessionRow is a session without its calls and requests.
type sessionRow struct {
	ID                key `gorm:"primaryKey"`
	Dialer            string
	Boot              string
	Leg               string
	State             string
	Type              string
	Types             int
	Timeline          string
	UserID            key
	UserName          string
	TargetUserID      *key
	TargetUserName    *string
	TargetCampaignID  *key
	StartedAt         instant
	StartedAtExact    bool
	EndedAt           *instant
	EndedAtExact      bool
	EndReason         string
	EndedByName       *string
	EndedByUserID     *key
	EndedByUserName   *string
	TypeStatedAt      instant
	SightedConnection int64
	SightedSeq        int64
}

// TableName tells GORM the table.
func (sessionRow) TableName() string { return "sessions" }

var sessionSchema = sync.OnceValues(func() (*schema.Schema, error) {
	return schema.Parse(&sessionRow{}, &sync.Map{}, schema.NamingStrategy{})
})

// sessionColumns names the columns of sessions, each after a prefix; see
// gormConfig for why.
func sessionColumns(prefix string) string {
	s, err := sessionSchema()
	if err != nil {
		return prefix + "*" // GORM itself cannot read the row then
	}
	return prefix + strings.Join(s.DBNames, ", "+prefix)
}

// typeBits are kept in databases: a bit never changes its meaning.
var typeBits = map[coaching.Type]int{
	coaching.TypeUnknown:   1 << 0,
	coaching.TypeMonitor:   1 << 1,
	coaching.TypeCoach:     1 << 2,
	coaching.TypeBarge:     1 << 3,
	coaching.TypeBargeKick: 1 << 4,
}

func typeMask(types []coaching.Type) int {
	mask := 0
	for _, t := range types {
		mask |= typeBits[t]
	}
	return mask
}

// sessionRows are all rows of a session.
type sessionRows struct {
	session  sessionRow
	calls    []callRow
	requests []requestRow
}

func rowsOfSession(s *coaching.Session) (sessionRows, error) {
	row, err := rowOfSession(s)
	if err != nil {
		return sessionRows{}, err
	}
	rows := sessionRows{session: row}
	for i, c := range s.Calls {
		rows.calls = append(rows.calls, rowOfCall(row, i, c))
	}
	for i, r := range s.Requests {
		rows.requests = append(rows.requests, rowOfRequest(row.ID, i, r))
	}
	return rows, nil
}

func rowOfSession(s *coaching.Session) (sessionRow, error) {
	timeline := make([]coaching.TypeSince, len(s.Timeline))
	for i, t := range s.Timeline {
		timeline[i] = coaching.TypeSince{Type: t.Type, Since: at(t.Since).time()}
	}
	text, err := json.Marshal(timeline)
	if err != nil {
		return sessionRow{}, fmt.Errorf("write the timeline of session %s: %w", s.ID, err)
	}
	row := sessionRow{
		ID: key(s.ID), Dialer: s.Dialer, Boot: s.Boot, Leg: s.Leg, State: string(s.State),
		Type: string(s.Type()), Types: typeMask(s.HadTypes()), Timeline: string(text),
		UserID: key(s.User.ID), UserName: s.User.Name, TargetCampaignID: keyOf(s.TargetCampaignID),
		StartedAt: at(s.StartedAt), StartedAtExact: s.StartedAtExact,
		EndedAt: atOrNull(s.EndedAt), EndedAtExact: s.EndedAtExact, EndReason: string(s.EndReason),
		TypeStatedAt: at(s.TypeStatedAt), SightedConnection: s.Sighted.Connection, SightedSeq: s.Sighted.Seq,
	}
	row.TargetUserID, row.TargetUserName = columnsOfName(s.Target)
	if s.EndedBy != nil {
		row.EndedByName = &s.EndedBy.Name
		row.EndedByUserID, row.EndedByUserName = columnsOfName(s.EndedBy.User)
	}
	return row, nil
}

func (rows sessionRows) toSession() (*coaching.Session, error) {
	s, err := rows.session.toSession()
	if err != nil {
		return nil, err
	}
	for _, c := range rows.calls {
		s.Calls = append(s.Calls, c.toCall())
	}
	for _, r := range rows.requests {
		s.Requests = append(s.Requests, r.toRequest())
	}
	return s, nil
}

func (row sessionRow) toSession() (*coaching.Session, error) {
	s := &coaching.Session{
		ID: coaching.SessionID(row.ID), Dialer: row.Dialer, Boot: row.Boot, Leg: row.Leg, State: coaching.State(row.State),
		User:   coaching.UserName{ID: coaching.UserID(row.UserID), Name: row.UserName},
		Target: nameOfColumns(row.TargetUserID, row.TargetUserName), TargetCampaignID: row.TargetCampaignID.id(),
		StartedAt: row.StartedAt.time(), StartedAtExact: row.StartedAtExact,
		EndedAt: row.EndedAt.timeOrNil(), EndedAtExact: row.EndedAtExact, EndReason: coaching.EndReason(row.EndReason),
		TypeStatedAt: row.TypeStatedAt.time(),
		Sighted:      coaching.Position{Connection: row.SightedConnection, Seq: row.SightedSeq},
	}
	if err := json.Unmarshal([]byte(row.Timeline), &s.Timeline); err != nil {
		return nil, fmt.Errorf("read the timeline of session %s: %w", s.ID, err)
	}
	if row.EndedByName != nil {
		s.EndedBy = &coaching.Actor{Name: *row.EndedByName, User: nameOfColumns(row.EndedByUserID, row.EndedByUserName)}
	}
	return s, nil
}

func columnsOfName(n *coaching.UserName) (*key, *string) {
	if n == nil {
		return nil, nil
	}
	return keyOf(&n.ID), &n.Name
}

func nameOfColumns(id *key, name *string) *coaching.UserName {
	if id == nil || name == nil {
		return nil
	}
	return &coaching.UserName{ID: *id.id(), Name: *name}
}
