package store

import (
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
)

// auditRow is an entry of the audit.
type auditRow struct {
	Number      int64 `gorm:"primaryKey;autoIncrement:false"`
	At          instant
	Action      string
	Result      string
	ActorKind   string
	ActorID     string
	ActorUserID *key
	SubjectKind string
	SubjectID   string
	Details     string
	Hash        []byte
}

// TableName tells GORM the table.
func (auditRow) TableName() string { return "audit" }

// auditHeadRow is where the audit ends.
type auditHeadRow struct {
	ID     int
	Number int64
	At     instant
	Hash   []byte
}

// TableName tells GORM the table.
func (auditHeadRow) TableName() string { return "audit_head" }

func (row auditHeadRow) toHead() audit.Head {
	return audit.Head{Number: row.Number, Hash: hashOf(row.Hash)}
}

// hashOf is the hash of a column. One of which somebody has changed the length is no
// entry's.
func hashOf(column []byte) audit.Hash {
	if len(column) != len(audit.Hash{}) {
		return audit.Hash{}
	}
	return audit.Hash(column)
}

func rowOfAudit(e audit.Entry) auditRow {
	return auditRow{
		Number: e.Number, At: at(e.At), Action: string(e.Action), Result: e.Result,
		ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, ActorUserID: keyOf(e.Actor.User),
		SubjectKind: string(e.Subject.Kind), SubjectID: e.Subject.ID, Details: e.Details, Hash: e.Hash[:],
	}
}

func (row auditRow) toEntry() audit.Entry {
	return audit.Entry{
		Number: row.Number, At: row.At.time(), Action: audit.Action(row.Action), Result: row.Result,
		Actor:   audit.Actor{Kind: audit.ActorKind(row.ActorKind), ID: row.ActorID, User: row.ActorUserID.id()},
		Subject: audit.Subject{Kind: audit.SubjectKind(row.SubjectKind), ID: row.SubjectID},
		Details: row.Details, Hash: hashOf(row.Hash),
	}
}

func entriesOf(rows []auditRow) []audit.Entry {
	entries := make([]audit.Entry, len(rows))
	for i, row := range rows {
		entries[i] = row.toEntry()
	}
	return entries
}

// requested is the entry of a request that was made.
func (row requestRow) requested() (audit.Entry, error) {
	return row.audited(audit.DisconnectRequested, "pending")
}

// finished is the entry of a request that has its outcome.
func (row requestRow) finished() (audit.Entry, error) {
	return row.audited(audit.DisconnectFinished, row.Outcome)
}

func (row requestRow) audited(action audit.Action, result string) (audit.Entry, error) {
	text, err := audit.Details{
		"request_id": uuid.UUID(row.ID), "type": row.Type, "forced": row.Forced, "joined": row.Joined,
	}.Text(audit.Key{})
	return audit.Entry{
		Action: action, Result: result, Actor: audit.ActorOf(row.Credential, row.AskedByUserID.id()),
		Subject: audit.Subject{Kind: audit.Session, ID: uuid.UUID(row.SessionID).String()}, Details: text,
	}, err
}
