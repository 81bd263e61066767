package ami

import "sync/atomic"

// Discards counts the messages of a connection that reached nobody.
type Discards struct {
	// Forged events: without a Privilege, which every event the manager sends
	// to all has, and not an item of a list that we asked for. They come from
	// values with line breaks, which Asterisk writes out raw in AppData, in the
	// body of a UserEvent and in ChanVariable of OriginateResponse. In
	// testdata/local-utf8-and-hostile-values.ami an "Event: Fake" is made so.
	//
	// Whoever can do that can write a Privilege as well, and Asterisk's own
	// blank line then ends his event: nothing on the wire is left to tell. So
	// an event that ends a session, or begins one, needs to fit what is known:
	// a Uniqueid that exists, or the manager's own list.
	Forged uint64
	// Debris: neither event nor answer. What stands behind a forged event.
	Debris uint64
	// Unasked answers and items: they came after the caller had given up, or
	// without an ActionID.
	Unasked uint64
}

type discards struct {
	forged, debris, unasked atomic.Uint64
}

// Discarded returns the counts so far. Forged above zero is worth a warning in the
// log: somebody is playing with values, or the dialplan copies unchecked ones.
func (c *Conn) Discarded() Discards {
	return Discards{
		Forged:  c.discards.forged.Load(),
		Debris:  c.discards.debris.Load(),
		Unasked: c.discards.unasked.Load(),
	}
}
