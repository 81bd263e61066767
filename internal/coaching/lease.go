package coaching

import (
	"context"
	"time"
)

// Leases give each dialer to one process at a time. All times are the database's
// clock. Methods return ErrUnavailable, in bounded time, when the database is
// away.
type Leases interface {
	// Leases returns the leases of all dialers that ever had one, in one read.
	Leases(ctx context.Context) ([]Lease, error)

	// TakeLease takes the lease of a dialer that is free, has expired, or was this
	// holder's: with the next fencing number. It waits for changes that the holder
	// before has under way; from then on its changes are refused. ErrSuperseded
	// tells that somebody else has the lease.
	TakeLease(ctx context.Context, dialer string, by Holder, length time.Duration) (Fence, error)

	// RenewLease lets a lease last from now on, even one that had expired.
	// ErrSuperseded tells that somebody else took it.
	RenewLease(ctx context.Context, dialer string, fence Fence, renewal Renewal) error

	// ReleaseLease gives a lease up, and tells the other processes. It changes
	// nothing where somebody else took it.
	ReleaseLease(ctx context.Context, dialer string, fence Fence) error
}

// Holder is a process that may hold leases.
type Holder struct {
	Token string // random: another one each time that the process starts
	Name  string // for people; two processes may have the same
}

// Fence is a holding of a lease. Changes that are made under it are refused as
// soon as another holding began. The number alone would not do: a standby that
// was promoted may not know the newest holding and give its number again.
type Fence struct {
	Number int64 // rises with each holding
	Token  string
}

// Renewal is what a holder says of a lease.
type Renewal struct {
	For time.Duration // how long it lasts
	// Behind is for how long the holder has had reports that it could not keep; zero
	// if it has none.
	Behind time.Duration
}

// Lease is who holds a dialer.
type Lease struct {
	Dialer string
	Fence  Fence
	Holder string    // the process's name; "" after a release
	Held   bool      // it has not expired
	Until  time.Time // when it expires, or did
	// BehindSince is since when the holder has reports that it could not keep; nil if
	// it has none.
	BehindSince *time.Time
	// HeardAt is when the dialer was last heard; nil if never.
	HeardAt *time.Time
}
