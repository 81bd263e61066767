// Package asterisk is coaching.Dialer over an Asterisk's manager: it says what the
// manager's events mean. A ChanSpy is a session, its channel the leg, whoever is at
// the device it spies on the target; channels, bridges and spies are its words, and
// stop here.
//
// It leaves the protocol to package ami, and to coaching what becomes of a report.
// It knows Asterisk by what was recorded of a real one: each oddity is handled
// where it is met, with the recording that shows it. What Asterisk does not tell is
// reported as unknown; whom a leg listens to, which no list tells, is marked on the
// leg's own channel where the manager's user may, and so outlives a connection.
//
// When the connection is lost, or a list cannot be had whole, the watch ends with
// an error and nothing is taken for gone; the next one begins with a snapshot.
// What an operator must add to manager.conf is said once a connection, a line each.
package asterisk
