package store

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/access"
	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

var _ access.Store = (*Store)(nil)

// Tokens is part of access.Store.
func (s *Store) Tokens(ctx context.Context) ([]access.Token, time.Time, error) {
	return s.tokens(ctx, func(tx *gorm.DB) *gorm.DB { return tx.Where("revoked_at IS NULL") })
}

// AllTokens returns all tokens there ever were, the newest last, with what is known of
// their users, and the database's clock at that moment.
func (s *Store) AllTokens(ctx context.Context) ([]access.Token, time.Time, error) {
	var inactive []key
	err := s.bounded(ctx, "read the tokens' users", func(ctx context.Context) error {
		return s.reading.WithContext(ctx).Raw("SELECT id FROM users WHERE inactive AND id IN (SELECT user_id FROM tokens)").Scan(&inactive).Error
	})
	if err != nil {
		return nil, time.Time{}, err
	}
	tokens, now, err := s.tokens(ctx, func(tx *gorm.DB) *gorm.DB { return tx })
	for i := range tokens {
		t := &tokens[i]
		t.UserInactive = t.User != nil && slices.Contains(inactive, key(*t.User))
	}
	return tokens, now, err
}

func (s *Store) tokens(ctx context.Context, which func(*gorm.DB) *gorm.DB) (tokens []access.Token, now time.Time, err error) {
	err = s.bounded(ctx, "read the tokens", func(ctx context.Context) error {
		tx := s.reading.WithContext(ctx)
		if now, err = s.engine.now(tx); err != nil {
			return err
		}
		var rows []tokenRow
		if err := which(tx).Order("created_at, id").Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			tokens = append(tokens, row.toToken())
		}
		return nil
	})
	return tokens, now, err
}

// CreateToken makes a token, and tells all processes. The error may be
// access.ErrNameTaken or access.ErrNoUser.
func (s *Store) CreateToken(ctx context.Context, n access.NewToken) (access.Token, error) {
	return s.changeTokens(ctx, "create a token", func(tx *gorm.DB, now time.Time) (tokenRow, audit.Action, error) {
		row, err := s.insertToken(tx, n, now)
		return row, audit.TokenCreated, err
	})
}

// CreateFirstToken makes a token where there never was one; made tells whether it
// did. Of several that try at once one does.
func (s *Store) CreateFirstToken(ctx context.Context, n access.NewToken) (made bool, err error) {
	_, err = s.changeTokens(ctx, "create the first token", func(tx *gorm.DB, now time.Time) (tokenRow, audit.Action, error) {
		made = false // of another try
		// The counter's row is what several wait for: none sees the table empty when
		// another has put a token in. The audit's comes before it, as everywhere.
		if _, err := lockAudit(tx); err != nil {
			return tokenRow{}, "", err
		}
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = 1").Take(&counterRow{}).Error; err != nil {
			return tokenRow{}, "", err
		}
		var used bool
		if err := tx.Raw("SELECT EXISTS (SELECT 1 FROM tokens)").Scan(&used).Error; err != nil || used {
			return tokenRow{}, "", err
		}
		made = true
		row, err := s.insertToken(tx, n, now)
		return row, audit.FirstTokenCreated, err
	})
	return made && err == nil, err
}

func (s *Store) insertToken(tx *gorm.DB, n access.NewToken, now time.Time) (tokenRow, error) {
	row := tokenRow{
		ID: key(uuid.Must(uuid.NewV7())), Name: n.Name, Role: string(n.Role), UserID: keyOf(n.User), Team: n.Team,
		Hash: n.Hash[:], CreatedAt: at(now),
	}
	if n.Expires > 0 {
		end := now.Add(n.Expires)
		row.ExpiresAt = atOrNull(&end)
	}
	var there struct{ Name, User bool }
	err := tx.Raw(`SELECT EXISTS (SELECT 1 FROM tokens WHERE name = ? AND revoked_at IS NULL) AS name,
		EXISTS (SELECT 1 FROM users WHERE id = ?) AS "user"`, row.Name, row.UserID).Scan(&there).Error
	switch {
	case err != nil:
		return row, err
	case there.Name:
		return row, access.ErrNameTaken
	case n.User != nil && !there.User:
		return row, access.ErrNoUser
	}
	err = tx.Create(&row).Error
	if err != nil && s.engine.verdict(err) == clashed { // somebody was faster
		err = access.ErrNameTaken
	}
	return row, err
}

