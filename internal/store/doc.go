// Package store keeps what happened: coaching.Store over GORM, the same for
// SQLite (a file, no cgo) and for PostgreSQL. It also brings the database's schema
// up to date, and sees to it that one process serves an SQLite file (Claim).
//
// What may change and how is decided by the rules of coaching; the store puts rows
// on a board, under lock, and writes what the board changed in the same
// transaction as the change log. It keeps times as UTC microseconds and hands out
// what it wrote, not what it was given.
//
// When the database is away, hangs, or is full, every call returns
// coaching.ErrUnavailable within Options.Patience and works again by itself when
// the database does. No error text holds a password.
package store
