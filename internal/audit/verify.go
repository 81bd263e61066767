package audit

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// verifiedAtOnce is how many entries are held in memory while a chain is verified.
const verifiedAtOnce = 2000

// ErrBroken tells that a chain is not what was written; the text of the error says
// from which number on.
var ErrBroken = errors.New("the audit was tampered with or damaged")

// Verify walks a chain from its beginning and returns where it ends. Its error is
// ErrBroken at the first entry that is changed, missing or one too many. With
// expected, a head that was noted elsewhere, it also finds a chain that was written
// anew as a whole. Entries may be appended meanwhile. seen is told from time to time
// how many entries were looked at.
func Verify(ctx context.Context, chain Chain, expected *Head, seen func(int64)) (Head, error) {
	v := verification{expected: expected, after: math.MinInt64}
	for {
		// The head first: what is appended after this look has higher numbers than it.
		head, err := chain.AuditHead(ctx)
		if err != nil {
			return v.at, err
		}
		entries, err := chain.AuditEntries(ctx, v.after, verifiedAtOnce)
		if err != nil {
			return v.at, err
		}
		if len(entries) == 0 {
			return v.at, v.end(head)
		}
		for i := range entries {
			if err := v.take(&entries[i]); err != nil {
				return v.at, err
			}
		}
		seen(v.at.Number)
	}
}

// verification is a walk along a chain.
type verification struct {
	expected *Head
	at       Head  // how far the chain is good
	after    int64 // the last number that was read; so those below 1 are found, too
}

func (v *verification) take(e *Entry) error {
	next := v.at.Number + 1
	switch {
	case e.Number < next:
		return broken(e.Number, "is one too many")
	case e.Number > next:
		return broken(next, "is missing")
	case e.After(v.at.Hash) != e.Hash:
		return broken(next, "is not as it was written, or not where it was")
	case v.expected != nil && v.expected.Number == e.Number && v.expected.Hash != e.Hash:
		return broken(next, "is not the one that was noted: it or an entry before it was written anew")
	}
	v.at = Head{Number: e.Number, Hash: e.Hash}
	v.after = e.Number
	return nil
}

// end compares where the entries end with the head that was read before the last
// look.
func (v *verification) end(head Head) error {
	switch {
	case head.Number > v.at.Number:
		return broken(v.at.Number+1, "is missing, with all after it")
	case head.Number < v.at.Number:
		return broken(head.Number+1, "is one too many: the chain's head does not know it")
	case head.Hash != v.at.Hash:
		return broken(head.Number, "is not the one that the chain's head names")
	case v.expected != nil && v.expected.Number > v.at.Number:
		return broken(v.at.Number+1, fmt.Sprintf("is missing: a head was noted at %d", v.expected.Number))
	}
	return nil
}

func broken(number int64, how string) error {
	return fmt.Errorf("%w: entry %d %s", ErrBroken, number, how)
}