// RevokeToken revokes the token of an id or, among those that are not revoked, of a
// name, and tells all processes. One that was revoked before stays as it is. The
// error may be access.ErrNoToken.
func (s *Store) RevokeToken(ctx context.Context, idOrName string) (access.Token, error) {
	return s.changeTokens(ctx, "revoke a token", func(tx *gorm.DB, now time.Time) (tokenRow, audit.Action, error) {
		which := tx.Clauses(clause.Locking{Strength: "UPDATE"})
		if id, err := uuid.Parse(idOrName); err == nil {
			which = which.Where("id = ?", key(id))
		} else {
			which = which.Where("name = ? AND revoked_at IS NULL", idOrName)
		}
		var rows []tokenRow
		if !storable(idOrName) {
			return tokenRow{}, "", access.ErrNoToken
		}
		if err := which.Find(&rows).Error; err != nil {
			return tokenRow{}, "", err
		}
		if len(rows) == 0 {
			return tokenRow{}, "", access.ErrNoToken
		}
		row, action := rows[0], audit.Action("")
		if row.RevokedAt == nil {
			row.RevokedAt, action = atOrNull(&now), audit.TokenRevoked
		}
		return row, action, tx.Model(&tokenRow{}).Where("id = ?", row.ID).Update("revoked_at", row.RevokedAt).Error
	})
}

// changeTokens changes one token in one transaction with its entry of the audit, if
// the rule names an action, and an internal one of the change log, the counter last,
// and returns it. A rule that returns no token has changed nothing.
func (s *Store) changeTokens(
	ctx context.Context, doing string, rule func(tx *gorm.DB, now time.Time) (tokenRow, audit.Action, error),
) (access.Token, error) {
	// Before the transaction: who makes the key there has others wait to the commit.
	secret, _, err := s.AuditKey(ctx)
	if err != nil {
		return access.Token{}, err
	}
	var changed tokenRow
	err = s.tried(ctx, doing, func(tx *gorm.DB) error {
		now, err := s.engine.now(tx)
		if err != nil {
			return err
		}
		var action audit.Action
		if changed, action, err = rule(tx, now); err != nil || changed.ID == (key{}) {
			return err
		}
		if err := s.auditToken(tx, secret, action, changed); err != nil {
			return err
		}
		return s.tellToken(tx, changed.ID)
	})
	if err != nil || changed.ID == (key{}) {
		return access.Token{}, err
	}
	return changed.toToken(), nil
}

// auditToken enters what a command, or the service at its first start, did to a
// token.
func (s *Store) auditToken(tx *gorm.DB, secret audit.Key, action audit.Action, row tokenRow) error {
	if action == "" {
		return nil
	}
	text, err := row.details().Text(secret)
	if err != nil {
		return err
	}
	e := audit.Entry{
		Action: action, Result: audit.Done, Actor: audit.Actor{Kind: audit.ByCommand},
		Subject: audit.Subject{Kind: audit.Token, ID: uuid.UUID(row.ID).String()}, Details: text,
	}
	if action == audit.FirstTokenCreated {
		e.Actor.Kind = audit.Service
	}
	return appendAudit(tx, s.engine, []audit.Entry{e})
}

// tellToken raises the counter and writes the entry: that something happened to a
// token, and nothing of the token.
func (s *Store) tellToken(tx *gorm.DB, id key) error {
	head, err := s.engine.raise(tx, 1)
	if err != nil {
		return err
	}
	return tx.Create(&changeRow{
		Number: head.Revision, At: head.AsOf, Kind: string(coaching.TokenChanged), EntityID: uuid.UUID(id).String(), Payload: "{}",
	}).Error
}

// KeepUses is part of access.Store.
func (s *Store) KeepUses(ctx context.Context, uses map[uuid.UUID]time.Time) error {
	return s.bounded(ctx, "keep when tokens were used", func(ctx context.Context) error {
		for id, used := range uses {
			moment := at(used)
			if err := s.writing.WithContext(ctx).Exec(
				"UPDATE tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)",
				moment, key(id), moment).Error; err != nil {
				return err
			}
		}
		return nil
	})
}
