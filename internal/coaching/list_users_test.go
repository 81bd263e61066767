package coaching

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func somebody(n int, name string) *User {
	id := uuid.UUID{6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return &User{ID: id, Name: name}
}

// floorOf is a floor that knows these users, over no store.
func floorOf(users ...*User) *Floor {
	f := &Floor{view: newView("", slog.New(slog.DiscardHandler))}
	f.view.reset(LiveSet{Users: users})
	return f
}

func everyone(*User) bool { return true }

// Whatever changes between two looks, the list is sorted, whole, and as the users
// are now; pages put together are the list.
func TestTheDirectoryFollowsTheChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		f := floorOf(somebody(1, "Maria"), somebody(2, "Tom"))
		now := map[UserID]string{somebody(1, "").ID: "Maria", somebody(2, "").ID: "Tom"}
		number := int64(0)
		for range rapid.IntRange(1, 5).Draw(r, "looks") {
			for range rapid.IntRange(0, 4).Draw(r, "changes") {
				number++
				u := somebody(rapid.IntRange(1, 6).Draw(r, "who"), rapid.SampledFrom([]string{"Ana", "Maria", "Tom", "Zoë"}).Draw(r, "name"))
				f.view.advance([]Change{{Number: number, Kind: UserChanged, User: u}})
				now[u.ID] = u.Name
			}
			var want, got []string
			for id, name := range now {
				want = append(want, name+id.String())
			}
			slices.Sort(want)
			var after *NamePlace
			for {
				page := f.Users("", after, 2, everyone)
				for _, u := range page.Users {
					got = append(got, u.Name+u.ID.String())
				}
				if after = page.Next; after == nil {
					break
				}
			}
			if !slices.Equal(got, want) {
				r.Fatalf("got  %q\nwant %q", got, want)
			}
		}
	})
}

func TestAPageOfUsersLooksAtSoManyOnly(t *testing.T) {
	t.Parallel()
	users := make([]*User, mostLookedAt+5)
	for i := range users {
		users[i] = somebody(i, fmt.Sprintf("%06d", i))
	}
	f := floorOf(users...)
	last := func(u *User) bool { return u == users[len(users)-1] }
	first := f.Users("", nil, 10, last)
	if len(first.Users) != 0 || first.Next == nil {
		t.Fatalf("got %+v, want an empty page and one more", first)
	}
	if second := f.Users("", first.Next, 10, last); len(second.Users) != 1 || second.Next != nil {
		t.Errorf("got %+v, want the last user", second)
	}
	whole := f.Users("", &NamePlace{Name: fmt.Sprintf("%06d", mostLookedAt)}, 5, everyone)
	if len(whole.Users) != 5 || whole.Next != nil {
		t.Errorf("got %d users and next %v, want the last 5 and no more", len(whole.Users), whole.Next)
	}
}

// A million people, of whom some change between two looks.
func BenchmarkUsers(b *testing.B) {
	users := make([]*User, 1_000_000)
	for i := range users {
		users[i] = somebody(i, fmt.Sprintf("Employee Number %d", i*7919%len(users)))
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			f := floorOf(users...)
			b.StartTimer()
			f.Users("", nil, 50, everyone)
		}
	})
	f := floorOf(users...)
	number := int64(0)
	f.Users("", nil, 50, everyone)
	b.Run("after 250 changes", func(b *testing.B) {
		for b.Loop() {
			for i := range 250 {
				number++
				f.view.advance([]Change{{Number: number, User: somebody(i*1000, fmt.Sprint("Renamed ", number))}})
			}
			f.Users("", nil, 50, everyone)
		}
	})
	b.Run("nobody found", func(b *testing.B) {
		for b.Loop() {
			f.Users("", nil, 50, func(u *User) bool { return strings.Contains(u.Name, "nobody") })
		}
	})
}
