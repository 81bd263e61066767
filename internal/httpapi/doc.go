// Package httpapi answers for the public API: it serves the contract of
// openapi.yaml over HTTP, its documentation and its health, and turns what
// package coaching knows into what the contract shows.
//
// It decides nothing about sessions. A request is checked against the contract
// before a handler sees it, a handler asks coaching.Floor, and an error becomes
// an answer in one place (errors.go). Whoever wants to know what a status code
// means looks there.
//
// The live views are answered from memory, encoded at most once a change, and go
// on when the database is away; what needs the database then is 503. Nothing that
// a caller sends, and no mistake of ours, gets driver texts, Go types or stacks
// into an answer.
package httpapi
