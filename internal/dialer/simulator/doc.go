// Package simulator is a coaching.Dialer with an invented contact centre: the
// demo's dialer and the tests' one.
//
// A Simulator is a world of people, calls and legs that goes on by itself, whether
// or not anybody watches. It repeats by its seed, runs on the machine's clock or on
// one that a test advances, and takes scripted actions. It knows the truth, which
// tests compare with what was made of its reports (Simulator.Truth).
//
// It obeys, and misbehaves only when told to, in the ways real dialers do: it
// refuses, answers late or never, loses the connection, restarts, repeats itself.
// It never reports what a coaching.Sighting does not allow.
package simulator
