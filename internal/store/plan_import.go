package store

import (
	"context"
	"maps"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/coachmanager/coachmanager/internal/audit"
	"github.com/coachmanager/coachmanager/internal/coaching"
)

// portionSize is how many users or catalogue entries are changed at once, a power of
// two for the reason that portions has: others who write wait for hundredths of a
// second.
const portionSize = 128

// Import is what is to be so. No two users have an external id or an extension in
// common, and no two entries a key.
type Import struct {
	Users   []coaching.ImportedUser
	Entries []coaching.ImportedEntry
	// DeactivateMissing makes users inactive who were imported and are not here.
	DeactivateMissing bool
}

// ImportPlan is what an import comes to.
type ImportPlan struct {
	Effects map[coaching.Effect]int
	Moved   int             // extensions that go from one user to another
	First   []PlannedEffect // of those that change something, the first
	// action is what the audit calls it.
	action audit.Action
	// portions hold what changes something, and nothing else.
	portions []coaching.Portion
}

// PlannedEffect is what happens to one of Import.Users or Import.Entries, or to the
// user with an external id who is missing.
type PlannedEffect struct {
	Index   int    // -1 for one who is missing
	Missing string // "" but for one who is missing
	Effect  coaching.Effect
}

// firstEffects is how many effects are told one by one.
const firstEffects = 20

// Changes tells whether there is anything to do.
func (p *ImportPlan) Changes() bool { return len(p.portions) > 0 }

// PlanImport looks up what an import would change, and changes nothing. It tells
// seen, from time to time, how many users and entries it has looked at.
func (s *Store) PlanImport(ctx context.Context, in Import, seen func(int)) (*ImportPlan, error) {
	plan := &ImportPlan{Effects: map[coaching.Effect]int{}, action: audit.UsersImported}
	if len(in.Entries) > 0 {
		plan.action = audit.CatalogueImported
	}
	done := 0
	look := func(p coaching.Portion) error {
		err := s.planPortion(ctx, plan, p, done)
		done += len(p.Users) + len(p.Entries)
		seen(done)
		return err
	}
	for users := range slices.Chunk(in.Users, portionSize) {
		if err := look(coaching.Portion{Users: users}); err != nil {
			return nil, err
		}
	}
	if in.DeactivateMissing {
		missing, err := s.missing(ctx, in.Users)
		if err != nil {
			return nil, err
		}
		for ids := range slices.Chunk(missing, portionSize) {
			if err := look(coaching.Portion{Missing: ids}); err != nil {
				return nil, err
			}
		}
	}
	for entries := range slices.Chunk(in.Entries, portionSize) {
		if err := look(coaching.Portion{Entries: entries}); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// planPortion tries a portion out, and takes what changes something into the plan.
// first is the index of its first user or entry.
func (s *Store) planPortion(ctx context.Context, plan *ImportPlan, p coaching.Portion, first int) error {
	var effects []coaching.Effect
	err := s.bounded(ctx, "look at an import", func(ctx context.Context) error {
		c := change{engine: s.engine, looking: true}
		roster, err := c.roster(s.reading.WithContext(ctx), p)
		if err == nil {
			effects = roster.Import(p)
			plan.Moved += roster.Moved()
		}
		return err
	})
	if err != nil {
		return err
	}
	var news coaching.Portion
	for i, effect := range effects {
		plan.Effects[effect]++
		if effect == coaching.EffectUnchanged {
			continue
		}
		planned := PlannedEffect{Index: first + i, Effect: effect}
		switch {
		case len(p.Users) > 0:
			news.Users = append(news.Users, p.Users[i])
		case len(p.Entries) > 0:
			news.Entries = append(news.Entries, p.Entries[i])
		default:
			news.Missing = append(news.Missing, p.Missing[i])
			planned.Index, planned.Missing = -1, p.Missing[i]
		}
		if len(plan.First) < firstEffects {
			plan.First = append(plan.First, planned)
		}
	}
	plan.add(news)
	return nil
}

// add joins what few changes some portions have.
func (p *ImportPlan) add(news coaching.Portion) {
	size := func(p coaching.Portion) int { return len(p.Users) + len(p.Missing) + len(p.Entries) }
	if size(news) == 0 {
		return
	}
	if last := len(p.portions) - 1; last >= 0 && size(p.portions[last])+size(news) <= portionSize {
		before := &p.portions[last]
		before.Users = append(before.Users, news.Users...)
		before.Missing = append(before.Missing, news.Missing...)
		before.Entries = append(before.Entries, news.Entries...)
		return
	}
	p.portions = append(p.portions, news)
}

// missing are the external ids of active users who are not among these, sorted.
func (s *Store) missing(ctx context.Context, users []coaching.ImportedUser) ([]string, error) {
	named := make(map[string]bool, len(users))
	for _, u := range users {
		named[u.ExternalID] = true
	}
	var missing []string
	var after key
	const page = 5000
	for {
		var rows []userRow
		err := s.bounded(ctx, "look for users who are missing", func(ctx context.Context) error {
			return s.reading.WithContext(ctx).Where("id > ?", after).Order("id").Limit(page).Find(&rows).Error
		})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.ExternalID != nil && !row.Inactive && !named[*row.ExternalID] {
				missing = append(missing, *row.ExternalID)
			}
		}
		if len(rows) < page {
			slices.Sort(missing)
			return missing, nil
		}
		after = rows[len(rows)-1].ID
	}
}

// roster reads all that a portion may touch.
func (c *change) roster(tx *gorm.DB, p coaching.Portion) (*coaching.Roster, error) {
	external := slices.Clone(p.Missing)
	extensions := map[string][]string{} // by dialer
	for _, u := range p.Users {
		external = append(external, u.ExternalID)
		for _, e := range u.Extensions {
			extensions[e.Dialer] = append(extensions[e.Dialer], e.Extension)
		}
	}
	ids, err := find[key](external, func(list []string) *gorm.DB {
		return tx.Model(&userRow{}).Select("id").Where("external_id IN ?", list)
	})
	if err != nil {
		return nil, err
	}
	for _, dialer := range slices.Sorted(maps.Keys(extensions)) {
		holders, err := find[key](extensions[dialer], func(list []string) *gorm.DB {
			return tx.Model(&extensionRow{}).Select("user_id").Where("dialer = ? AND extension IN ?", dialer, list)
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, holders...)
	}
	if err := c.loadUsersOf(tx, ids); err != nil {
		return nil, err
	}
	if err := c.loadEntries(tx, p.Entries); err != nil {
		return nil, err
	}
	return coaching.NewRoster(c.rows), nil
}

func (c *change) loadEntries(tx *gorm.DB, entries []coaching.ImportedEntry) error {
	type section struct {
		dialer string
		kind   coaching.CatalogueKind
	}
	keys := map[section][]string{}
	for _, e := range entries {
		of := section{e.Dialer, e.Kind}
		keys[of] = append(keys[of], e.Key)
	}
	for of, list := range keys {
		rows, err := find[catalogueRow](list, func(list []string) *gorm.DB {
			tx := tx.Where("dialer = ? AND kind = ? AND key IN ?", of.dialer, string(of.kind), list).Order("id")
			if c.looking {
				return tx
			}
			return tx.Clauses(clause.Locking{Strength: "UPDATE"})
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			c.rows.Catalogue = append(c.rows.Catalogue, row.toEntry())
		}
	}
	return nil
}
