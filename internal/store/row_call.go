package store

import "github.com/coachmanager/coachmanager/internal/coaching"

// callRow is a call that a session heard.
type callRow struct {
	SessionID        key `gorm:"primaryKey"`
	Seq              int `gorm:"primaryKey;autoIncrement:false"`
	SessionStartedAt instant
	Dialer           string
	CallID           string
	PhoneNumber      string
	Direction        string
	State            string
	StartedAt        instant
	AnsweredAt       *instant
	EndedAt          *instant
	CampaignID       *key
	ListID           *key
	ResultCode       string
	HeardFrom        instant
	HeardUntil       *instant
	NumberErased     bool
}

// TableName tells GORM the table.
func (callRow) TableName() string { return "session_calls" }

func rowOfCall(s sessionRow, seq int, c coaching.HeardCall) callRow {
	return callRow{
		SessionID: s.ID, Seq: seq, SessionStartedAt: s.StartedAt, Dialer: s.Dialer,
		CallID: c.CallID, PhoneNumber: c.PhoneNumber, Direction: string(c.Direction), State: string(c.State),
		StartedAt: at(c.StartedAt), AnsweredAt: atOrNull(c.AnsweredAt), EndedAt: atOrNull(c.EndedAt),
		CampaignID: keyOf(c.CampaignID), ListID: keyOf(c.ListID), ResultCode: c.ResultCode,
		HeardFrom: at(c.HeardFrom), HeardUntil: atOrNull(c.HeardUntil),
		NumberErased: c.NumberErased,
	}
}

func (row callRow) toCall() coaching.HeardCall {
	return coaching.HeardCall{
		Call: coaching.Call{
			CallID: row.CallID, PhoneNumber: row.PhoneNumber, Direction: coaching.Direction(row.Direction),
			State: coaching.CallState(row.State), StartedAt: row.StartedAt.time(),
			AnsweredAt: row.AnsweredAt.timeOrNil(), EndedAt: row.EndedAt.timeOrNil(),
			CampaignID: row.CampaignID.id(), ListID: row.ListID.id(), ResultCode: row.ResultCode,
		},
		HeardFrom: row.HeardFrom.time(), HeardUntil: row.HeardUntil.timeOrNil(), NumberErased: row.NumberErased,
	}
}
