// Package ami speaks the Asterisk manager protocol: it connects and logs in,
// sends actions and matches their answers, gathers lists, and hands on events in
// the order they arrived. It knows nothing of coaching.
//
// It leaves to its caller what events mean, when to connect again, and the check
// of what it reads against what the caller knows: a forged event that brings a
// Privilege header of its own cannot be told from a true one here (see discard.go).
//
// It never hides a gap. A peer that falls silent, hangs up or sends more than the
// consumer takes ends the connection with an error that says so; the caller dials
// again and asks for everything anew. A list is whole or an error.
package ami
