package sheet

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"regexp"
	"slices"

	"github.com/coachmanager/coachmanager/internal/coaching"
)

// userColumns are those of a file of users.
var userColumns = []string{"external_id", "name", "team", "dialer", "extension"}

// mostExtensions is how many extensions a user may have.
const mostExtensions = 50

// Users is a file of users.
type Users struct {
	Users []coaching.ImportedUser // in the order of the file
	Lines []int                   // where each of them stands first
}

// dialerName is how configurations name dialers.
var dialerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// ReadUsers reads a file of users: external_id, name, team, dialer and extension. A
// user with several extensions has as many lines. The error is *Mistakes, or says why
// the file cannot be read at all.
func ReadUsers(r io.Reader) (*Users, error) {
	t, err := open(r, userColumns...)
	if err != nil {
		return nil, err
	}
	f := &usersFile{
		table: t, users: &Users{}, byExternal: map[string]int{}, holders: map[coaching.Extension]holder{}, words: map[string]string{},
	}
	for {
		l, ok, err := t.next(userColumns...)
		switch {
		case errors.Is(err, io.EOF):
			return f.users, t.mistakes.none()
		case err != nil:
			return nil, t.endedBy(err)
		case ok:
			f.take(l)
		}
	}
}

// endedBy is the error of a file that cannot be read on, after the mistakes before.
func (t *table) endedBy(err error) error {
	if t.mistakes.none() == nil {
		return err
	}
	t.mistakes.First = append(t.mistakes.First, err.Error())
	return t.mistakes
}

// usersFile is a file that is being read.
type usersFile struct {
	*table
	users      *Users
	byExternal map[string]int
	holders    map[coaching.Extension]holder
	words      map[string]string // names of teams and dialers, each kept once
}

// holder is who has an extension, and the line that says so.
type holder struct{ user, line int }

// take takes a line in.
func (f *usersFile) take(l line) {
	id, name, team, extension := l.cells[0], l.cells[1], f.word(l.cells[2]), coaching.Extension{Dialer: f.word(l.cells[3]), Extension: l.cells[4]}
	if !f.complete(l, id, name, extension) {
		return
	}
	i, known := f.byExternal[id]
	if !known {
		i = len(f.users.Users)
		f.byExternal[id] = i
		f.users.Users = append(f.users.Users, coaching.ImportedUser{ExternalID: id, Name: name, Team: team})
		f.users.Lines = append(f.users.Lines, l.number)
	}
	u, first := &f.users.Users[i], f.users.Lines[i]
	switch {
	case u.Name != name:
		f.mistakes.add(l.number, "name", "differs from that of line %d, which has the same external_id", first)
	case u.Team != team:
		f.mistakes.add(l.number, "team", "differs from that of line %d, which has the same external_id", first)
	case known && (extension.Extension == "" || len(u.Extensions) == 0):
		f.mistakes.add(l.number, "external_id", "is that of line %d already; several lines of a user have an extension each", first)
	case len(u.Extensions) == mostExtensions:
		f.mistakes.add(l.number, "extension", "is one too many: a user has %d at most", mostExtensions)
	case extension.Extension != "":
		f.give(l, i, extension)
	}
}

// complete tells whether a line has all that it needs.
func (f *usersFile) complete(l line, id, name string, extension coaching.Extension) bool {
	before := len(f.mistakes.First) + f.mistakes.More
	if id == "" {
		f.mistakes.add(l.number, "external_id", "is empty")
	}
	if name == "" {
		f.mistakes.add(l.number, "name", "is empty")
	}
	switch {
	case extension.Dialer == "" && extension.Extension != "":
		f.mistakes.add(l.number, "dialer", "is empty, and there is an extension")
	case extension.Dialer != "" && extension.Extension == "":
		f.mistakes.add(l.number, "extension", "is empty, and there is a dialer")
	case extension.Dialer != "" && !dialerName.MatchString(extension.Dialer):
		f.mistakes.add(l.number, "dialer", "is no name of a dialer: up to 32 of a-z, 0-9 and -")
	}
	return len(f.mistakes.First)+f.mistakes.More == before
}

// give gives an extension to a user, unless somebody has it.
func (f *usersFile) give(l line, user int, e coaching.Extension) {
	if h, taken := f.holders[e]; taken {
		whose := "another user's"
		if h.user == user {
			whose = "this user's already"
		}
		f.mistakes.add(l.number, "extension", "is %s, by line %d", whose, h.line)
		return
	}
	f.holders[e] = holder{user, l.number}
	f.users.Users[user].Extensions = append(f.users.Users[user].Extensions, e)
}

// word returns a text that stands in many lines, kept once.
func (f *usersFile) word(text string) string {
	if known, ok := f.words[text]; ok {
		return known
	}
	f.words[text] = text
	return text
}

// WriteUsers writes users in the form that ReadUsers reads, sorted by external id.
// Those first seen at a dialer have none: it is left to be filled in.
func WriteUsers(w io.Writer, users []*coaching.User) error {
	sorted := slices.SortedFunc(slices.Values(users), func(a, b *coaching.User) int {
		return cmp.Or(cmp.Compare(a.ExternalID, b.ExternalID), slices.Compare(a.ID[:], b.ID[:]))
	})
	out := csv.NewWriter(w)
	_ = out.Write(userColumns) // Error tells
	for _, u := range sorted {
		extensions := u.Extensions
		if len(extensions) == 0 {
			extensions = []coaching.Extension{{}}
		}
		for _, e := range extensions {
			_ = out.Write([]string{tamed(u.ExternalID), tamed(u.Name), tamed(u.Team), tamed(e.Dialer), tamed(e.Extension)})
		}
	}
	out.Flush()
	return out.Error()
}
