package store

import (
	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/access"
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
