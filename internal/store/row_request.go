package store

import (
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// requestRow is a request to end a session.
type requestRow struct {
	SessionID       key `gorm:"primaryKey"`
	Seq             int `gorm:"primaryKey;autoIncrement:false"`
	ID              key
	AskedAt         instant
	AskedByName     string
	AskedByUserID   *key
	AskedByUserName *string
	Credential      string
	Reason          string
	Forced          bool
	Type            string
	Joined          bool
	AcceptedAt      *instant
	Outcome         string
	FinishedAt      *instant
}

// TableName tells GORM the table.
func (requestRow) TableName() string { return "disconnect_requests" }

func rowOfRequest(session key, seq int, r coaching.DisconnectRequest) requestRow {
	row := requestRow{
		SessionID: session, Seq: seq, ID: key(r.ID), AskedAt: at(r.AskedAt), AskedByName: r.AskedBy.Name,
		Reason: r.Reason, Forced: r.Forced, Type: string(r.Type), Joined: r.Joined, Credential: r.Credential,
		AcceptedAt: atOrNull(r.AcceptedAt), Outcome: string(r.Outcome), FinishedAt: atOrNull(r.FinishedAt),
	}
	row.AskedByUserID, row.AskedByUserName = columnsOfName(r.AskedBy.User)
	return row
}

func (row requestRow) toRequest() coaching.DisconnectRequest {
	return coaching.DisconnectRequest{
		ID: uuid.UUID(row.ID), AskedAt: row.AskedAt.time(),
		AskedBy: coaching.Actor{Name: row.AskedByName, User: nameOfColumns(row.AskedByUserID, row.AskedByUserName)},
		Reason:  row.Reason, Forced: row.Forced, Type: coaching.Type(row.Type), Joined: row.Joined, Credential: row.Credential,
		AcceptedAt: row.AcceptedAt.timeOrNil(), Outcome: coaching.Outcome(row.Outcome), FinishedAt: row.FinishedAt.timeOrNil(),
	}
}
