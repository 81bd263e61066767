package audit

import (
	"encoding/json"
	"fmt"
	"time"
)

// Entry is one thing that was done. Number, At and Hash are the store's to give.
type Entry struct {
	Number  int64     // from 1, without a gap
	At      time.Time // the database's clock, in whole microseconds; never before the entry before
	Action  Action
	Result  string
	Actor   Actor
	Subject Subject
	Details string // JSON: an object of ids, counts, known words and keyed hashes
	Hash    Hash
}

// Details are what else there is to say of an action, by name. Their values are
// ids, counts, known words, and Personal ones that become keyed hashes.
type Details map[string]any

// Text is the details as an entry has them: JSON, sorted by name.
func (d Details) Text(key Key) (string, error) {
	hashed := make(map[string]any, len(d))
	for name, value := range d {
		if p, ok := value.(Personal); ok {
			value = key.Hash(p)
		}
		hashed[name] = value
	}
	text, err := json.Marshal(hashed) // {} of none
	if err != nil {
		return "", fmt.Errorf("write the details of an entry: %w", err)
	}
	return string(text), nil
}

// Event is what a caller did, before it is an entry.
type Event struct {
	Action  Action
	Result  string
	Subject Subject
	Details Details
}

func (e Event) entry(by Caller, key Key) (Entry, error) {
	text, err := e.Details.Text(key)
	return Entry{Action: e.Action, Result: e.Result, Actor: by.actor(key), Subject: e.Subject, Details: text}, err
}

// ByACommand is the entry of what a command of the program did. Nothing of it may be
// personal.
func ByACommand(action Action, subject Subject, details Details) (Entry, error) {
	text, err := details.Text(Key{})
	return Entry{Action: action, Result: Done, Actor: Actor{Kind: ByCommand}, Subject: subject, Details: text}, err
}
