package config

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// EraseNumbers is the command that erases customers' numbers.
type EraseNumbers struct {
	Database Database
	Log      Log
	// Number is the one to erase; "-" is what the standard input holds, and "" is
	// none: then those older than OlderThan are meant.
	Number    Secret
	OlderThan time.Duration
	DryRun    bool // count, and change nothing
}

// ReportUser is the command that tells when, by whom and how a user was listened to.
type ReportUser struct {
	Database Database
	Log      Log
	User     string     // an id or an external id
	From, To *time.Time // half-open, on the start; nil: no bound
	CSV      bool       // else a text for people
}

type privacyFlags struct {
	Erase  eraseNumbersFlags `cmd:"" help:"Erase a customer's number, or all older than an age, everywhere in the database."`
	Report reportUserFlags   `cmd:"" help:"Tell when, by whom and how a user was listened to, for that person's own information."`
}

type numbersFlags struct {
	EraseNumbersAfter given `help:"Age at which customers' numbers are erased, 1d to 3660d, counted from when a call was last heard; never if left out." placeholder:"DURATION"`
}

type eraseNumbersFlags struct {
	PhoneNumber given `setting:"-" help:"The number, however it is spelt; - reads it from the standard input, where no list of processes and no shell's history shows it." placeholder:"NUMBER"`
	OlderThan   given `setting:"-" help:"Instead: the numbers of all calls last heard longer ago than this, such as 90d; 1d at least." placeholder:"DURATION"`
	DryRun      bool  `setting:"-" help:"Count what would be erased, and change nothing."`
	databaseFlags
	logFlags
}

type reportUserFlags struct {
	User   given `setting:"-" help:"The user's id or external id." placeholder:"ID"`
	From   given `setting:"-" help:"Only what began then or later: 2026-11-16, or 2026-11-16T09:00:00Z." placeholder:"TIME"`
	To     given `setting:"-" help:"Only what began before that." placeholder:"TIME"`
	Format given `setting:"-" help:"text or csv. Default ${default}." default:"text" placeholder:"FORMAT"`
	databaseFlags
	logFlags
}

// Help is the second part of the command's help.
func (eraseNumbersFlags) Help() string {
	return `The number goes from the calls, from reasons of disconnect requests in which somebody wrote it, and from the change log; the rows stay, so that the history can be counted. It works beside services, which show it no more within a second. A call that goes on stays without its number, whatever the dialer tells of it again; a later call of the same customer is kept as any other.

Numbers are the same when their digits are: +49 30 123 is 4930123, and not 030123, which has to be erased by itself.

What is erased stays so; where this is cut off, run it again. Backups, Postgres's write-ahead log and the dialer's own records are not touched.`
}

// youngest is the shortest age: what is younger is at work still.
const youngest = 24 * time.Hour

// check returns the age; 0 where there is none.
func (f numbersFlags) check() (time.Duration, error) {
	if f.EraseNumbersAfter.as == "" {
		return 0, nil
	}
	return age(f.EraseNumbersAfter)
}

// age is a time of a day at least.
func age(g given) (time.Duration, error) {
	d, err := days(g)
	if err != nil || d < youngest {
		return 0, g.refuse("%s is no age from 1d to 3660d, such as 90d", shown(g.text))
	}
	return d, nil
}

func (f eraseNumbersFlags) check() (c EraseNumbers, err error) {
	c.Number, c.DryRun = Secret{strings.TrimSpace(f.PhoneNumber.text)}, f.DryRun
	byAge := f.OlderThan.as != ""
	switch {
	case byAge == (f.PhoneNumber.as != ""):
		return c, given{as: "--phone-number"}.refuse("say what to erase: either this, or --older-than")
	case !byAge && c.Number.text == "":
		return c, f.PhoneNumber.refuse("holds no number")
	case byAge:
		if c.OlderThan, err = age(f.OlderThan); err != nil {
			return c, err
		}
	}
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

func (f reportUserFlags) check() (c ReportUser, err error) {
	if c.User = f.User.text; c.User == "" {
		return c, given{as: "--user"}.refuse("say whose report it is: an id or an external id of a user")
	}
	if c.From, err = instant(f.From); err != nil {
		return c, err
	}
	if c.To, err = instant(f.To); err != nil {
		return c, err
	}
	if c.From != nil && c.To != nil && !c.From.Before(*c.To) {
		return c, f.To.refuse("is not after --from")
	}
	format, err := f.Format.oneOf("text", "csv")
	if err != nil {
		return c, err
	}
	c.CSV = format == "csv"
	c.Database, c.Log, err = checkBoth(f.databaseFlags, f.logFlags)
	return c, err
}

// instant is a moment, or the beginning of a day in UTC; nil where none is given.
func instant(g given) (*time.Time, error) {
	if g.as == "" {
		return nil, nil //nolint:nilnil // documented: no bound
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, g.text); err == nil {
			return &t, nil
		}
	}
	return nil, g.refuse("%s is no time; write 2026-11-16 or 2026-11-16T09:00:00Z", shown(g.text))
}

// withoutNumbers leaves out of an error what may be a part of a number that was not
// quoted.
func withoutNumbers(args []string, err error) error {
	if slices.Contains(args, "privacy") && strings.HasPrefix(err.Error(), "unexpected argument") {
		return errors.New("unexpected argument after privacy; put a number that has spaces into quotes")
	}
	return err
}
