package store

import "github.com/coachmanager/coachmanager/internal/coaching"

// dialerRow is what is known of a dialer.
type dialerRow struct {
	Name             string `gorm:"primaryKey"`
	Kind             string
	Connected        bool
	Since            *instant
	LastHeardAt      *instant
	LastReconciledAt *instant
	Boot             string
	Connection       int64
	ClockAt          *instant
}

// TableName tells GORM the table.
func (dialerRow) TableName() string { return "dialers" }

func rowOfDialer(d coaching.DialerState) dialerRow {
	return dialerRow{
		Name: d.Name, Kind: d.Kind, Connected: d.Connected, Since: atOrNull(d.Since), LastHeardAt: atOrNull(d.LastHeardAt),
		LastReconciledAt: atOrNull(d.LastReconciledAt), Boot: d.Boot, Connection: d.Connection, ClockAt: atOrNull(d.ClockAt),
	}
}

func (row dialerRow) toDialer() coaching.DialerState {
	return coaching.DialerState{
		Name: row.Name, Kind: row.Kind, Connected: row.Connected, Since: row.Since.timeOrNil(),
		LastHeardAt: row.LastHeardAt.timeOrNil(), LastReconciledAt: row.LastReconciledAt.timeOrNil(),
		Boot: row.Boot, Connection: row.Connection, ClockAt: row.ClockAt.timeOrNil(),
	}
}
