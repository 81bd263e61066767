// Package amitest is a manager for tests, on a real socket of the loopback: it
// plays recordings of a real Asterisk, or answers as a test tells it to.
//
// It knows the manager's manners (greeting, login, one action after the other)
// and nothing of calls; what a recording does not hold, the test must say. It
// never sleeps: a recording is played as fast as the client takes it, in the order
// in which Asterisk sent it.
//
// What goes wrong here fails the test it belongs to; its sockets and goroutines
// end with that test.
package amitest
