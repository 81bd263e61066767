package simulator

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// Past is an invented past, ready to be imported: it has happened at a dialer,
// to the same people and campaigns as the living centre's.
type Past struct {
	Sessions  []*coaching.Session // ended ones, oldest first
	Users     []*coaching.User
	Catalogue []coaching.CatalogueEntry
}

// perDay is how many sessions a centre of 30 supervisors has on a weekday.
const perDay = 300

// History invents what happened at a dialer of this name during the span before
// until: some 20,000 sessions in 90 days, for 30 supervisors. All sessions have
// ended by then, and by when the first ones of a world begin that starts then.
// It repeats by Seed, Supervisors and Agents; what else cfg says does not matter.
func History(cfg Config, dialer string, until time.Time, span time.Duration) Past {
	cfg = cfg.withDefaults()
	until = tick(until).Add(-warmUp)
	p := newPast(cfg, dialer, until.Add(-span))
	for day := until.Add(-span).Truncate(24 * time.Hour); day.Before(until); day = day.Add(24 * time.Hour) {
		for _, at := range p.beginnings(day, perDay*cfg.Supervisors/30) {
			if !at.Before(until.Add(-span)) && at.Before(until.Add(-longestSession)) {
				p.invent(at)
			}
		}
	}
	slices.SortStableFunc(p.Sessions, func(a, b *coaching.Session) int { return a.StartedAt.Compare(b.StartedAt) })
	return p.Past
}

// past is a past in the making.
type past struct {
	Past
	dialer string
	luck   chance
	bytes  *rand.ChaCha8
	cast   cast

	users     map[string]*coaching.User // by extension
	campaigns []uuid.UUID               // as in campaigns
	lists     [][]uuid.UUID
	busyUntil []time.Time // by supervisor
	legs      int
	calls     int
}

func newPast(cfg Config, dialer string, begins time.Time) *past {
	var seed [32]byte
	copy(seed[:], "history "+strconv.FormatUint(cfg.Seed, 10))
	p := &past{
		dialer: dialer, luck: newChance(cfg.Seed, "history"), bytes: rand.NewChaCha8(seed),
		cast: newCast(cfg.Seed, cfg.Supervisors, cfg.Agents), users: map[string]*coaching.User{},
		busyUntil: make([]time.Time, cfg.Supervisors),
	}
	for _, m := range slices.Concat(p.cast.supervisors, p.cast.agents) {
		u := &coaching.User{
			ID: p.id(begins), Name: m.Name, Team: m.Team,
			Extensions: []coaching.Extension{{Dialer: dialer, Extension: m.Extension}},
			Presence:   coaching.Presence{Status: coaching.StatusUnknown},
		}
		p.users[m.Extension] = u
		p.Users = append(p.Users, u)
	}
	for _, c := range campaigns {
		p.campaigns = append(p.campaigns, p.entry(coaching.KindCampaign, c.Named, begins))
		var lists []uuid.UUID
		for _, l := range c.lists {
			lists = append(lists, p.entry(coaching.KindList, l, begins))
		}
		p.lists = append(p.lists, lists)
	}
	for _, c := range resultCodes() {
		p.entry(coaching.KindResultCode, c, begins)
	}
	return p
}

func (p *past) entry(kind coaching.CatalogueKind, n coaching.Named, at time.Time) uuid.UUID {
	id := p.id(at)
	p.Catalogue = append(p.Catalogue, coaching.CatalogueEntry{ID: id, Kind: kind, Dialer: p.dialer, Key: n.Key, Name: n.Name})
	return id
}

// id is a UUIDv7 made at a moment.
func (p *past) id(at time.Time) uuid.UUID {
	var id uuid.UUID
	_, _ = p.bytes.Read(id[:]) // never fails
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// byHour is how much goes on in each hour of a day.
var byHour = []int{0, 0, 0, 0, 0, 0, 0, 2, 12, 26, 34, 32, 20, 18, 30, 34, 30, 24, 14, 10, 4, 0, 0, 0}

// beginnings are the moments of a day at which sessions begin, in order: fewer
// on Saturdays, hardly any on Sundays.
func (p *past) beginnings(day time.Time, weekday int) []time.Time {
	n := weekday * (85 + p.luck.IntN(31)) / 100
	switch day.Weekday() {
	case time.Saturday:
		n /= 4
	case time.Sunday:
		n /= 12
	}
	all := make([]time.Time, n)
	for i := range all {
		all[i] = day.Add(time.Duration(p.luck.weighted(byHour...))*time.Hour + p.luck.between(0, time.Hour))
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}
