package store

import (
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/audit"
)

type tokenRow struct {
	ID         key `gorm:"primaryKey"`
	Name       string
	Role       string
	UserID     *key
	Team       string
	Hash       []byte
	CreatedAt  instant `gorm:"autoCreateTime:false"`
	ExpiresAt  *instant
	RevokedAt  *instant
	LastUsedAt *instant
}

// TableName tells GORM the table.
func (tokenRow) TableName() string { return "tokens" }

// details are what the audit holds of a token.
func (row tokenRow) details() audit.Details {
	d := audit.Details{"role": row.Role}
	if row.Team != "" {
		d["team_hash"] = audit.Team(row.Team)
	}
	if row.UserID != nil {
		d["user_id"] = row.UserID.id()
	}
	if row.ExpiresAt != nil {
		d["expires_at"] = row.ExpiresAt.time()
	}
	return d
}

// toToken is the token. A hash that somebody has cut short is no text's.
func (row tokenRow) toToken() access.Token {
	var hash access.Hash
	copy(hash[:], row.Hash)
	return access.Token{
		ID: uuid.UUID(row.ID), Name: row.Name, Role: access.Role(row.Role), Team: row.Team, Hash: hash,
		CreatedAt: row.CreatedAt.time(), ExpiresAt: row.ExpiresAt.timeOrNil(), RevokedAt: row.RevokedAt.timeOrNil(),
		LastUsedAt: row.LastUsedAt.timeOrNil(), User: row.UserID.id(),
	}
}
