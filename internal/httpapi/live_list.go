package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// liveLists are the live lists by who may see what.
type liveLists struct {
	floor   *coaching.Floor
	encoded atomic.Int64 // users encoded ever

	mu    sync.RWMutex
	lists map[sight]*liveList
}

// mostSights is how many live lists are kept. Teams come and go; beyond this many,
// all are forgotten and encoded anew for whoever still asks.
const mostSights = 500

// of is the live list as somebody may see it.
func (l *liveLists) of(v sight) *liveList {
	l.mu.RLock()
	list := l.lists[v]
	l.mu.RUnlock()
	if list != nil {
		return list
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if made := l.lists[v]; made != nil {
		return made
	}
	if l.lists == nil || len(l.lists) >= mostSights {
		l.lists = map[sight]*liveList{}
	}
	list = &liveList{sight: v, floor: l.floor, encoded: &l.encoded}
	l.lists[v] = list
	return list
}

// liveList is the live view in the contract's JSON, as somebody may see it. Each
// user is encoded once a change of what it shows, and what is no longer live is
// dropped.
type liveList struct {
	sight   sight
	floor   *coaching.Floor
	mu      sync.Mutex // one encodes, the others wait and share
	page    atomic.Pointer[livePage]
	encoded *atomic.Int64
}

// livePage is one live view, encoded. It is immutable.
type livePage struct {
	*coaching.Live
	items  []*liveItem                          // in the list's order
	byUser map[*coaching.CoachingUser]*liveItem // nil for a user who may not be seen
	whole  func() liveAnswer                    // the unfiltered list, put together when first asked for
}

// liveItem is one user of the live list.
type liveItem struct {
	user *coaching.CoachingUser
	json []byte
	hash [sha256.Size]byte
	name string   // what a search looks at, folded: the user's names
	rest []string // and those of each session's target, by session
}

// now returns the live view as it is.
func (l *liveList) now() (*livePage, error) {
	if p := l.page.Load(); p != nil && p.Live == l.floor.Live() {
		return p, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	live, before := l.floor.Live(), l.page.Load()
	if before != nil && before.Live == live {
		return before, nil
	}
	p := &livePage{Live: live, byUser: map[*coaching.CoachingUser]*liveItem{}}
	for _, u := range live.CoachingUsers() {
		item, err := l.item(u, before)
		if err != nil {
			return nil, err
		}
		if item != nil {
			p.items = append(p.items, item)
		}
		p.byUser[u] = item
	}
	p.whole = sync.OnceValue(func() liveAnswer { return p.list(p.items, "") })
	l.page.Store(p)
	return p, nil
}

// item is what may be seen of a user, encoded; nil if nothing may. What the page
// before had of the same user is taken over.
func (l *liveList) item(u *coaching.CoachingUser, before *livePage) (*liveItem, error) {
	if before != nil {
		if item, known := before.byUser[u]; known {
			return item, nil
		}
	}
	if u = u.ForTeam(l.sight.team); u == nil {
		return nil, nil //nolint:nilnil // documented: nothing may be seen
	}
	return l.encode(u)
}

// encode encodes one user.
func (l *liveList) encode(u *coaching.CoachingUser) (*liveItem, error) {
	l.encoded.Add(1)
	text, err := json.Marshal(l.sight.coachingUserOf(u))
	if err != nil {
		return nil, fmt.Errorf("encode user %s: %w", u.ID, err)
	}
	item := &liveItem{user: u, json: text, hash: sha256.Sum256(text), name: searched(u.User)}
	for _, s := range u.Sessions {
		target := ""
		if s.TargetUser != nil {
			target = searched(*s.TargetUser)
		}
		item.rest = append(item.rest, target)
	}
	return item, nil
}

// list puts users together. The ETag covers the filter and what the users show,
// and not the revision, which moves with what the list does not show.
func (p *livePage) list(items []*liveItem, filter string) liveAnswer {
	a := p.answer()
	var body bytes.Buffer
	body.WriteString(`{"revision":` + strconv.Quote(a.revision) + `,"as_of":"` + a.asOf + `","items":[`)
	tag := sha256.New()
	tag.Write([]byte(filter))
	for i, item := range items {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(item.json)
		tag.Write(item.hash[:])
	}
	body.WriteString("]}\n")
	a.body, a.etag = body.Bytes(), weakTag(tag.Sum(nil))
	return a
}

// one is the answer for a user.
func (p *livePage) one(item *liveItem) liveAnswer {
	a := p.answer()
	a.body, a.etag = slices.Concat(item.json, []byte("\n")), weakTag(item.hash[:])
	return a
}

func (p *livePage) answer() liveAnswer {
	return liveAnswer{revision: p.Revision.String(), asOf: p.Revision.At.UTC().Format(time.RFC3339Nano)}
}

// weakTag is weak because an answer may be compressed, and leaves out revision
// and as_of.
func weakTag(sum []byte) string { return `W/"` + hex.EncodeToString(sum[:12]) + `"` }
