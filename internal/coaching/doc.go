// Package coaching answers for coaching sessions: who listens to whom, in which
// way, on which call, since when, and how it ended.
//
// It holds the rules (Board), the use cases (Floor) and the live view, and names
// what it needs from outside: a Store that keeps what happened and Dialers that
// carry the calls. It knows no HTTP, no SQL and no telephone system.
//
// What a dialer reports is the truth. A request to end a session only marks it;
// the session is over when its leg is gone. A dialer that cannot be reached ends
// nothing: its sessions become stale until it is heard again.
package coaching
